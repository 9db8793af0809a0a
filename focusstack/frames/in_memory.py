"""Frames in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from focusstack.errors import InputError
from focusstack.frames.checks import check_count, check_names, common_kind
from focusstack.frames.identity import refuse_equal
from focusstack.frames.sources import WithoutFiles
from focusstack.images.metadata import Metadata
from focusstack.images.read import Picture, Probe, check_values
from focusstack.numeric.arrays import Image


class ArrayFrames(WithoutFiles):
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
        check_count(count)
        if len(self.names) != count:
            raise InputError(
                f"{count} frames have {len(self.names)} names.", "Give one name to each frame."
            )
        check_names(self.names, self.names)
        probes = [_described(n, a) for n, a in zip(self.names, self.arrays, strict=True)]
        self.size, self.dtype, self.channels = common_kind(self.names, probes)
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
