"""The command that renders a set to try the program on: sample."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from focusstack.cli.groups import Only, spread_groups
from focusstack.cli.messages import Messages
from focusstack.cli.options import Results
from focusstack.cli.reporting import reporting, say
from focusstack.errors import Change, OutputExistsError


@spread_groups
def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to.", show_default=False)],
    results: Annotated[Results, Only("overwrite")],
    messages: Messages,
) -> None:
    """Render a small hand-held stack with known truth, to try the program on."""
    with reporting(messages):
        from focusstack.output.staging import StagedFolder
        from focusstack.scene.sample import write_sample

        with _elsewhere(folder), StagedFolder(folder, results.overwrite) as staging:
            for path in write_sample(staging.place):
                staging.staged(folder / path.name)
            staging.staged(folder / "truth.json")
        say(str(folder), quiet=messages.quiet)


@contextmanager
def _elsewhere(folder: Path) -> Iterator[None]:
    """Let the error of a folder that exists say where else to."""
    try:
        yield
    except OutputExistsError as error:
        from focusstack.output.staging import free_name

        other = (str(free_name(folder)),)
        error.changes = (*error.changes, Change("To write elsewhere", inputs=other))
        raise
