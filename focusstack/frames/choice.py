"""Which of the pictures in a folder are the frames, where it holds more than one set.

What is certain is taken, and what is left out is told; what is not is asked for by name.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from focusstack.errors import Change, InputError, leaving_out
from focusstack.frames.as_typed import glob_for
from focusstack.images.read import Probe, probe_all
from focusstack.images.suffixes import RAW, kind

REDUCED = 0.5
"""Share of a frame's longer side up to which a picture may be a copy of it.

Chosen, not measured: programs halve at least; a crop or another camera's frames are larger.
"""

TINY = 640
"""Longer side, in pixels, up to which a picture may be a thumbnail beside much larger ones.

Chosen, not measured: previews of cameras and programs are hardly larger.
"""

RESULTS = frozenset(["fused"])
"""Names, without suffix, of composites as this program calls them."""

MAPS = ("depth", "depth-confidence", "source-map")
"""How the names of maps end that it writes beside them."""


class Choice(NamedTuple):
    """The frames, the pictures left out, and why."""

    frames: list[Path]
    left_out: list[Path]
    notes: list[str]


def choose(paths: Sequence[Path]) -> Choice:
    """Find the frames among the pictures of one folder or pattern.

    Left out, with a note: composites and maps of this program, by name and by content;
    thumbnails and reduced copies of the frames.

    Parameters
    ----------
    paths : sequence of path
        Pictures by suffix, in natural order. Those that cannot be read are kept.

    Raises
    ------
    InputError
        If there are several sets to choose from: RAW and JPEG of the same frames, several sizes,
        several files that are a stack each, a composite by another name. Names them.
    """
    known = {path: _probed(path) for path in paths}
    frames, outputs = _without_results(paths, known)
    _refuse_pairs(frames)
    _refuse_stacks(frames, known)
    frames, reduced = _without_copies(frames, known)
    notes = []
    for what, left in (("results of focusstack", outputs), ("reduced copies", reduced)):
        if left:
            notes.append(f"left out, {what}: {some([p.name for p in left], 5)}")
    return Choice(frames, outputs + reduced, notes)


def some(names: Sequence[str], most: int) -> str:
    """Join names, at most so many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _probed(path: Path) -> list[Probe] | None:
    """Probe a picture; None if it is RAW, whose size is not in question, or cannot be read."""
    if path.suffix.lower() in RAW:
        return None
    try:
        return probe_all(path)
    except InputError:
        return None  # reading it as a frame will say what is wrong


def _without_results(
    paths: Sequence[Path], known: dict[Path, list[Probe] | None]
) -> tuple[list[Path], list[Path]]:
    """Part frames from what this program has made of them: by name and by content, never most.

    Raises
    ------
    InputError
        If a composite has another name: it may be meant.
    """
    made = [path for path in paths if _is_composite(known[path])]
    if len(made) == len(paths):
        return list(paths), []  # composites may be stacked, too
    ours = [p for p in made if p.stem.casefold() in RESULTS]
    ours += [p for p in paths if _is_map(p, known[p])]
    if 2 * len(ours) >= len(paths) or len(set(made) - set(ours)):
        refuse_composites(paths, [*dict.fromkeys([*made, *ours])])
    return [path for path in paths if path not in set(ours)], ours


def refuse_composites(paths: Sequence[Path], made: Sequence[Path]) -> None:
    """Ask whether composites and maps beside frames are meant.

    Raises
    ------
    InputError
        If there are any beside others.
    """
    if not made or len(made) == len(paths):
        return
    raise InputError(
        f"{paths[0].parent} holds results of focusstack beside frames: "
        f"{some([p.name for p in made], 5)}.",
        "Say whether they are meant.",
        [
            leaving_out([path.name for path in made], "To stack the frames alone"),
            Change("To stack all of them", inputs=tuple(str(path) for path in paths)),
        ],
    )


def composites(paths: Sequence[Path]) -> list[Path]:
    """Return those of some pictures that this program has made of several."""
    return [path for path in paths if _is_composite(_probed(path))]


def _is_composite(found: list[Probe] | None) -> bool:
    return any(probe.metadata.is_composite for probe in found or [])


