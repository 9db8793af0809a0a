"""What to type for each group of a stack that falls apart."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import Path

from focusstack.cli.options import beside
from focusstack.errors import MOST_GROUPS, FallenApartError


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
                f"Stack the groups one by one:\n{lines}\nor add the frames that are missing "
                "between them. `focusstack fuse` aligns nothing."
            )
        raise


def commands(
    command: str, inputs: Sequence[Path], folder: Path, groups: Sequence[Sequence[str]]
) -> list[str]:
    """Return what to type for each group of at least two frames.

    Examples
    --------
    >>> groups = [["A1.jpg", "A2.jpg"], ["B1.jpg"], ["B2.jpg", "C 3.jpg"]]
    >>> for line in commands("run", [Path("photos")], Path("out"), groups):
    ...     print(line)
    focusstack run photos --only 'A*.jpg' -o out-1
    focusstack run photos --only 'B2.jpg,C 3.jpg' -o out-2
    """
    every = [name for group in groups for name in group]
    given = shlex.join(str(path) for path in inputs)
    large = [group for group in groups if len(group) > 1]
    return [
        f"focusstack {command} {given} {_only(group, every)} -o {shlex.quote(f'{folder}-{number}')}"
        for number, group in enumerate(large, 1)
    ]


def _only(group: Sequence[str], every: Sequence[str]) -> str:
    """The option that names a group: a glob that means no other frame, or all of its names."""
    start = _shared(group)
    end = _shared([name[len(start) :][::-1] for name in group])[::-1]
    glob = f"{start}*{end}"
    plain = not set("[]?*,") & set(start + end)
    if start and plain and {name for name in every if fnmatchcase(name, glob)} == set(group):
        return f"--only {shlex.quote(glob)}"
    if not any("," in name for name in group):
        return f"--only {shlex.quote(','.join(group))}"
    return " ".join(f"--only {shlex.quote(name)}" for name in group)


def _shared(names: Sequence[str]) -> str:
    """What all names begin with."""
    letters = takewhile(lambda several: len(set(several)) == 1, zip(*names, strict=False))
    return "".join(one for one, *_ in letters)
