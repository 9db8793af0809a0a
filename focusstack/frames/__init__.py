"""Where the frames of a stack come from: files in natural order, or arrays in memory.

A source tells its size and names at once and hands out one picture at a time, so that memory does
not depend on the number of frames.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from focusstack.errors import InputError
from focusstack.images.formats import Spare
from focusstack.images.identity import identity, refuse_copies, refuse_equal
from focusstack.images.metadata import Metadata
from focusstack.images.profile import colours_of, name_of
from focusstack.images.read import Picture, Probe, Reading, check_values, probe_all, read_picture
from focusstack.images.search import Found, find_files, natural_key, survey
from focusstack.images.suffixes import RAW
from focusstack.numeric.arrays import Image

__all__ = [
    "ArrayFrames",
    "FileFrames",
    "FilmFrames",
    "Found",
    "FrameSource",
    "find_files",
    "natural_key",
    "survey",
]


@runtime_checkable
class FrameSource(Protocol):
    """The frames of one stack, all of one size and kind.

    Attributes
    ----------
    names : sequence of str
        A unique file name for each frame.
    size : tuple of int
        Width and height, upright.
    dtype : dtype
        uint8, uint16 or float32.
    channels : int
        1 (grey) or 3 (RGB).
    """

    @property
    def names(self) -> Sequence[str]:
        """A unique file name for each frame."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, upright."""

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Of the pixels: uint8, uint16 or float32."""

    @property
    def channels(self) -> int:
        """1 (grey) or 3 (RGB)."""

    def __len__(self) -> int: ...

    def read(self, i: int) -> Picture:
        """Decode frame `i`; may be called from several threads at once."""


class FileFrames:
    """Frames in picture files.

    Parameters
    ----------
    paths : sequence of path
        Files in the order of the stack. One that holds several pages counts as so many frames,
        named after the file and the number of the page.
    notes : sequence of str, optional
        What the user should know about how they were chosen.
    reading : Reading, optional
        How files are read; defaults if not given.

    Raises
    ------
    InputError
        If there are fewer than two, one cannot be read, sizes, dtypes or channels differ, two hold
        the same bytes, or two names differ in folder or suffix only. Names the files.
    """

    def __init__(
        self,
        paths: Sequence[str | Path],
        notes: Sequence[str] = (),
        reading: Reading | None = None,
    ) -> None:
        self.notes = tuple(notes)
        files = [Path(path) for path in paths]
        self._reading = _of_one_development(reading or Reading(), files)
        found = _probed(files, self._reading)
        several = [(path, page) for path, pages in found for page in pages]
        self.paths = [path for path, _ in several]
        self.names = [name for path, pages in found for name in _names(path, len(pages))]
        _check_count(len(self.names))
        shown = [str(path.with_name(n)) for path, n in zip(self.paths, self.names, strict=True)]
        _check_names([Path(name).stem for name in self.names], shown)
        probes = [page for _, page in several]
        self._pages = [page.page for page in probes]
        self.metadata: list[Metadata] = [page.metadata for page in probes]
        self.size, self.dtype, self.channels = _common(self.names, probes)
        self._identities = {path: identity(path) for path in files}
        refuse_copies(files)

    def __len__(self) -> int:
        return len(self.paths)

    def reduced(self, reduction: int) -> FileFrames:
        """Return these frames as they are read for a small proxy: smaller where that is faster."""
        smaller = copy(self)
        smaller._reading = replace(self._reading, reduction=reduction)
        return smaller

    def one_by_one(self) -> FileFrames:
        """Return these frames for a reader who lets each go before the next is read.

        Each may take the memory of the one before.
        """
        same = copy(self)
        same._reading = replace(self._reading, spare=Spare())
        return same

    def read(self, i: int) -> Picture:
        """Decode frame `i`.

        Raises
        ------
        InputError
            If the file cannot be decoded, or has changed since this object was made.
        """
        path = self.paths[i]
        picture = read_picture(path, self._pages[i], self._reading)
        _refuse_changed(path, self._identities[path])
        return picture


def _refuse_changed(path: Path, before: tuple[int, int, int]) -> None:
    if identity(path) != before:
        raise InputError(
            f"{path} has changed while it was being worked on.",
            "Start again once nothing writes to it.",
        )


def _of_one_development(reading: Reading, paths: Sequence[Path]) -> Reading:
    """Give sensor data the white balance of the first frame throughout."""
    raw = [path for path in paths if path.suffix.lower() in RAW]
    if not raw or reading.white_balance is not None:
        return reading
    from focusstack.images.raw import white_balance_of

    return replace(reading, white_balance=white_balance_of(raw[0]))


def _probed(paths: Sequence[Path], reading: Reading) -> list[tuple[Path, list[Probe]]]:
    """Probe every file; the error names all that cannot be read."""
    found, failed = [], []
    for path in paths:
        try:
            found.append((path, probe_all(path, reading)))
        except InputError as error:
            failed.append(error)
    if len({error.remedy for error in failed}) == 1 and "pip install" in failed[0].remedy:
        raise failed[0]
    if len(failed) > 1:
        more = f"\nand {len(failed) - 8} more." if len(failed) > 8 else ""
        message = "\n".join(error.message for error in failed[:8]) + more
        raise InputError(message, "Repair these files or leave them out.")
    if failed:
        raise failed[0]
    return found


def _names(path: Path, pages: int) -> list[str]:
    """Names of the frames in a file: its own, or one for each page."""
    if pages == 1:
        return [path.name]
    width = max(4, len(str(pages)))
    return [f"{path.stem}_{page:0{width}d}{path.suffix}" for page in range(1, pages + 1)]


class FilmFrames:
    """Frames of a film of a focus sweep: the sharpest that do not repeat others.

    Parameters
    ----------
    path : path
        The film.

    Raises
    ------
    InputError
        If it cannot be read, or shows fewer than two different pictures.
    """

    channels = 3

    def __init__(self, path: Path) -> None:
        from focusstack.images.video import Film

        self._film = Film(path)
        self._identity = identity(path)
        self.paths = [path] * len(self._film.moments)
        self.names = [f"{path.stem}_{m.number:05d}.png" for m in self._film.moments]
        _check_count(len(self.names))
        self.size = self._film.size
        self.dtype: np.dtype[np.generic] = np.dtype(np.uint16 if self._film.deep else np.uint8)

    def __len__(self) -> int:
        return len(self.names)

    def read(self, i: int) -> Picture:
        """Decode frame `i`.

        Raises
        ------
        InputError
            If it cannot be decoded, or the film has changed since this object was made.
        """
        picture = self._film.read(i)
        _refuse_changed(self.paths[i], self._identity)
        return picture


class ArrayFrames:
    """Frames in memory.

    Parameters
    ----------
    arrays : sequence of (H, W) or (H, W, 3) ndarray
        Grey or RGB; uint8, uint16 or float32 with white at 1. Not copied, not modified.
    names : sequence of str, optional
        Unique; by default ``frame_0001`` and so on.

    Raises
    ------
    InputError
        If there are fewer than two, one is not a picture, sizes, dtypes or channels differ, two are
        equal or two names are. Names the frames.
    """

    def __init__(self, arrays: Sequence[Image], names: Sequence[str] | None = None) -> None:
        self.arrays = list(arrays)
        count = len(self.arrays)
        default = [f"frame_{i:04d}" for i in range(1, count + 1)]
        self.names = default if names is None else list(names)
        _check_count(count)
        if len(self.names) != count:
            raise InputError(
                f"{count} frames have {len(self.names)} names.", "Give one name to each frame."
            )
        _check_names(self.names, self.names)
        probes = [_described(n, a) for n, a in zip(self.names, self.arrays, strict=True)]
        self.size, self.dtype, self.channels = _common(self.names, probes)
        digests = [hashlib.sha256(np.ascontiguousarray(a).data).digest() for a in self.arrays]
        refuse_equal(digests, self.names)

    def __len__(self) -> int:
        return len(self.arrays)

    def read(self, i: int) -> Picture:
        """Return frame `i` without metadata; its pixels are read-only."""
        view = self.arrays[i].view()
        view.flags.writeable = False
        return Picture(view, None, Metadata())


def _described(name: str, array: Image) -> Probe:
    """Describe an array as a file would be, after checking that it is a picture."""
    if not isinstance(array, np.ndarray):
        raise InputError(f"{name} is a {type(array).__name__}.", "Give each frame as numpy array.")
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (3,)) or 0 in array.shape:
        raise InputError(
            f"{name} has the shape {array.shape}.", "Frames are (H, W) grey or (H, W, 3) RGB."
        )
    if array.dtype not in (np.uint8, np.uint16, np.float32):
        raise InputError(
            f"{name} has pixels of type {array.dtype}.", "Use uint8, uint16, or float32 0..1."
        )
    check_values(name, array)
    height, width = array.shape[:2]
    return Probe(width, height, 1 if array.ndim == 2 else 3, array.dtype, Metadata())


def _check_count(count: int) -> None:
    if count < 2:
        raise InputError(
            f"A stack needs at least two frames; there {'is one' if count else 'are none'}.",
            "Name a folder with all frames of the stack.",
        )


def _check_names(stems: Sequence[str], shown: Sequence[str]) -> None:
    """Refuse names that would be the same in one output folder."""
    seen: dict[str, str] = {}
    for stem, name in zip(stems, shown, strict=True):
        if stem.casefold() in seen:
            raise InputError(
                f"{seen[stem.casefold()]} and {name} would have the same name in the output.",
                "Leave one out or rename it.",
            )
        seen[stem.casefold()] = name


def _common(
    names: Sequence[str], probes: Sequence[Probe]
) -> tuple[tuple[int, int], np.dtype[np.generic], int]:
    """Size, dtype and channels of all frames, which must agree."""
    sizes = [f"{p.width} x {p.height} pixels" for p in probes]
    _check_equal(names, sizes, "size", "Use the frames as the camera wrote them, all one way up.")
    kinds = [f"{'grey' if p.channels == 1 else 'RGB'} {p.dtype}" for p in probes]
    _check_equal(names, kinds, "kind", "Export all frames with the same settings.")
    _check_colours(names, probes)
    first = probes[0]
    return (first.width, first.height), first.dtype, first.channels


def _check_colours(names: Sequence[str], probes: Sequence[Probe]) -> None:
    """Refuse profiles that differ in more than their bytes; none at all is sRGB."""
    icc = [p.metadata.icc for p in probes]
    if len(set(icc)) > 1:
        known = {i: colours_of(i, probes[0].channels) for i in set(icc)}
        shown: dict[tuple[float, ...], str] = {}
        for i in icc:
            shown.setdefault(known[i], name_of(i))
        labels = [f"{shown[known[i]]}" for i in icc]
        _check_equal(names, labels, "colour profile", "Convert all frames to one profile.")


def _check_equal(names: Sequence[str], values: Sequence[str], what: str, remedy: str) -> None:
    """Name the frames whose value is not that of the majority (of the first, if undecided)."""
    (usual, count), *others = Counter(values).most_common()
    if not others:
        return
    odd = [f"{name} ({value})" for name, value in zip(names, values, strict=True) if value != usual]
    more = f" and {len(odd) - 8} more" if len(odd) > 8 else ""
    raise InputError(
        f"The frames differ in {what}: {count} are {usual}, but not {', '.join(odd[:8])}{more}.",
        f"Leave the odd ones out. {remedy}",
    )