def _is_map(path: Path, found: list[Probe] | None) -> bool:
    """Whether a picture is a map of depth or source that this program wrote."""
    ours = any(
        probe.channels == 1 and probe.metadata.software.startswith("focusstack ")
        for probe in found or []
    )
    return ours and any(path.stem.casefold().endswith(name) for name in MAPS)


def _refuse_pairs(paths: Sequence[Path]) -> None:
    """Refuse the same frames in several formats."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        kinds[path.stem.casefold()].add(kind(path))
    double = {k for of_one in kinds.values() if len(of_one) > 1 for k in of_one}
    if not double:
        return
    sets = {k: [p for p in paths if kind(p) == k] for k in sorted(double)}
    held = " and ".join(f"{len(files)} as {files[0].suffix}" for files in sets.values())
    raise _ask(paths[0].parent, f"holds the same frames more than once, {held}", [*sets.values()])


def _refuse_stacks(paths: Sequence[Path], known: dict[Path, list[Probe] | None]) -> None:
    """Refuse a file of several pages beside other files."""
    stacks = [p for p in paths if len(known[p] or ()) > 1]
    if not stacks or len(paths) == 1:
        return
    pages = some([f"{p.name} ({len(known[p] or ())} pages)" for p in stacks], 3)
    others = len(paths) - len(stacks)
    beside = f" beside {others} single pictures" if others else ""
    raise InputError(
        f"{paths[0].parent} holds several stacks: {pages}{beside}.",
        "Name the one that is meant.",
        [Change(f"To stack the pages of {p.name}", inputs=(str(p),)) for p in stacks[:3]],
    )


def _without_copies(
    paths: Sequence[Path], known: dict[Path, list[Probe] | None]
) -> tuple[list[Path], list[Path]]:
    """Part frames from smaller copies of them; refuse two sets of different sizes."""
    sizes = {p: (found[0].width, found[0].height) for p in paths if (found := known[p])}
    counts = Counter(sizes.values())
    if len(counts) < 2:
        return list(paths), []
    main = max(counts, key=lambda size: (counts[size], size[0] * size[1]))
    stems = [p.stem.casefold() for p, size in sizes.items() if size == main]
    copies = [p for p, size in sizes.items() if _is_copy(p, size, main, stems)]
    left = [p for p in paths if p not in set(copies)]
    rest = Counter(sizes[p] for p in left if p in sizes)
    rivals = [s for s, n in rest.items() if s != main and n > 1 and 2 * n >= rest[main]]
    if rivals:
        sets = [[p for p in left if sizes.get(p) == size] for size in (main, *rivals)]
        held = " and ".join(
            f"{len(files)} of {sizes[files[0]][0]} x {sizes[files[0]][1]} pixels ({files[0].name}"
            f" … {files[-1].name})"
            for files in sets
        )
        raise _ask(left[0].parent, f"holds pictures of several sizes: {held}", sets)
    return left, copies


def _is_copy(
    path: Path, size: tuple[int, int], main: tuple[int, int], stems: Sequence[str]
) -> bool:
    """Whether a picture is small and, by its name, one of the frames."""
    if max(size) > REDUCED * max(main):
        return False
    stem = path.stem.casefold()
    if any(frame in stem for frame in stems):
        return True
    numbered = any(_last_number(stem) == _last_number(frame) for frame in stems)
    return max(size) <= TINY and (numbered or "thumb" in stem or "preview" in stem)


def _last_number(stem: str) -> int | None:
    found = re.findall(r"[0-9]+", stem)
    return int(found[-1]) if found else None


def _ask(folder: Path, what: str, sets: Sequence[Sequence[Path]]) -> InputError:
    """Return the error that asks for one of `sets` by name."""
    ways = [
        Change(f"To stack the {len(files)} {files[0].suffix} files", inputs=_set(files, sets))
        for files in sets
    ]
    return InputError(f"{folder} {what}.", "Name one set.", ways)


def _set(files: Sequence[Path], sets: Sequence[Sequence[Path]]) -> tuple[str, ...]:
    """What means one of several sets in a folder: a pattern, or its files."""
    every = sorted(path.name for several in sets for path in several)
    found = glob_for([path.name for path in files], every)
    return (str(files[0].parent / found),) if found else tuple(map(str, files))
