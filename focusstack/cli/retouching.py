"""The commands with a page in the browser, app and review; and retouch, without one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from focusstack.cli.groups import Only, spread_groups
from focusstack.cli.messages import MESSAGES, Messages
from focusstack.cli.options import RESULTS, Results, Work
from focusstack.cli.reporting import reporting, say

Folder = Annotated[
    Path,
    typer.Argument(metavar="DIR", help="Folder that a run has written.", show_default=False),
]
Frames = Annotated[
    Path | None,
    typer.Option(
        "--frames",
        metavar="FOLDER",
        help="Where the frames are, if not beside the results.",
        show_default=False,
        rich_help_panel=RESULTS,
    ),
]


NoBrowser = Annotated[
    bool,
    typer.Option(
        "--no-browser",
        help="Print the address only; open nothing.",
        rich_help_panel=MESSAGES,
    ),
]


@spread_groups
def app(
    messages: Messages,
    inbox: Annotated[
        Path | None,
        typer.Option(
            "--inbox",
            metavar="FOLDER",
            help="Where pictures go that are dropped on the page.",
            show_default="Pictures/focusstack",
            rich_help_panel=RESULTS,
        ),
    ] = None,
    no_browser: NoBrowser = False,
) -> None:
    """Stack, look and retouch in the browser, without a terminal; Ctrl-C ends it."""
    with reporting(messages, "focusstack.studio.shelf_web"):
        from focusstack.studio.reviewing import open_door_to_pictures

        def tell(address: str) -> None:
            say("focusstack is open at this address; Ctrl-C ends it:", quiet=messages.quiet)
            say(address)

        open_door_to_pictures(tell, inbox, show=not no_browser)


@spread_groups
def review(
    folder: Folder, messages: Messages, frames: Frames = None, no_browser: NoBrowser = False
) -> None:
    """Look at a result in the browser, and retouch it; Ctrl-C ends it."""
    with reporting(messages, "focusstack.studio.reviewing"):
        from focusstack.studio.reviewing import review_folder

        def tell(address: str) -> None:
            say(f"{folder} is open at this address; Ctrl-C ends it:", quiet=messages.quiet)
            say(address)

        review_folder(folder, tell, frames, show=not no_browser)
        record = folder / "retouch.json"
        if record.exists():
            say(f"what was painted is kept in {record}", quiet=messages.quiet)


@spread_groups
def retouch(
    folder: Folder,
    results: Annotated[Results, Only("quality")],
    work: Annotated[Work, Only("threads")],
    messages: Messages,
    frames: Frames = None,
    skip_lost: Annotated[
        bool,
        typer.Option(
            "--skip-lost",
            help="Leave out strokes whose source is gone.",
            rich_help_panel=RESULTS,
        ),
    ] = False,
) -> None:
    """Carry out the strokes painted in review: retouched.EXT beside the composite."""
    with reporting(messages) as progress:
        from focusstack.retouch.replay import retouch_folder
        from focusstack.retouch.result import open_result
        from focusstack.runtime.cores import usable_cores

        result = open_result(folder, frames)
        threads = work.threads or usable_cores()
        path = retouch_folder(result, progress, threads, results.quality, skip_lost=skip_lost)
        say(str(path), quiet=messages.quiet)
