"""The options that say which of the frames are used."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from focusstack.options import StackOptions

FRAMES = "Frames"
"""Panel of the help."""


@dataclass(frozen=True)
class Wanted:
    """Which of the frames are used."""

    exclude: Annotated[
        list[str],
        typer.Option(
            "--exclude",
            metavar="NAME",
            help="Frames to leave out: a name or a glob in quotes, several with commas or by "
            "giving it again.",
            show_default=False,
            rich_help_panel=FRAMES,
        ),
    ] = field(default_factory=list)
    only: Annotated[
        list[str],
        typer.Option(
            "--only",
            metavar="NAME",
            help="Use these frames and no others, said likewise.",
            show_default=False,
            rich_help_panel=FRAMES,
        ),
    ] = field(default_factory=list)

    def of(self, options: StackOptions) -> StackOptions:
        """Return the options of a stack for these frames."""
        return replace(options, only=tuple(self.only), exclude=tuple(self.exclude))
