"""What every source of frames offers, wherever they come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from focusstack.images.read import Picture


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
