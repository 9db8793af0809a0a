"""What the server answers: pages, and what they ask for; only this session's files are read."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from focusstack.errors import FocusstackError
from focusstack.retouch.recipes import slabs
from focusstack.retouch.stroke_schema import RecipePart
from focusstack.retouch.strokes import Recipe
from focusstack.studio.display import Space, as_bytes
from focusstack.studio.folder_view import view_folder
from focusstack.studio.page_files import PlainJSON, answer_review, answer_static, asked_for
from focusstack.studio.rerunning import Again
from focusstack.studio.session import Session
from focusstack.studio.telling import told_changes, told_state

MOST_BYTES = 4 << 20
"""Bytes of what a page may send at once: a stroke of as many points as there may be has a fifth.
Chosen, not measured."""

BINARY = "application/octet-stream"

Act = Callable[[Session, Any], Any]
"""Does something to a session with what a page has sent; returns plain data."""

Sessions = Callable[[str], Session]
"""Finds an open session by its name; KeyError if there is none."""


async def sent(request: Request) -> Any:
    """Return the plain data that a page has sent.

    Raises
    ------
    ValueError
        If it is no JSON, or too much.
    """
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > MOST_BYTES:
            raise ValueError("that is too much at once")
    try:
        return json.loads(found or b"{}")
    except RecursionError as error:
        raise ValueError("that is nested too deeply") from error


class ReviewAnswers:
    """What is answered for open results.

    Parameters
    ----------
    sessions : callable
        Finds them.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def routes(self) -> list[Route]:
        """Return where each answer is asked for."""
        here = "/review/{name}/"
        api = f"{here}api/"
        return [
            Route("/static/{file}", answer_static),
            Route(here, self.page),
            Route(f"{api}state", self.state),
            Route(f"{api}block/{{level:int}}/{{column:int}}/{{row:int}}", self.block),
            Route(f"{api}thumbnail/{{index:int}}", self.thumbnail),
            Route(f"{api}sharp", self.sharp),
            Route(f"{api}folder", self.folder),
            Route(f"{api}taken", self.taken),
            *(Route(f"{api}{n}", self._acting(act), methods=["POST"]) for n, act in ACTS.items()),
        ]

    def page(self, request: Request) -> Response:
        """Answer with the page."""
        self._named(request)
        return answer_review(request)

    def state(self, request: Request) -> Response:
        """Answer with all that the page must know."""
        return PlainJSON(told_state(self._named(request)))

    def block(self, request: Request) -> Response:
        """Answer with a block as red, green, blue and cover; its width and height are in X-Size."""
        session, asked = self._named(request), request.path_params
        place = asked["level"], asked["column"], asked["row"]
        image = session.block(asked_for(request, "of", "result"), *place)
        space: Space = "display-p3" if asked_for(request, "space") == "display-p3" else "srgb"
        shown = session.display.shown(image, space)
        size = f"{shown.shape[1]} {shown.shape[0]}"
        return Response(as_bytes(shown), media_type="image/x-rgba", headers={"X-Size": size})

    def thumbnail(self, request: Request) -> Response:
        """Answer with the small picture of a frame."""
        survey = self._named(request).survey
        found = None if survey is None else survey.thumbnail(request.path_params["index"])
        if found is None:
            raise HTTPException(404)
        return Response(found, media_type="image/jpeg")

    def folder(self, request: Request) -> Response:
        """Answer with what is in a folder, for whoever looks for the frames."""
        self._named(request)
        return PlainJSON(view_folder(asked_for(request, "path")))

    def sharp(self, request: Request) -> Response:
        """Answer with how sharp every frame is where."""
        return Response(self._named(request).sharp(), media_type=BINARY)

    def taken(self, request: Request) -> Response:
        """Answer with which frame the composite is taken from where."""
        return Response(self._named(request).taken(), media_type=BINARY)

    def _named(self, request: Request) -> Session:
        try:
            return self._sessions(request.path_params["name"])
        except KeyError as error:
            raise HTTPException(404) from error

    def _acting(self, act: Act) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            session, data = self._named(request), await sent(request)
            if act is not _stop:
                session.refuse_busy()
            return PlainJSON(await run_in_threadpool(act, session, data))

        return answer


def _stroke(session: Session, data: Any) -> Any:
    again = bool(data.get("again"))
    return told_changes(session, session.easel.paint(data.get("stroke"), again=again))


def _fine(session: Session, data: Any) -> Any:
    session.mark_fine(int(data["index"]), fine=bool(data["fine"]))
    return told_changes(session)


def _fuse(session: Session, data: Any) -> Any:
    return {"job": session.add_recipe(RecipePart.model_validate(data).recipe())}


def _slabs(session: Session, data: Any) -> Any:
    size, overlap = int(data["size"]), int(data["overlap"])
    order = session.result.plan.focus_order
    taken = {recipe.name for recipe in session.easel.retouch.recipes}
    jobs = []
    for number, names in enumerate(slabs(order, size, overlap), start=1):
        name = f"slab {number} of {size}"
        if name not in taken:
            jobs.append(session.add_recipe(Recipe(name, "auto", names)))
    return {"jobs": jobs}


def _run(session: Session, data: Any) -> Any:
    return {"job": session.run_again(Again.model_validate(data))}


def _frames(session: Session, data: Any) -> Any:
    session.find_frames(Path(str(data["folder"])))
    return told_changes(session)


def _stop(session: Session, data: Any) -> Any:
    session.jobs.stop(int(data["job"]))
    return {"jobs": session.jobs.told()}


ACTS: dict[str, Act] = {
    "stroke": _stroke,
    "undo": lambda session, _: told_changes(session, session.easel.undo()),
    "redo": lambda session, _: told_changes(session, session.easel.redo()),
    "fine": _fine,
    "save": lambda session, _: {"job": session.save()},
    "fuse": _fuse,
    "run": _run,
    "frames": _frames,
    "slabs": _slabs,
    "stop": _stop,
}
"""What a page may do to a session."""


def _invalid(error: ValidationError) -> str:
    """Return what a check of this program's says; those of the library speak of its types."""
    found = (one for one in error.errors(include_input=False) if one["type"] == "value_error")
    return next((str(one["ctx"]["error"]) for one in found), "that is no such thing")


def application(routes: list[Route]) -> Starlette:
    """Return what answers these routes; errors meant for people are told with their remedy."""

    def told(_: Request, error: Exception) -> Response:
        assert isinstance(error, FocusstackError)
        return PlainJSON({"error": error.message, "remedy": error.remedy}, 409)

    def wrong(_: Request, error: Exception) -> Response:
        words = str(error) if not isinstance(error, ValidationError) else _invalid(error)
        return PlainJSON({"error": words[:200], "remedy": ""}, 400)

    def failed(_: Request, error: Exception) -> Response:
        assert isinstance(error, OSError)
        words = f"{error.filename or 'a file'}: {error.strerror or error}"
        return PlainJSON({"error": words[:400], "remedy": "Look whether it is still there."}, 409)

    handlers: dict[Any, Callable[[Request, Exception], Response]] = {
        FocusstackError: told,
        OSError: failed,
        OverflowError: wrong,
        ValueError: wrong,
        KeyError: wrong,
        TypeError: wrong,
        AttributeError: wrong,
    }
    return Starlette(routes=routes, exception_handlers=handlers)
