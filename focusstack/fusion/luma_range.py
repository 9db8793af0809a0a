"""Darkest and brightest that any frame is around each place: the composite can be no more.

Levels taken from different frames do not always add up: beside a hard edge a dark rim may be left
that is in none of the frames. A picture sharper than all frames would have to reach a little
beyond their range, so some margin is granted.
"""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.typing import Float32

MARGIN = 0.1
"""Part of the local range that the composite may exceed it by."""

STRIP = 128
"""Rows worked on at a time; even, for the half size."""

_NEIGHBOURS = np.ones((3, 3), np.uint8)


class LumaRange:
    """Running minimum and maximum over all frames and 3 x 3 pixels, at half size.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)`` of the frames.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        half = ((shape[0] + 1) // 2, (shape[1] + 1) // 2)
        self._low = np.full(half, np.inf, np.float32)
        self._high = np.full(half, -np.inf, np.float32)

    def add(self, luma: Float32) -> None:
        """Take the luma of a frame."""
        for start in range(0, len(luma), STRIP):
            above = min(start, 1)
            part = luma[start - above : start + STRIP + 1]
            for bound, spread, keep in (
                (self._low, cv2.erode, np.minimum),
                (self._high, cv2.dilate, np.maximum),
            ):
                found = spread(part, _NEIGHBOURS)[above : above + STRIP : 2, ::2]
                rows = bound[start // 2 : start // 2 + len(found)]
                keep(rows, found, out=rows)

    def limit(self, luma: Float32) -> None:
        """Bring `luma`, the composite's, into the range and its margin, in place."""
        slack = MARGIN * (self._high - self._low)
        for bound, keep in ((self._low - slack, np.maximum), (self._high + slack, np.minimum)):
            full = np.repeat(np.repeat(bound, 2, axis=0), 2, axis=1)
            keep(luma, full[: luma.shape[0], : luma.shape[1]], out=luma)
