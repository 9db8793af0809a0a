"""What was typed, and how it reads with something changed: remedies that can be pasted."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from focusstack.errors import Change
from focusstack.frames.as_typed import as_typed


@dataclass(frozen=True)
class Typed:
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
    >>> typed = Typed("run", ("my photos",), (("--format", "tif"), ("--resume", None)))
    >>> print(typed.line(Change("start again", add=("--overwrite",), drop=("--resume",))))
    focusstack run 'my photos' --format tif --overwrite
    """

    command: str
    inputs: tuple[str, ...]
    options: tuple[tuple[str, str | None], ...] = ()

    def line(self, change: Change | None = None) -> str:
        """Return what to type, with a change if one is given."""
        typed = self._changed(change) if change else self
        words = ["focusstack", typed.command, *typed.inputs]
        for option, value in typed.options:
            words += [option] if value is None else [option, value]
        return shlex.join(words)

    def _changed(self, change: Change) -> Typed:
        added = _pairs(change.add)
        # What may be given once is replaced; names of frames are added to those given.
        gone = {*change.drop, *(o for o, _ in added if o != "--exclude")}
        kept = [pair for pair in self.options if pair[0] not in gone]
        again = [pair for pair in added if pair not in kept]
        inputs = tuple(change.inputs) if change.inputs else self.inputs
        command = change.command or self.command
        return replace(self, command=command, inputs=inputs, options=(*kept, *again))


def _pairs(words: Sequence[str]) -> list[tuple[str, str | None]]:
    """Options and the values that follow them."""
    found: list[tuple[str, str | None]] = []
    for word in words:
        if word.startswith("--"):
            found.append((word, None))
        else:
            found[-1] = found[-1][0], word
    return found


_TYPED: ContextVar[Typed | None] = ContextVar("typed", default=None)


@contextmanager
def remember(command: Any, context: Any) -> Iterator[None]:
    """Remember how a command was typed, while its block lasts."""
    token = _TYPED.set(_typed(command, context))
    try:
        yield
    finally:
        _TYPED.reset(token)


def typed() -> Typed | None:
    """Return what was typed; None if the program was not started from a command line."""
    return _TYPED.get()


def ways(changes: Sequence[Change]) -> list[str]:
    """Return the lines that tell what to type instead; none if nothing was typed."""
    before = typed()
    if before is None:
        return []
    return [line for change in changes for line in (f"{change.why}:", f"  {before.line(change)}")]


def _typed(command: Any, context: Any) -> Typed:
    inputs: list[str] = []
    options: list[tuple[str, str | None]] = []
    for parameter in command.params:
        source = context.get_parameter_source(parameter.name)
        if getattr(source, "name", "") != "COMMANDLINE" or parameter.name not in context.params:
            continue
        value = context.params[parameter.name]
        if parameter.param_type_name == "argument":
            inputs += as_typed(value) if isinstance(value, (list, tuple)) else [str(value)]
        elif parameter.is_flag:
            options.append((_name(parameter), None))
        else:
            several = value if isinstance(value, (list, tuple)) else [value]
            options += [(_name(parameter), _text(one)) for one in several]
    return Typed(str(command.name), tuple(inputs), tuple(options))


def _name(parameter: Any) -> str:
    return str(max(parameter.opts, key=len))


def _text(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    return (
        f"{value:g}"
        if isinstance(value, float)
        else str(Path(value) if isinstance(value, Path) else value)
    )
