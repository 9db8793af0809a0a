"""The commands that mend a result: review in the browser, retouch without one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from focusstack.cli.groups import Only, spread_groups
from focusstack.cli.messages import Messages
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
