"""The command that renders a set to try the program on: sample."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from focusstack.cli.options import DebugOption, OverwriteOption, QuietOption, VerboseOption
from focusstack.cli.reporting import reporting, say


def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to.", show_default=False)],
    overwrite: OverwriteOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
    debug: DebugOption = False,
) -> None:
    """Render a small hand-held stack with known truth, to try the program on."""
    with reporting(quiet, verbose, debug):
        from focusstack.output.staging import StagedFolder
        from focusstack.scene.sample import write_sample

        with StagedFolder(folder, overwrite) as staging:
            for path in write_sample(staging.place):
                staging.staged(folder / path.name)
            staging.staged(folder / "truth.json")
        say(quiet, str(folder))
