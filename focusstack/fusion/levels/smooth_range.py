"""Range that frames have of what is smooth around each place: the composite's lies within it.

Levels taken from different frames do not always add up: beside something bright or saturated a wide
fringe of the opposite may be left, which is in none of the frames. Other than an edge, which may be
sharper than in all of them, it is smooth, so it can be told from what is true and taken off.
"""

from __future__ import annotations

import numpy as np

from focusstack.fusion.levels.laplacian import down, up
from focusstack.numeric.arrays import Float32
from focusstack.runtime.scratch import Room
from focusstack.runtime.strips import AROUND, layers, row_strips, strips


class SmoothRange:
    """Running minimum and maximum of all frames at half the size of what is to be limited.

    Parameters
    ----------
    shape : tuple of int
        ``([C, ]h, w)`` at half the size.
    room : Room
        Where it lies.
    """

    def __init__(self, shape: tuple[int, ...], room: Room) -> None:
        self._low, self._high = (room.zeros(shape, np.float32) for _ in range(2))
        self._empty, self._room = True, room

    def add(self, frame: Float32) -> None:
        """Take a frame ``([C, ]h, w)`` at half the size."""
        if self._empty:
            self._low[...], self._high[...] = frame, frame
            self._empty = False
        np.minimum(self._low, frame, out=self._low)
        np.maximum(self._high, frame, out=self._high)

    def limit(self, image: Float32) -> None:
        """Bring what is smooth in an image ``([C, ]H, W)`` into the range, in place."""
        for low, high, plane in zip(*map(layers, (self._low, self._high, image)), strict=True):
            beyond = down(plane)
            for part in row_strips(*beyond.shape):
                beyond[part] -= np.clip(beyond[part], low[part], high[part])
                self._room.tidy()
            height, width = plane.shape
            for strip in strips(height, width, AROUND):
                rows = strip.wide.stop - strip.wide.start
                plane[strip.rows] -= up(beyond[strip.wide_half], (rows, width))[strip.inner]
