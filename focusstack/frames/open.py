"""What a stack is read from: a folder, files, globs, a film, or arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np

from focusstack.errors import InputError, UsageError
from focusstack.frames.checks import check_count, checked_source
from focusstack.frames.choice import some
from focusstack.frames.files import FileFrames
from focusstack.frames.film import FilmFrames
from focusstack.frames.in_memory import ArrayFrames
from focusstack.frames.indexed import Indexed, IndexedFrames
from focusstack.frames.search import survey, ways_below
from focusstack.frames.selection import Selection
from focusstack.frames.sources import FrameSource
from focusstack.frames.subset import Subset
from focusstack.images.limits import MOST_MEGAPIXELS
from focusstack.images.read import Reading
from focusstack.images.suffixes import VIDEO
from focusstack.numeric.arrays import Image
from focusstack.runtime.progress import Progress

Inputs = FrameSource | Iterable[str | Path] | Iterable[Image] | Indexed | str | Path

_INPUTS = "Give a folder, files, globs, an array (Z, H, W[, C]), or a list of arrays."


def open_frames(
    inputs: Inputs,
    progress: Progress | None = None,
    max_megapixels: float = MOST_MEGAPIXELS,
    selection: Selection | None = None,
    *,
    keep_damaged: bool = False,
    every: bool = False,
) -> FrameSource:
    """Return the frames behind a folder, files, globs or arrays, in natural order.

    Parameters
    ----------
    inputs : FrameSource, path, iterable of paths, array or iterable of ndarray
        The frames; an array (Z, H, W[, C]) may be of any kind that is indexed, as those of numpy,
        dask and zarr are.
    progress : Progress, optional
        Is told what is left out; silent if not given.
    max_megapixels : float, optional
        Files that claim more are refused.
    selection : Selection, optional
        Which of the frames are wanted; all if not given.
    keep_damaged : bool, optional
        Whether frames whose files are damaged are taken as they decode.
    every : bool, optional
        Whether every picture of a folder is a frame, as those are that are aligned already:
        nothing is left out as a copy or an earlier result.

    Raises
    ------
    InputError
        If they cannot be a stack; names the file.
    UsageError
        If `inputs` is of another type, or `selection` means no frame or leaves fewer than two.

    Examples
    --------
    >>> frames = open_frames([np.full((64, 96), level, np.uint8) for level in (10, 20)])
    >>> list(frames.names), frames.size
    (['frame_0001', 'frame_0002'], (96, 64))
    """
    wanted = selection or Selection()
    try:
        reading = Reading(max_megapixels, keep_damaged=keep_damaged)
        return _selected(_opened(inputs, progress, reading, wanted, every=every), wanted)
    except InputError:
        if wanted.asked:
            wanted.check()  # whoever mistyped a name should hear of that
        raise


def _opened(
    inputs: Inputs,
    progress: Progress | None,
    reading: Reading,
    selection: Selection,
    *,
    every: bool,
) -> FrameSource:
    """All frames; of several files, those that are wanted."""
    if isinstance(inputs, (str, Path)):
        inputs = [inputs]
    elif isinstance(inputs, FrameSource):
        return checked_source(inputs)
    elif isinstance(inputs, Indexed) and not isinstance(inputs, (list, tuple)):
        stacked = IndexedFrames(inputs)
        if not isinstance(inputs, np.ndarray):
            return checked_source(stacked)
        return ArrayFrames([stacked.read(k).pixels for k in range(len(stacked))])
    given = _listed(inputs)
    if not given:
        check_count(0)
    if given and all(isinstance(one, np.ndarray) for one in given):
        return ArrayFrames(cast(Sequence[Image], given))
    if not all(isinstance(one, (str, Path)) for one in given):
        kinds = ", ".join(sorted({type(one).__name__ for one in given}))
        raise UsageError(f"a stack cannot be read from a list of {kinds}", _INPUTS)
    found = survey(cast(Sequence[str | Path], given), selection, every=every)
    if progress:
        if found.skipped:
            progress.note(f"not used: {some([p.name for p in found.skipped], 20)}")
        for note in found.notes:
            progress.warn(note)
    films = [path for path in found.files if path.suffix.lower() in VIDEO]
    if not films:
        with _ways_below(given if len(found.files) < 2 else ()):
            return FileFrames(found.files, found.notes, reading)
    if len(found.files) > 1:
        raise UsageError(
            f"{films[0]} is a film, which is a stack by itself", "Give the film alone."
        )
    return FilmFrames(films[0])


@contextmanager
def _ways_below(inputs: Sequence[object]) -> Iterator[None]:
    """Let the error of a folder with one picture, as results are, say what else is in it."""
    try:
        yield
    except InputError as error:
        error.changes = (*error.changes, *ways_below(inputs))
        raise


def _selected(frames: FrameSource, selection: Selection) -> FrameSource:
    """The frames that are wanted, with a note on what is left out."""
    if not selection.any:
        return frames
    files = dict(enumerate(frames.paths))
    kept = [k for k, name in enumerate(frames.names) if selection.wants(name, files.get(k))]
    selection.check()
    return Subset(frames, kept, selection.notes)


def _listed(inputs: object) -> list[object]:
    if not isinstance(inputs, Iterable) or isinstance(inputs, (np.ndarray, bytes, Mapping)):
        raise UsageError(f"a stack cannot be read from {type(inputs).__name__}", _INPUTS)
    return list(inputs)
