"""Commands as Typer runs them, with help and errors of this program's own.

What Typer prints changes with its version, and shows types of Python. Here help comes from
`focusstack.cli.help_page`, and what is typed wrong is told by `focusstack.cli.mistyped`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from focusstack.cli.door import printable, whisper
from focusstack.cli.help_page import command_page, group_page
from focusstack.cli.mistyped import CLICK_ERROR, no_command, told
from focusstack.cli.typed import remember
from focusstack.errors import FocusstackError
from focusstack.runtime.command_line import PROGRAM


class Command(TyperCommand):
    """A command that remembers how it was typed, and shows help of its own."""

    def get_help(self, ctx: Any) -> str:  # noqa: ARG002 - the parser's signature
        """Return the help as text."""
        return command_page(f"{PROGRAM} {self.name}", self).rstrip("\n")

    def invoke(self, ctx: Any) -> Any:
        """Run it; remedies are told as changes of what was typed."""
        with remember(self, ctx):
            return super().invoke(ctx)


class Commands(TyperGroup):
    """All commands: errors of use are told in plain words."""

    def get_help(self, ctx: Any) -> str:  # noqa: ARG002 - the parser's signature
        """Return the help as text."""
        return group_page(PROGRAM, self).rstrip("\n")

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is meant; a folder of pictures is none."""
        if args and self.get_command(ctx, args[0]) is None:
            raise no_command(args, list(self.commands))
        return super().resolve_command(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,  # noqa: ARG002 - it always goes by one name
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,  # noqa: ARG002 - globs are expanded where files are found
        **extra: Any,
    ) -> Any:
        """Run the program; end it with its exit code."""
        words = list(sys.argv[1:] if args is None else args) or ["--help"]
        try:
            code = super().main(words, PROGRAM, complete_var, False, **extra)
        except (CLICK_ERROR, FocusstackError) as error:
            if not standalone_mode:
                raise
            wrong = error if isinstance(error, FocusstackError) else told(error, self, words)
            whisper(printable(f"error: {wrong}"))
            sys.exit(wrong.exit_code)
        except typer.Abort:
            whisper("interrupted")
            sys.exit(130)
        if standalone_mode:
            sys.exit(code if isinstance(code, int) else 0)
        return code
