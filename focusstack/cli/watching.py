"""The command that stacks while somebody shoots: watch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from focusstack.cli.asked import output_options
from focusstack.cli.batching import StackAlignment, StackResults, batch_options
from focusstack.cli.fusing import Fusion
from focusstack.cli.groups import Only, spread_groups
from focusstack.cli.messages import Messages
from focusstack.cli.options import Work, beside
from focusstack.cli.reporting import reporting, say
from focusstack.cli.splitting import SHOOT, Splitting
from focusstack.cli.values import number

if TYPE_CHECKING:
    from focusstack.shoot.state import StackState


@spread_groups
def watch(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where pictures arrive.", show_default=False)
    ],
    splitting: Annotated[Splitting, Only("split", "raw", "name", "names")],
    results: StackResults,
    alignment: StackAlignment,
    fusion: Fusion,
    work: Work,
    *,
    pause: Annotated[
        float | None,
        typer.Option(
            "--pause",
            metavar="SECONDS",
            parser=number("--pause", 0.5, 3600),
            show_default="by the burst's rhythm, 4 at least",
            help="How long after the last frame a burst is over.",
            rich_help_panel=SHOOT,
        ),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="End after the first stack.", rich_help_panel=SHOOT)
    ] = False,
    messages: Messages,
) -> None:
    """Stack while shooting: each burst as soon as it is over. Ctrl-C ends it."""
    with reporting(messages):
        from focusstack.shoot.watching import Watch, watch_folder

        options = replace(batch_options(splitting, alignment, fusion, work), jobs=1)
        target = output_options(results.output or beside([folder]), results, fusion)
        watched = Watch(folder, target, options, pause)
        say(f"watching {folder}; results go to {target.folder}", quiet=messages.quiet)

        def tell(state: StackState) -> None:
            words, _, remedy = state.row.words.partition("\n")
            again = " Shoot it again." if state.row.grade == "fail" else ""
            failed = f"failed: {words} {remedy}" if state.status == "failed" else words
            say(f"{state.name}  {failed}{again}")

        watch_folder(watched, tell, once=once)
