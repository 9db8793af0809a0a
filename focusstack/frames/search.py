"""Which files make up a stack, and in what order."""

from __future__ import annotations

import glob
import re
from collections import defaultdict
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from focusstack.errors import Change, InputError
from focusstack.frames.choice import choose, composites, refuse_composites
from focusstack.frames.selection import Selection
from focusstack.images.suffixes import PICTURES, PLAIN, READABLE, VIDEO
from focusstack.runtime.alike import ALIKE


def natural_key(name: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Sort key that puts ``IMG_2`` before ``IMG_10``, whatever the case of the letters.

    Names that differ in case or leading zeros only are ordered by their characters, so that the
    order never depends on the order of the input.
    """
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return tuple((0, int(p), "") if p[0] in "0123456789" else (1, 0, p) for p in parts), name


MOST_OFFERED = 3
"""Folders below that are offered. Chosen, not measured."""


class Found(NamedTuple):
    """What `survey` found.

    Attributes
    ----------
    files : list of path
        To use, in natural order.
    skipped : list of path
        Left out.
    notes : list of str
        Why pictures were left out.
    """

    files: list[Path]
    skipped: list[Path]
    notes: list[str]


def survey(
    inputs: Sequence[str | Path], selection: Selection | None = None, *, every: bool = False
) -> Found:
    """Collect picture files from folders, files and glob patterns.

    Parameters
    ----------
    inputs : sequence of path
        Folders (not searched below their first level), files, or patterns such as ``*.jpg``.
    selection : Selection, optional
        Which of the files are wanted: the others are passed over, whatever they are.
    every : bool, optional
        Whether every picture counts, as frames that are aligned already do: no copy or result is
        left out, and a composite among frames is asked about.

    Returns
    -------
    Found
        Files in natural order of their names. From folders and patterns, hidden files are passed
        over in silence; files of other formats, films beside pictures, what this program wrote
        earlier and reduced copies of frames are listed as skipped.

    Raises
    ------
    InputError
        If an input does not exist or matches nothing, a named file is of another format, a file is
        given twice, a folder holds several sets to choose from, or nothing is left.
    """
    files: list[Path] = []
    skipped: list[Path] = []
    groups: dict[Path, list[Path]] = defaultdict(list)
    candidates = [c for k in range(len(inputs)) for c in _candidates(inputs, k)]
    for path, named in _wanted(candidates, selection):
        if named:
            _check_named(path)
            files.append(path)
        elif path.suffix.lower() in READABLE:
            groups[path.parent].append(path)
        else:
            skipped.append(path)
    notes: list[str] = []
    for found in groups.values():
        unnamed = sorted({p for p in found if p not in set(files)}, key=_order)
        if len(unnamed) < len(found):
            _refuse_repeated([*files, *found])
        chosen = _from_folder(unnamed, every=every)
        files += chosen.files
        skipped += chosen.skipped
        notes += chosen.notes
    if not files and not (selection and selection.left_out):
        raise _nothing(inputs)
    _refuse_repeated(files)
    skipped = sorted(set(skipped), key=lambda path: natural_key(str(path)))
    return Found(sorted(files, key=_order), skipped, notes)


def find_files(inputs: Sequence[str | Path]) -> list[Path]:
    """Return the files of `survey` alone."""
    return survey(inputs).files


def _order(path: Path) -> tuple[object, object]:
    return natural_key(path.name), natural_key(str(path))


def _candidates(inputs: Sequence[str | Path], index: int) -> list[tuple[Path, bool]]:
    """Files behind one input, each with whether it has been named outright."""
    given = Path(inputs[index])
    if given.is_dir():
        inside = _listed(given)
    elif given.exists() or given.is_symlink():
        return [(given, True)]
    elif glob.has_magic(str(given)):
        inside = sorted(Path(name) for name in glob.glob(str(given), recursive=True))  # noqa: PTH207 - absolute patterns too
    else:
        raise InputError(f"{given} does not exist.", "Check its name.", _meant(inputs, index))
    return [(p, False) for p in inside if _may_be_frame(p)]


def _meant(inputs: Sequence[str | Path], index: int) -> list[Change]:
    """What to type if the name of an input was mistyped."""
    given = Path(inputs[index])
    if not given.parent.is_dir():
        return []
    beside = [p for p in _listed(given.parent) if not p.name.startswith(".")]
    names = [p.name for p in beside if p.is_dir() or p.suffix.lower() in READABLE]
    before, after = map(str, inputs[:index]), map(str, inputs[index + 1 :])
    return [
        Change(f"If {name} is meant", inputs=(*before, str(given.with_name(name)), *after))
        for name in get_close_matches(given.name, names, 1, ALIKE)
    ]


def _wanted(found: list[tuple[Path, bool]], selection: Selection | None) -> list[tuple[Path, bool]]:
    """Candidates that are wanted; one file alone holds the frames to select from."""
    readable = [path for path, _ in found if path.suffix.lower() in READABLE]
    if selection is None or len(set(readable)) < 2:
        return found
    return [
        (path, named)
        for path, named in found
        if path.suffix.lower() not in READABLE or selection.wants(path)
    ]


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise InputError(
            f"the folder {folder} cannot be read: {error.strerror}", "Check its permissions."
        ) from error


def _may_be_frame(path: Path) -> bool:
    """Whether `path` is a file, or a link to one that is gone; not hidden."""
    lost = path.is_symlink() and not path.exists()
    return (path.is_file() or lost) and not path.name.startswith(".")


def _check_named(path: Path) -> None:
    if path.suffix.lower() not in READABLE:
        raise InputError(
            f"{path} is of a format that is not read.",
            f"Use {', '.join(sorted(READABLE))} files.",
        )
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is not a file.", "Name files, or the folder that holds them.")


def _from_folder(paths: Sequence[Path], *, every: bool) -> Found:
    """Choose among what one folder holds: pictures, or a film if there are none."""
    films = [p for p in paths if p.suffix.lower() in VIDEO]
    pictures = [p for p in paths if p.suffix.lower() in PICTURES]
    if not pictures and len(films) == 1:
        return Found(films, [], [])
    if every and pictures:
        refuse_composites(pictures, composites(pictures))
        return Found(pictures, films, [])
    chosen = choose(pictures) if pictures else None
    if chosen is None:
        return Found([], films, [])
    return Found(chosen.frames, chosen.left_out + films, chosen.notes)


def _nothing(inputs: Sequence[str | Path]) -> InputError:
    remedy = f"Name a folder or files of these formats: {', '.join(sorted(PLAIN))}."
    ways = ways_below(inputs)
    if ways:
        name = Path(ways[0].inputs[0]).name
        remedy = f"There are pictures in its folder {name}; none is searched below."
    return InputError(
        f"No pictures found in {', '.join(str(i) for i in inputs) or 'no input'}.", remedy, ways
    )


def ways_below(inputs: Sequence[object]) -> list[Change]:
    """Return what to type to stack pictures in folders below those that were named."""
    below = [
        folder
        for given in inputs
        if isinstance(given, (str, Path)) and Path(given).is_dir()
        for folder in sorted(Path(given).iterdir())
        if folder.is_dir() and any(p.suffix.lower() in PICTURES for p in _listed(folder))
    ]
    return [
        Change(f"To stack the pictures in its folder {folder.name}", inputs=(str(folder),))
        for folder in below[:MOST_OFFERED]
    ]


def _refuse_repeated(files: Sequence[Path]) -> None:
    seen: set[Path] = set()
    for path in files:
        try:
            real = path.resolve()
        except (OSError, RuntimeError) as error:  # links in a circle
            raise InputError(f"{path} cannot be read: {error}.", "Remove the link.") from error
        if real in seen:
            raise InputError(f"{path} is given twice.", "Name each frame once.")
        seen.add(real)
