"""Refuse decisions about movement that would take away detail which several frames show.

Whatever the reason for which earlier frames are let go, or a new one is hidden: where that left
less detail than the second-best frame has, something is out of focus and not elsewhere. Frames then
stay, and the sharpest shows. Less is left only where the place itself was proven to have moved, and
where the frame that is shown has in focus what it shows elsewhere.

As each decision is checked, no later one is needed to mend it: a frame that is let in again has at
least the detail that was wanting, or those before it had.
"""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.fusion.motion.observation import Box
from focusstack.numeric.arrays import Float32, Mask
from focusstack.runtime.scratch import Room

KEPT = 0.8
"""Part of the detail of the second-best frame, root mean square, that has to stay. Benchmark:
``python -m benchmarks.fusion``, *lost*, which asks for as much."""

KEPT_MOVED = 0.5
"""Part of it that has to stay where detail was ever found elsewhere: its rim may go, but no more.
Benchmark: ``python -m benchmarks.fusion``, *ghost* and *lost*."""

ACROSS = 25
"""Pixels across the window over which detail is compared. Benchmark: ``python -m
benchmarks.fusion``, *lost*, whose window it is."""

LEAST_DETAIL = 1 / 255
"""Root mean square of fine detail, 0..1, beneath which nothing can be lost: an 8-bit step.
Chosen, not measured."""

RIM = 4
"""Cells around a place that was proven to have moved for which this counts, too. Benchmark:
``python -m benchmarks.fusion``, *ghost*."""


class Guard:
    """Detail of the best two of all frames so far, and of what is shown.

    Parameters
    ----------
    shape : tuple of int
        ``(h, w)`` of the grid.
    level : int
        Pyramid level that it is.
    room : Room, optional
        Where it lies.
    """

    def __init__(self, shape: tuple[int, int], level: int, room: Room | None = None) -> None:
        self._across = max(3, round(ACROSS / 2**level) // 2 * 2 + 1)
        self._room = room = Room() if room is None else room
        self._best, self._second, self._shown = (room.zeros(shape, np.float32) for _ in range(3))
        self._new = self._shown
        self._elsewhere, self._gone, self._blurred = (np.zeros(shape, bool) for _ in range(3))

    def add(self, detail: Float32) -> None:
        """Take note of a frame.

        Parameters
        ----------
        detail : (h, w) float32 ndarray
            Energy of its fine detail, in each cell; kept.
        """
        self._new = detail
        self._gone[:] = self._blurred[:] = False
        own = self._mean(detail)
        np.maximum(self._second, np.minimum(self._best, own), out=self._second)
        np.maximum(self._best, own, out=self._best)
        self._room.tidy()

    def move(self, elsewhere: Mask, box: Box) -> None:
        """Take note of what was found elsewhere, in some rows and columns."""
        if elsewhere.any():
            self._elsewhere[box] |= self._around(elsewhere)

    def vanish(self, gone: Mask) -> None:
        """Take note of what that frame shows and those before do not, or the other way round."""
        if gone.any():
            self._gone |= self._around(gone)

    def blur(self, blurred: Mask) -> None:
        """Take note of where that frame is out of focus, so that nothing of it is elsewhere."""
        self._blurred |= blurred

    def details(self) -> tuple[Float32, Float32]:
        """Return the energy of detail in windows, of what is shown and of that frame."""
        return self._mean(self._shown), self._mean(self._new)

    def wanting(self, kept: Float32, stays: Float32) -> Mask:
        """Return where a decision would leave too little.

        Parameters
        ----------
        kept, stays : (h, w) float32 ndarray
            1 where the new frame, and where those before count.
        """
        left = self._mean(self._left(kept, stays))
        lacking = left < np.float32(KEPT**2) * self._second
        still = ~self._elsewhere | self._blurred
        lacking &= still | (left < np.float32(KEPT_MOVED**2) * self._second)
        lacking &= (self._second > LEAST_DETAIL**2) & ~self._gone
        return _wider(lacking, self._across)

    def show(self, kept: Float32, stays: Float32) -> None:
        """Take note of a decision; what is gone is no detail that could be wanting."""
        self._shown[:] = self._left(kept, stays)
        if self._gone.any():
            left = self._mean(self._shown)
            for plane in (self._best, self._second):
                np.minimum(plane, left, out=plane, where=self._gone)

    def _left(self, kept: Float32, stays: Float32) -> Float32:
        """Energy of the best frame that counts, in each cell."""
        left = self._shown * stays
        return np.asarray(np.maximum(left, self._new * kept, out=left))

    def _mean(self, detail: Float32) -> Float32:
        return np.asarray(cv2.blur(detail, (self._across, self._across)), np.float32)

    def _around(self, proven: Mask) -> Mask:
        """Return all in whose windows something proven is."""
        return _wider(proven, 2 * RIM + self._across)


def _wider(area: Mask, across: int) -> Mask:
    side = np.ones((across, across), np.uint8)
    return np.asarray(cv2.dilate(area.view(np.uint8), side)).view(bool)
