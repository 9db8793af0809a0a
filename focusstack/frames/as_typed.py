"""Files as somebody would type them: the folder, or a pattern, instead of two hundred names."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import Path

from focusstack.images.suffixes import READABLE

MOST_NAMED = 4
"""Files that are named one by one; more are a pattern, if one means just them. Chosen, not
measured: what fits a line."""


def as_typed(paths: Sequence[str | Path]) -> list[str]:
    """Return the shortest that means these paths and no other picture.

    Parameters
    ----------
    paths : sequence of path
        Folders, files or patterns, as given.

    Returns
    -------
    list of str
        Not quoted: one folder, one pattern, or the paths as they are.
    """
    given = [str(path) for path in paths]
    files = [Path(path) for path in given]
    if len(files) < 2 or len({path.parent for path in files}) > 1:
        return given
    folder = files[0].parent
    try:
        inside = {p.name for p in folder.iterdir() if p.suffix.lower() in READABLE}
    except OSError:
        return given
    names = {path.name for path in files}
    if inside == names:
        return [str(folder)]
    if len(files) <= MOST_NAMED:
        return given
    pattern = glob_for(sorted(names), sorted(inside))
    return [str(folder / pattern)] if pattern else given


def glob_for(names: Sequence[str], every: Sequence[str]) -> str | None:
    """Return a pattern that means all of `names` and none of the others in `every`.

    Examples
    --------
    >>> glob_for(["A1.jpg", "A2.jpg"], ["A1.jpg", "A2.jpg", "B1.jpg"])
    'A*.jpg'
    """
    start = _shared(names)
    end = _shared([name[len(start) :][::-1] for name in names])[::-1]
    pattern = f"{start}*{end}"
    if not (start or end) or set("[]?*,") & set(start + end):
        return None
    return pattern if {n for n in every if fnmatchcase(n, pattern)} == set(names) else None


def _shared(names: Sequence[str]) -> str:
    """What all names begin with."""
    letters = takewhile(lambda several: len(set(several)) == 1, zip(*names, strict=False))
    return "".join(one for one, *_ in letters)
