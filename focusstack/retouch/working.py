"""The picture that is worked on: the composite, and the squares of it that were touched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np

from focusstack.geometry.coordinates import Rect, cut
from focusstack.images.colour import to_dtype, to_eight_bits, to_float
from focusstack.numeric.arrays import Float32, Image

SQUARE = 128
"""Pixels along a side of what is kept of a touched place. Memory and speed only."""

Key: TypeAlias = tuple[int, int]
"""Row and column of a square."""

Slices: TypeAlias = tuple[slice, slice]
"""Rows and columns of a part."""

Before: TypeAlias = dict[Key, Image | None]
"""What squares held before a stroke; None where they had not been touched."""


class WorkingPicture:
    """A composite with what was painted on it.

    Touched squares hold 16 bits a value for a composite of 8 or 16, so that many strokes of little
    cover add up, and floats for one of floats. The composite itself is not modified, so that
    whatever is taken back is as it was, to the bit.

    Parameters
    ----------
    base : (H, W[, 3]) ndarray
        The composite: uint8, uint16 or float32.

    Examples
    --------
    >>> picture = WorkingPicture(np.zeros((200, 300), np.uint8))
    >>> before = picture.write(Rect(10, 10, 2, 1), np.ones((1, 2), np.float32))
    >>> picture.finished()[10, 9:13]
    array([  0, 255, 255,   0], dtype=uint8)
    >>> picture.restore(before)
    >>> picture.touched
    False
    """

    def __init__(self, base: Image) -> None:
        self.base = base
        deep = np.float32 if base.dtype == np.float32 else np.uint16
        self._dtype: np.dtype[np.generic] = np.dtype(deep)
        self._squares: dict[Key, Image] = {}

    @property
    def rect(self) -> Rect:
        """All of it."""
        height, width = self.base.shape[:2]
        return Rect(0, 0, width, height)

    @property
    def touched(self) -> bool:
        """Whether any square differs, or may."""
        return bool(self._squares)

    def original(self, rect: Rect) -> Float32:
        """The composite as it was fused, in a part of it, 0..1."""
        return to_float(cut(self.base, rect))

    def read(self, rect: Rect) -> Float32:
        """The picture as it is now, in a part of it, 0..1."""
        found = self.original(rect)
        for key, here, there in self._overlaps(rect):
            square = self._squares.get(key)  # who only looks may do so while another paints
            if square is not None:
                found[here] = to_float(square[there])
        return found

    def write(self, rect: Rect, values: Float32) -> Before:
        """Put values in; return what is needed to take that back."""
        before: Before = {}
        for key, here, there in self._overlaps(rect):
            held = self._squares.get(key)
            before[key] = held
            square = self._fresh(key) if held is None else held.copy()
            square[there] = to_dtype(np.ascontiguousarray(values[here]), self._dtype)
            self._squares[key] = square
        return before

    def restore(self, before: Before) -> None:
        """Take back what `write` has done."""
        for key, held in before.items():
            if held is None:
                self._squares.pop(key, None)
            else:
                self._squares[key] = held

    def clear(self) -> None:
        """Take back everything."""
        self._squares.clear()

    def finished(self) -> Image:
        """The whole picture in the composite's dtype; untouched squares have its very bytes."""
        found = self.base.copy()
        for (row, column), square in self._squares.items():
            place = cut(found, self._place((row, column)))
            place[...] = rounded(square, self.base.dtype)
        return found

    def _fresh(self, key: Key) -> Image:
        """Return the square as the composite has it."""
        part = cut(self.base, self._place(key))
        if part.dtype == self._dtype:
            return part.copy()
        return np.multiply(part, np.uint16(257), dtype=np.uint16)

    def _place(self, key: Key) -> Rect:
        height, width = self.base.shape[:2]
        x, y = key[1] * SQUARE, key[0] * SQUARE
        return Rect(x, y, min(SQUARE, width - x), min(SQUARE, height - y))

    def _overlaps(self, rect: Rect) -> Iterator[tuple[Key, Slices, Slices]]:
        """Squares that a part lies in: their keys, which of the part, and which of the square."""
        for row in range(rect.y // SQUARE, -(-(rect.y + rect.height) // SQUARE)):
            for column in range(rect.x // SQUARE, -(-(rect.x + rect.width) // SQUARE)):
                place = self._place((row, column))
                y, here_y, there_y = _shared((rect.y, rect.height), (place.y, place.height))
                x, here_x, there_x = _shared((rect.x, rect.width), (place.x, place.width))
                if x > 0 and y > 0:
                    yield (row, column), (here_y, here_x), (there_y, there_x)


def rounded(values: Image, dtype: np.dtype[np.generic]) -> Image:
    """Codes of 16 bits, or floats, as those of another type, rounded."""
    if values.dtype == dtype:
        return values
    if values.dtype == np.uint16 and dtype == np.uint8:
        return to_eight_bits(values)
    return to_dtype(to_float(values), dtype)


def _shared(first: tuple[int, int], second: tuple[int, int]) -> tuple[int, slice, slice]:
    """Length of what two stretches share, and where that is in each."""
    low = max(first[0], second[0])
    high = min(sum(first), sum(second))
    return (
        high - low,
        slice(low - first[0], high - first[0]),
        slice(low - second[0], high - second[0]),
    )
