"""A result that is opened while the browser starts: the page is there before its picture."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from focusstack.errors import FocusstackError
from focusstack.studio.page_files import PlainJSON, answer_review, answer_static

ONLY = "0"
"""Name of the one result that is open."""

PAGE = f"/review/{ONLY}/"
"""Where its page is."""


class Awaited:
    """Answers with the page at once, and to what it asks for as soon as that can be answered.

    Parameters
    ----------
    coming : Future of ASGI application
        What answers everything but pages; what it fails with is told to the page.

    Attributes
    ----------
    told : Event
        Set once a page has been told of a failure.
    """

    def __init__(self, coming: Future[ASGIApp]) -> None:
        self._coming = coming
        routes = [
            Route("/", _first),
            Route("/static/{file}", answer_static),
            Route(PAGE, answer_review),
        ]
        self._pages = Starlette(routes=routes)
        self.told = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        path = scope["path"]
        if path in ("/", PAGE) or path.startswith("/static/"):
            await self._pages(scope, receive, send)
            return
        try:
            answers = await asyncio.wrap_future(self._coming)
        except FocusstackError as error:
            told = PlainJSON({"error": error.message, "remedy": error.remedy}, 409)
            await told(scope, receive, send)
            self.told.set()
            return
        await answers(scope, receive, send)


def _first(_: Request) -> Response:
    """Lead to the one result; the address is relative, since only the page knows the secret."""
    return RedirectResponse(PAGE.removeprefix("/"))
