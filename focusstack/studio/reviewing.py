"""A result shown in the browser until somebody stops it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing, suppress

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from focusstack.retouch.result import Result
from focusstack.studio.jobs import Jobs
from focusstack.studio.serving import Serving, opened
from focusstack.studio.session import Session
from focusstack.studio.web import ReviewAnswers, application

ONLY = "0"
"""Name of the one result that is open."""


def review_folder(
    result: Result,
    tell: Callable[[str], None],
    *,
    show: bool = True,
    until: threading.Event | None = None,
) -> None:
    """Serve the page for a result until the program is interrupted.

    Parameters
    ----------
    result : Result
        What is looked at.
    tell : callable
        Is told the address.
    show : bool, optional
        Whether to open it in the browser.
    until : Event, optional
        Ends it, too.

    Raises
    ------
    InputError, OutputError
        As `Session` and `Serving`.
    """
    with closing(Jobs()) as jobs, closing(Session(result, jobs)) as session:
        answers = ReviewAnswers({ONLY: session}.__getitem__)
        serving = Serving(application([Route("/", _first), *answers.routes()]))
        session.start()
        with closing(serving), opened(serving.address, show=show), suppress(KeyboardInterrupt):
            tell(serving.address)
            (until or threading.Event()).wait()


def _first(_: Request) -> Response:
    """Lead to the one result; the address is relative, since only the page knows the secret."""
    return RedirectResponse(f"review/{ONLY}/")
