"""What the server answers to the start page."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from focusstack.studio.exporting import Copy
from focusstack.studio.folder_view import view_folder
from focusstack.studio.page_files import PlainJSON, asked_for, page_file
from focusstack.studio.shelf import Shelf
from focusstack.studio.stacking import Wanted
from focusstack.studio.web import sent

MOST_STACKS = 500
"""Stacks that are asked for at once. Chosen, not measured: a card holds fewer."""


class ShelfAnswers:
    """What is answered to the start page.

    Parameters
    ----------
    shelf : Shelf
        What it shows and does.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def routes(self) -> list[Route]:
        """Return where each answer is asked for."""
        return [
            Route("/", self.page),
            Route("/shelf/state", self.state),
            Route("/shelf/folder", self.folder),
            Route("/shelf/cover", self.cover),
            Route("/shelf/upload/{key}/{file}", self.upload, methods=["PUT"]),
            Route("/shelf/{act}", self.act, methods=["POST"]),
        ]

    def page(self, _: Request) -> Response:
        """Answer with the page."""
        return page_file("app.html")

    def state(self, _: Request) -> Response:
        """Answer with all that the page must know."""
        return PlainJSON(self._shelf.told())

    def folder(self, request: Request) -> Response:
        """Answer with what is in a folder."""
        return PlainJSON(view_folder(asked_for(request, "path")))

    def cover(self, request: Request) -> Response:
        """Answer with the small picture of a result."""
        found = self._shelf.cover(asked_for(request, "folder"))
        return Response(found, media_type="image/jpeg")

    async def upload(self, request: Request) -> Response:
        """Take a dropped file."""
        asked = request.path_params
        inside = asked_for(request, "in")
        await self._shelf.inbox.take(asked["key"], asked["file"], request.stream(), inside)
        return PlainJSON({})

    async def act(self, request: Request) -> Response:
        """Do what the page asks for."""
        data = await sent(request)
        found = await run_in_threadpool(self._act, request.path_params["act"], data)
        return PlainJSON(found)

    def _act(self, name: str, data: Any) -> Any:
        shelf = self._shelf
        match name:
            case "begin":
                key = shelf.inbox.begin(str(data.get("name", "")))
                return {"key": key, "folder": str(shelf.inbox.folder(key))}
            case "look":
                return {"job": shelf.look(str(data["folder"]))}
            case "run":
                wanted = [Wanted.model_validate(one) for one in data["stacks"][:MOST_STACKS]]
                return {"jobs": shelf.run(wanted)}
            case "open":
                return {"name": shelf.open(str(data["folder"]))}
            case "export":
                copy = Copy.model_validate(data["copy"])
                return {"job": shelf.export(str(data["folder"]), copy)}
            case "show":
                shelf.show(str(data["folder"]), str(data["what"]))
                return {}
            case "quit":
                shelf.end()
                return {}
            case "stop":
                shelf.jobs.stop(int(data["job"]))
                return {}
        raise ValueError(f"there is nothing called {name[:40]}")
