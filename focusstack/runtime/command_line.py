"""A command line in parts: as it was typed, or would be, and with something changed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from focusstack.errors import Change

PROGRAM = "focusstack"
"""What the program is called, however it was started."""


@dataclass(frozen=True)
class CommandLine:
    """A command line, in parts.

    Attributes
    ----------
    command : str
        Name of the command.
    inputs : tuple of str
        What stands without an option.
    options : tuple of (str, str or None)
        Options with their values; flags have none.

    Examples
    --------
    >>> typed = CommandLine("run", ("my photos",), (("--format", "tif"), ("--resume", None)))
    >>> print(typed.line(Change("To start again", add=("--overwrite",), drop=("--resume",))))
    focusstack run 'my photos' --format tif --overwrite
    """

    command: str
    inputs: tuple[str, ...]
    options: tuple[tuple[str, str | None], ...] = ()

    def line(self, *changes: Change) -> str:
        """Return what to type, with these changes one after the other."""
        typed = self
        for change in changes:
            typed = typed.changed(change)
        words = [PROGRAM, typed.command, *typed.inputs]
        for option, value in typed.options:
            words += [option] if value is None else [option, value]
        return shlex.join(words)

    def changed(self, change: Change) -> CommandLine:
        """Return this command line with a change; names to leave out are added to those given."""
        added = pairs(change.add)
        gone = {*change.drop, *(option for option, _ in added if option != "--exclude")}
        kept = [pair for pair in self.options if pair[0] not in gone]
        return replace(
            self,
            command=change.command or self.command,
            inputs=tuple(change.inputs) or self.inputs,
            options=(*kept, *(pair for pair in added if pair not in kept)),
        )


def pairs(words: Sequence[str]) -> list[tuple[str, str | None]]:
    """Return options with the values that follow them.

    Examples
    --------
    >>> pairs(["--overwrite", "--output", "out"])
    [('--overwrite', None), ('--output', 'out')]
    """
    found: list[tuple[str, str | None]] = []
    for word in words:
        if word.startswith("--"):
            found.append((word, None))
        else:
            found[-1] = found[-1][0], word
    return found
