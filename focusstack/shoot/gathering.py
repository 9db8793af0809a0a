"""Which files of a shoot are its shots, each once."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from focusstack.errors import InputError
from focusstack.frames.choice import RESULTS, some
from focusstack.frames.search import natural_key
from focusstack.images.suffixes import PICTURES, RAW, VIDEO, kind
from focusstack.output.paths import ALIGNED
from focusstack.shoot.shots import Shot

PREFERRED = (".jpg", ".heic", ".avif", ".tif", ".png", ".webp", ".bmp")
"""Which of several formats of a shot is taken, unless RAW is asked for."""


def place(path: Path) -> tuple[object, object]:
    """Key of the natural order of files, folder by folder."""
    return natural_key(str(path.parent)), natural_key(path.name)


def find_pictures(roots: Sequence[Path], leave: set[Path]) -> Iterator[Path]:
    """Yield pictures and films by suffix, each once: no hidden ones, and nothing behind links.

    Parameters
    ----------
    roots : sequence of path
        Folders, searched to the bottom, and files.
    leave : set of path
        Resolved folders that are passed over.

    Raises
    ------
    InputError
        If a root does not exist, or a folder cannot be read.
    """
    seen: set[Path] = set()
    for root in roots:
        if not root.exists():
            raise InputError(f"{root} does not exist.", "Check its name.")
        for path in _below(root, leave) if root.is_dir() else [root]:
            real = path.resolve()
            if path.suffix.lower() in PICTURES | VIDEO and real not in seen:
                seen.add(real)
                yield path


def _below(root: Path, leave: set[Path]) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        if isinstance(error, FileNotFoundError) and Path(error.filename) != root:
            return  # it was there a moment ago: programs that copy make folders for a while
        raise InputError(
            f"the folder {error.filename} cannot be read: {error.strerror}",
            "Check its permissions.",
        ) from error

    for folder, below, names in os.walk(root, onerror=refuse):
        here = Path(folder)
        below[:] = sorted(
            name
            for name in below
            if not name.startswith(".") and (here / name).resolve() not in leave
        )
        if "report.json" in names:  # what this program wrote
            below[:] = [name for name in below if name != ALIGNED]
            continue
        yield from (here / name for name in sorted(names) if not name.startswith("."))


def choose_shots(shots: Sequence[Shot], *, raw: bool) -> tuple[list[Shot], list[str]]:
    """Return each shot once, and what is to be said of the files left out."""
    ours = _results(shots)
    notes = []
    if ours:
        notes.append(f"left out, results of focusstack: {some([p.name for p in sorted(ours)], 5)}")
    groups: dict[tuple[Path, str], list[Shot]] = defaultdict(list)
    for shot in shots:
        if shot.path not in ours:
            groups[shot.path.parent, shot.path.stem.casefold()].append(shot)
    chosen, left = [], []
    for same in groups.values():
        first, *others = sorted(same, key=lambda shot: _rank(shot.path, raw=raw))
        chosen.append(replace(first, twin=others[0].path if others else None))
        left += others
    if left:
        kinds = Counter(kind(shot.path) for shot in left)
        words = " and ".join(f"{count} as {suffix}" for suffix, count in sorted(kinds.items()))
        notes.append(f"left out, the same shots in another format: {words}")
    return chosen, notes


def _results(shots: Sequence[Shot]) -> set[Path]:
    """What this program wrote beside other pictures; where it wrote all, composites and maps."""
    folders: dict[Path, list[Shot]] = defaultdict(list)
    for shot in shots:
        folders[shot.path.parent].append(shot)
    found: set[Path] = set()
    for inside in folders.values():
        ours = [shot.path for shot in inside if shot.ours]
        every = len(ours) == len(inside)
        found |= {path for path in ours if not every or path.stem.casefold() in RESULTS}
    return found


def _rank(path: Path, *, raw: bool) -> tuple[int, str]:
    """Order of preference among files of one shot."""
    if path.suffix.lower() in RAW:
        return (-1 if raw else len(PREFERRED) + 1), path.name
    suffix = kind(path)
    return (PREFERRED.index(suffix) if suffix in PREFERRED else len(PREFERRED)), path.name


def in_time(shots: Sequence[Shot]) -> list[Shot]:
    """Return shots ordered by the clock, those of one moment by name; by name if a time lacks."""
    named = sorted(shots, key=lambda shot: natural_key(shot.path.name))
    if any(shot.time is None for shot in named):
        return named
    return sorted(named, key=lambda shot: (shot.time or 0.0) - (shot.offset or 0.0))
