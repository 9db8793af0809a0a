"""The options that say what is told on the way, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

MESSAGES = "Messages"
"""Panel of the help."""


@dataclass(frozen=True)
class Messages:
    """What is said on the way."""

    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet",
            "-q",
            help="Print warnings and the verdict only, on the error stream.",
            rich_help_panel=MESSAGES,
        ),
    ] = False
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            help="Say more: what is being done, and details.",
            rich_help_panel=MESSAGES,
        ),
    ] = False
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            help="Show where in the program an error came from.",
            rich_help_panel=MESSAGES,
        ),
    ] = False
    log: Annotated[
        Path | None,
        typer.Option(
            "--log",
            metavar="FILE",
            show_default=False,
            help="Also write all that is said to the end of this file, with the time.",
            rich_help_panel=MESSAGES,
        ),
    ] = None
