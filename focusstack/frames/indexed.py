"""Frames in anything that is indexed like an array: numpy, dask, zarr, h5py, memory maps."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np

from focusstack.errors import UsageError
from focusstack.frames.sources import WithoutFiles
from focusstack.images.metadata import Metadata
from focusstack.images.read import Picture, check_values


@runtime_checkable
class Indexed(Protocol):
    """What is indexed like an array, frame by frame."""

    @property
    def shape(self) -> tuple[int, ...]:
        """``(Z, H, W)`` or ``(Z, H, W, C)``."""

    @property
    def dtype(self) -> Any:
        """Type of the pixels."""

    def __getitem__(self, index: int, /) -> Any:
        """Return one frame, or what becomes one as a numpy array."""


class IndexedFrames(WithoutFiles):
    """Frames along the first axis of an array, each read when it is wanted.

    Parameters
    ----------
    array : (Z, H, W) or (Z, H, W, C) array
        C is 1 (grey) or 3 (RGB); uint8, uint16 or float32 with white at 1. Not modified.

    Raises
    ------
    UsageError
        If it has another shape: one picture is no stack.

    Examples
    --------
    >>> frames = IndexedFrames(np.zeros((3, 64, 96), np.uint8))
    >>> len(frames), frames.size, frames.channels
    (3, (96, 64), 1)
    """

    def __init__(self, array: Indexed) -> None:
        shape = tuple(int(n) for n in array.shape)
        if len(shape) not in (3, 4) or (len(shape) == 4 and shape[3] not in (1, 3)):
            raise UsageError(
                f"a stack cannot be read from an array of the shape {shape}",
                "Give (Z, H, W[, C]), where Z counts frames and C is 1 or 3, or a folder.",
            )
        if len(shape) == 3 and shape[2] == 3:
            raise UsageError(
                f"an array of the shape {shape} is one picture", "Give (Z, H, W) or (Z, H, W, 3)."
            )
        self._array = array
        self.names = [f"frame_{k:04d}" for k in range(1, shape[0] + 1)]
        self.size = (shape[2], shape[1])
        self.channels = shape[3] if len(shape) == 4 else 1
        self.dtype: np.dtype[Any] = np.dtype(array.dtype)

    def __len__(self) -> int:
        return len(self.names)

    def read(self, i: int) -> Picture:
        """Return frame `i`; the array is asked for it now."""
        pixels = np.ascontiguousarray(np.asarray(self._array[i]))
        if pixels.ndim == 3 and self.channels == 1:
            pixels = pixels[..., 0]
        check_values(self.names[i], pixels)
        view = pixels.view()
        view.flags.writeable = False
        return Picture(view, None, Metadata())
