"""Darkest and brightest that any frame is around each place: the composite can be no more.

Levels taken from different frames do not always add up: beside a hard edge a dark rim may be left
that is in none of the frames. A picture sharper than all frames would have to reach a little
beyond their range, so some margin is granted.
"""

from __future__ import annotations

import numpy as np

from focusstack.numeric.arrays import Float32
from focusstack.resample.planes import STEP
from focusstack.runtime.scratch import Room
from focusstack.runtime.strips import row_strips

MARGIN = 0.1
"""Part of the local range of luma that the composite may exceed it by: less takes off what is
sharper than any frame, more leaves rims. Benchmark: ``python -m benchmarks.fusion``,
*halo*."""


class LumaRange:
    """Running minimum and maximum over all frames and 3 x 3 pixels, at half size.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)`` of the frames.
    room : Room, optional
        Where it lies.
    deep : bool
        Whether frames have more than 8 bits: without, it is known to a hundredth of an 8-bit step.

    Attributes
    ----------
    step : float32
        What they are multiples of; 0 if they are kept as they are.
    low, high : (h, w) float32 or int16 ndarray
        Least and most luma so far, in steps.
    """

    def __init__(
        self, shape: tuple[int, ...], room: Room | None = None, *, deep: bool = True
    ) -> None:
        half = ((shape[0] + 1) // 2, (shape[1] + 1) // 2)
        self.step = np.float32(0 if deep else STEP)
        kind, most = (np.float32, np.inf) if deep else (np.int16, 32767)
        room = Room() if room is None else room
        self.low, self.high = room.zeros(half, kind), room.zeros(half, kind)
        for rows in row_strips(*half):
            self.low[rows], self.high[rows] = most, -most
            room.tidy()

    def limit(self, half: slice, luma: Float32) -> None:
        """Bring rows of the composite's luma into the range and its margin, in place."""
        step = self.step or np.float32(1)
        low, high = self.low[half] * step, self.high[half] * step
        slack = np.float32(MARGIN) * (high - low)
        for bound, keep in ((low - slack, np.maximum), (high + slack, np.minimum)):
            full = np.repeat(np.repeat(bound, 2, axis=0), 2, axis=1)
            keep(luma, full[: luma.shape[0], : luma.shape[1]], out=luma)
