"""A result, or the start page, shown in the browser until somebody stops it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

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

LAST_ANSWER = 0.2
"""Seconds that are left to answer the page that has asked to end. Chosen, not measured."""


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


def open_door_to_pictures(
    tell: Callable[[str], None],
    inbox: Path | None = None,
    *,
    show: bool = True,
    until: threading.Event | None = None,
) -> None:
    """Serve the start page until the program is interrupted.

    Parameters
    ----------
    tell : callable
        Is told the address.
    inbox : path, optional
        Where dropped pictures go; `inbox_folder` if not given.
    show, until
        As for `review_folder`.

    Raises
    ------
    OutputError
        As `Serving`.
    """
    from focusstack.studio.inbox import Inbox, inbox_folder
    from focusstack.studio.recent import Recent
    from focusstack.studio.shelf import Shelf
    from focusstack.studio.shelf_web import ShelfAnswers

    until = until or threading.Event()
    with closing(Jobs()) as jobs:
        shelf = Shelf(jobs, Inbox(inbox or inbox_folder()), Recent(), until.set)
        answers = [*ShelfAnswers(shelf).routes(), *ReviewAnswers(shelf.session).routes()]
        with (
            closing(shelf),
            closing(Serving(application(answers))) as serving,
            opened(serving.address, show=show),
            suppress(KeyboardInterrupt),
        ):
            tell(serving.address)
            until.wait()
            threading.Event().wait(LAST_ANSWER)
