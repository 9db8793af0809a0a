"""What to type next, once a stack has been judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from focusstack.cli.options import beside
from focusstack.cli.typed import typed
from focusstack.errors import Change, OutputError, leaving_out
from focusstack.runtime.command_line import CommandLine

if TYPE_CHECKING:
    from focusstack.plan.model import StackPlan

OF_BOTH = (
    *("--only", "--exclude", "--reference", "--dust"),
    *("--threads", "--memory", "--max-megapixels", "--keep-damaged"),
)
"""Options of inspect that run has, too."""

_OVER = Change("", add=("--overwrite",), drop=("--resume",))


def without_doubtful(plan: StackPlan) -> str:
    """Return what to type to do a run again without its doubtful frames; nothing without such."""
    from focusstack.plan.advice import doubtful_frames

    line, names = typed(), doubtful_frames(plan)
    return line.line(leaving_out(names), _OVER) if line and names else ""


def to_run() -> CommandLine | None:
    """Return what to type to stack what has been inspected."""
    line = typed()
    if line is None:
        return None
    from focusstack.output.staging import free_name, refuse_filled

    options = tuple(p for p in line.options if p[0] in OF_BOTH)
    folder = beside([Path(given) for given in line.inputs])
    try:
        refuse_filled(folder)
    except OutputError:
        options = (*options, ("--output", str(free_name(folder))))
    return CommandLine("run", line.inputs, options)
