"""What all frames of one stack must have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from focusstack.errors import InputError, leaving_out
from focusstack.frames.sources import FrameSource
from focusstack.images.metadata import Metadata
from focusstack.images.profile import colours_of, name_of
from focusstack.images.read import Picture, Probe


def check_count(count: int) -> None:
    """Refuse fewer than two frames."""
    if count < 2:
        raise InputError(
            f"A stack needs at least two frames; there {'is one' if count else 'are none'}.",
            "Name a folder with all frames of the stack.",
        )


def check_names(stems: Sequence[str], shown: Sequence[str]) -> None:
    """Refuse names that would be the same in one output folder."""
    seen: dict[str, str] = {}
    for stem, name in zip(stems, shown, strict=True):
        if stem.casefold() in seen:
            raise InputError(
                f"{seen[stem.casefold()]} and {name} would have the same name in the output.",
                "Leave one out or rename it.",
                [leaving_out([name])],
            )
        seen[stem.casefold()] = name


def common_kind(
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
        [leaving_out([n for n, value in zip(names, values, strict=True) if value != usual])]
        if count > 1
        else (),
    )


class CheckedFrames:
    """Frames of a source from outside, none of which is believed before it is seen.

    Parameters
    ----------
    source : FrameSource
        Where they come from.

    Raises
    ------
    InputError
        If what it says of its frames cannot be; `read` raises it if a frame is another than that.
    """

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self.names = tuple(source.names)
        self.paths = tuple(source.paths)
        self.notes = tuple(source.notes)
        check_count(len(source))
        _check_told(source, self.names, len(self.paths))
        width, height = source.size
        self.size = int(width), int(height)
        self.dtype = np.dtype(source.dtype)
        self.channels = int(source.channels)

    def __len__(self) -> int:
        return len(self.names)

    def metadata_of(self, i: int) -> Metadata | None:
        """Return what the file of frame `i` says besides its pixels."""
        return self._source.metadata_of(i)

    def reduced(self, reduction: int) -> FrameSource:
        """Return these frames at a `reduction`-th of their size, if that is read faster."""
        return _Smaller(self, self._source.reduced(reduction), reduction)

    def one_by_one(self) -> FrameSource:
        """Return these frames for a reader who lets each go before the next is read."""
        return _Smaller(self, self._source.one_by_one(), 1)

    def read(self, i: int) -> Picture:
        """Decode frame `i`.

        Raises
        ------
        InputError
            If it is no picture of the size and kind that the source told.
        """
        return _seen(self, self._source.read(i), i, 1)


class _Smaller(CheckedFrames):
    """Frames that may be read smaller than they are, or one by one."""

    def __init__(self, whole: CheckedFrames, source: FrameSource, reduction: int) -> None:
        self.__dict__ |= whole.__dict__ | {"_source": source}
        self._reduction = reduction

    def read(self, i: int) -> Picture:
        return _seen(self, self._source.read(i), i, self._reduction)


def checked_source(source: FrameSource) -> FrameSource:
    """Return the frames of a source, each held against what the source tells when it is read.

    Raises
    ------
    InputError
        If what it tells cannot be.
    """
    return source if isinstance(source, CheckedFrames) else CheckedFrames(source)


def _check_told(source: FrameSource, names: Sequence[str], paths: int) -> None:
    """Refuse what a source cannot be."""
    give = "A source gives a name, and a size and kind common to all, as FrameSource tells."
    if len(names) != len(source) or paths not in (0, len(names)):
        raise InputError(f"{len(source)} frames have {len(names)} names and {paths} files.", give)
    for i, name in enumerate(names):
        if not isinstance(name, str) or not Path(name).stem or Path(name).name != name:
            raise InputError(f"frame {i} is called {name!r:.60}.", "Give each frame a file name.")
    check_names([Path(name).stem for name in names], names)
    sides: list[object] = list(source.size)
    if len(sides) != 2 or not all(isinstance(n, (int, np.integer)) and n > 0 for n in sides):
        raise InputError(f"the frames are said to have {source.size!r:.60} pixels.", give)
    if source.channels not in (1, 3):
        raise InputError(f"the frames are said to have {source.channels!r:.20} channels.", give)
    if source.dtype not in (np.uint8, np.uint16, np.float32):
        raise InputError(f"the frames are said to be of type {source.dtype!r:.40}.", give)


def _seen(told: CheckedFrames, picture: object, i: int, reduction: int) -> Picture:
    """The picture, if it is what the source told, or a smaller one where that may be."""
    name, give = told.names[i], "Give each frame as the source tells of all."
    pixels = getattr(picture, "pixels", None)
    if not isinstance(picture, Picture) or not isinstance(pixels, np.ndarray):
        kind = type(picture).__name__ if not isinstance(picture, Picture) else type(pixels).__name__
        raise InputError(f"{name} was read as {kind}, not as a picture.", give)
    shape = (*told.size[::-1], *(() if told.channels == 1 else (told.channels,)))
    smaller = reduction > 1 and pixels.ndim == len(shape) and pixels.shape[2:] == shape[2:]
    if (pixels.shape != shape and not smaller) or pixels.dtype != told.dtype or not pixels.size:
        raise InputError(
            f"{name} is an array {pixels.shape} of {pixels.dtype}, not {shape} of {told.dtype}.",
            give,
        )
    return picture
