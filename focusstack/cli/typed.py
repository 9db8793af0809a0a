"""What was typed, and how it reads with something changed: remedies that can be pasted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from pathlib import Path
from typing import Any

from focusstack.errors import Change
from focusstack.frames.as_typed import as_typed
from focusstack.runtime.command_line import CommandLine, pairs

_TYPED: ContextVar[CommandLine | None] = ContextVar("typed", default=None)

_KNOWN: ContextVar[frozenset[str]] = ContextVar("known", default=frozenset())
"""Options of the command that was typed."""


@contextmanager
def remember(command: Any, context: Any) -> Iterator[None]:
    """Remember how a command was typed, while its block lasts."""
    token = _TYPED.set(_typed(command, context))
    known = _KNOWN.set(frozenset(option for p in command.params for option in p.opts))
    try:
        yield
    finally:
        _TYPED.reset(token)
        _KNOWN.reset(known)


def typed() -> CommandLine | None:
    """Return what was typed; None if the program was not started from a command line."""
    return _TYPED.get()


def typed_line() -> str:
    """Return what was typed, in one line; nothing if the program was not started so."""
    before = typed()
    return before.line() if before else ""


def ways(changes: Sequence[Change]) -> list[str]:
    """Return the lines that tell what to type instead; none if nothing was typed.

    Changes by options that the command does not have are left out.
    """
    before, known = typed(), _KNOWN.get()
    if before is None:
        return []
    fitting = [c for c in changes if {word for word, _ in pairs(c.add)} <= known]
    return [line for change in fitting for line in (f"{change.why}:", f"  {before.line(change)}")]


def _typed(command: Any, context: Any) -> CommandLine:
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
    return CommandLine(str(command.name), tuple(inputs), tuple(options))


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
