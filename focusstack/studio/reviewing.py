"""A result, or the start page, shown in the browser until somebody stops it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.types import ASGIApp

from focusstack.errors import FocusstackError
from focusstack.output.lock import LOCK
from focusstack.studio.awaited import ONLY, Awaited
from focusstack.studio.jobs import Jobs
from focusstack.studio.serving import Serving, opened

if TYPE_CHECKING:
    from focusstack.studio.session import Session

# What opens pictures is loaded while the browser starts: both take a second.

LAST_ANSWER = 0.2
"""Seconds that are left to answer the page that has asked to end. Chosen, not measured."""

TO_ASK = 3.0
"""Seconds that a browser has to ask for a result that cannot be opened, so that its page says so.
Chosen, not measured."""


def review_folder(
    folder: Path,
    tell: Callable[[str], None],
    frames: Path | None = None,
    *,
    show: bool = True,
    until: threading.Event | None = None,
) -> None:
    """Serve the page for a result until the program is interrupted.

    Parameters
    ----------
    folder : path
        What a run has written.
    tell : callable
        Is told the address once the result is open.
    frames : path, optional
        Folder of its frames; looked for beside `folder` if not given.
    show : bool, optional
        Whether to open it in the browser; which starts while the result is being opened.
    until : Event, optional
        Ends it, too.

    Raises
    ------
    InputError, UsageError, OutputError
        As `open_result`, `Session` and `Serving`.
    """
    early = show and _may_be_opened(folder)
    with ExitStack() as kept:
        jobs = kept.enter_context(closing(Jobs()))
        coming: Future[ASGIApp] = Future()
        awaited = Awaited(coming)
        serving = kept.enter_context(closing(Serving(awaited)))
        kept.enter_context(opened(serving.address, show=early))
        try:
            with ThreadPoolExecutor(1) as pool:  # loading libraries cannot be interrupted
                session, app = pool.submit(_opened, folder, frames, jobs).result()
        except FocusstackError as error:
            coming.set_exception(error)
            if early:
                awaited.told.wait(TO_ASK)
            raise
        kept.enter_context(closing(session))
        coming.set_result(app)
        session.start()
        kept.enter_context(opened(serving.address, show=show and not early))
        kept.enter_context(suppress(KeyboardInterrupt))
        tell(serving.address)
        (until or threading.Event()).wait()


def _may_be_opened(folder: Path) -> bool:
    """Whether nothing speaks against opening a folder, as far as that is seen at once."""
    return (folder / "report.json").is_file() and not (folder / LOCK).exists()


def _opened(folder: Path, frames: Path | None, jobs: Jobs) -> tuple[Session, ASGIApp]:
    """Open a result, and return what answers its page, too."""
    from focusstack.retouch.result import open_result
    from focusstack.studio.session import Session
    from focusstack.studio.web import ReviewAnswers, application

    session = Session(open_result(folder, frames), jobs)
    return session, application(ReviewAnswers({ONLY: session}.__getitem__).routes())


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
    from focusstack.studio.web import ReviewAnswers, application

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
