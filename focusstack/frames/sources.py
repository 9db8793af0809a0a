"""What every source of frames offers, wherever they come from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self, runtime_checkable

import numpy as np

from focusstack.images.metadata import Metadata
from focusstack.images.read import Picture


@runtime_checkable
class FrameSource(Protocol):
    """The frames of one stack, all of one size and kind.

    A source of your own gives `names`, `size`, `dtype`, `channels`, `__len__` and `read`, and
    derives the rest from `WithoutFiles`.

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
    paths : sequence of path
        The file of each frame; empty where there are none.
    notes : sequence of str
        What the user should know about how the frames were chosen.
    """

    @property
    def names(self) -> Sequence[str]:
        """A unique file name for each frame."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, upright."""

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of the pixels: uint8, uint16 or float32."""

    @property
    def channels(self) -> int:
        """1 (grey) or 3 (RGB)."""

    @property
    def paths(self) -> Sequence[Path]:
        """File of each frame; empty where there are none."""

    @property
    def notes(self) -> Sequence[str]:
        """What the user should know about how the frames were chosen."""

    def __len__(self) -> int: ...

    def read(self, i: int) -> Picture:
        """Decode frame `i`; may be called from several threads at once."""

    def metadata_of(self, i: int) -> Metadata | None:
        """Return what the file of frame `i` says besides its pixels; None where there is none."""

    def reduced(self, reduction: int) -> FrameSource:
        """Return these frames at a `reduction`-th of their size, if that is read faster."""

    def one_by_one(self) -> FrameSource:
        """Return these frames for a reader who lets each go before the next is read."""


class WithoutFiles:
    """What a `FrameSource` says of files where there are none; derive from it."""

    paths: Sequence[Path] = ()
    notes: Sequence[str] = ()

    def metadata_of(self, i: int) -> Metadata | None:  # noqa: ARG002
        """Return None: no file, nothing besides the pixels."""
        return None

    def reduced(self, reduction: int) -> Self:  # noqa: ARG002
        """Return these frames: no smaller ones are read faster."""
        return self

    def one_by_one(self) -> Self:
        """Return these frames: their memory is not used again."""
        return self
