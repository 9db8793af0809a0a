"""What to type for each group of a stack that falls apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from focusstack.cli.advice import OF_BOTH
from focusstack.cli.options import beside
from focusstack.cli.typed import typed
from focusstack.errors import MOST_GROUPS, Change, FallenApartError
from focusstack.frames.as_typed import glob_for
from focusstack.runtime.command_line import CommandLine


@contextmanager
def naming_groups(
    command: str, inputs: Sequence[Path], folder: Path | None = None
) -> Iterator[None]:
    """Let the error of a stack that falls apart say what to type for each of its groups.

    Parameters
    ----------
    command : str
        ``run``, ``align``, or ``run`` where nothing was to be written.
    inputs : sequence of path
        As given.
    folder : path, optional
        Where results were to go; beside the input if not given.
    """
    try:
        yield
    except FallenApartError as error:
        told = commands(command, inputs, folder or beside(list(inputs)), error.groups)
        if told:
            lines = "\n".join(f"  {line}" for line in told[:MOST_GROUPS])
            error.remedy = (
                f"To stack the groups one by one:\n{lines}\nOr add the frames that are missing "
                "between them (fuse aligns nothing)."
            )
        raise


def commands(
    command: str, inputs: Sequence[Path], folder: Path, groups: Sequence[Sequence[str]]
) -> list[str]:
    """Return what to type for each group of at least two frames, with what was typed besides.

    Examples
    --------
    >>> groups = [["A1.jpg", "A2.jpg"], ["B1.jpg"], ["B2.jpg", "C 3.jpg"]]
    >>> for line in commands("run", [Path("photos")], Path("out"), groups):
    ...     print(line)
    focusstack run photos --only 'A*.jpg' --output out-1
    focusstack run photos --only 'B2.jpg,C 3.jpg' --output out-2
    """
    every = [name for group in groups for name in group]
    before = typed()
    if before is None or before.command != command:  # inspect has options that run has not
        kept = [pair for pair in before.options if pair[0] in OF_BOTH] if before else []
        given = before.inputs if before else tuple(map(str, inputs))
        before = CommandLine(command, given, tuple(kept))
    large = [group for group in groups if len(group) > 1]
    return [
        before.line(
            Change(
                "",
                add=(*_only(group, every), "--output", f"{folder}-{number}"),
                drop=("--only", "--exclude"),
            )
        )
        for number, group in enumerate(large, 1)
    ]


def _only(group: Sequence[str], every: Sequence[str]) -> tuple[str, ...]:
    """The option that names a group: a glob that means no other frame, or all of its names."""
    pattern = glob_for(group, every)
    if pattern and not pattern.startswith("*"):
        return "--only", pattern
    if not any("," in name for name in group):
        return "--only", ",".join(group)
    return tuple(word for name in group for word in ("--only", name))
