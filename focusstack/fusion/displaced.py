"""Find detail of a frame that is elsewhere in the next one.

A leaf in the wind is sharp in several frames, each time somewhere else. Defocus does not look like
that: it takes detail away but leaves what remains in its place, so scenes that stand still, with
whatever depth, are left alone. Frames are compared that follow each other in focus, in which the
same things are about as sharp.

The motion is found by dense inverse search (T. Kroeger et al., "Fast Optical Flow using Dense
Inverse Search", ECCV 2016) on a reduced luma.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.sight import WIDE, Sight, window_mean
from focusstack.typing import Float32, Mask

FAR_SHIFT, ALIKE_SHIFT, LEAST_SHIFT = 1.5, 0.7, 0.3
"""Cells by which detail must be found elsewhere to be motion and no fault of the alignment, to be
doubled if it is sharp in both frames, and beside such detail."""

ROUND_TRIP = (0.2, 0.1)
"""Cells, and part of the way, by which the way there and back may differ."""

EXPLAINED = 0.4
"""Part of the squared difference that may remain once the detail is put in its place."""

LEAST_DIFFERENCE = 4 / 255
"""Root mean square difference of luma that can be seen."""

LEAST_DETAIL = 2 / 255
"""Root mean square of the finest detail on the grid that can be found again."""

EQUALLY_SHARP, EQUALLY_BLURRED = 0.4, 0.7
"""Amplitude on the grid of the weaker by that of the stronger; the same for blurred detail."""

ALIKE = 0.6
"""The same for the energy of all finer detail in a wide window around it."""

IN_FOCUS = 0.5
"""Energy finer than the grid by that on the grid: a blurred edge that widens looks displaced."""

SEEDED = 0.05
"""Share of proven motion nearby that makes slighter displacement motion too."""

WINDOW = 3.0
"""Standard deviation, in cells, of the window for differences."""

LEAST_ENERGY = np.float32(1e-9)
"""Of fine detail; nothing is said about less."""


class Search:
    """Dense search for displaced detail on a grid.

    Parameters
    ----------
    shape : tuple of int
        ``(h, w)`` of the grid.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
        self._rows, self._columns = rows, columns

    def displaced(self, first: Sight, second: Sight) -> tuple[Mask, Mask]:
        """Return where detail of one sight is elsewhere in the other.

        Parameters
        ----------
        first, second : Sight
            Not modified.

        Returns
        -------
        tuple of (h, w) bool ndarray
            Where anything is displaced, before and after; and where so far that it is motion and
            no fault of the alignment.
        """
        before, now = _bytes(first.luma), _bytes(second.luma)
        forth, back = self._way(before, now), self._way(now, before)
        known = cv2.erode(np.minimum(first.trust, second.trust), np.ones((9, 9), np.uint8)) > 0.9
        apart = window_mean((first.luma - second.luma) ** 2, WINDOW)
        gone, far = np.zeros_like(known), np.zeros_like(known)
        for way, other_way, own, other in (
            (forth, back, first, second),
            (back, forth, second, first),
        ):
            sure, slight, distance = self._found(way, other_way, own, other, apart)
            sure &= known
            gone |= grown(sure, slight & known)
            far |= grown(sure & (distance > FAR_SHIFT), sure)
        return gone, far

    def _way(self, first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Float32:
        flow = np.zeros((*first.shape, 2), np.float32)
        return np.asarray(self._flow.calc(first, second, flow), np.float32)

    def _found(
        self, way: Float32, back: Float32, own: Sight, other: Sight, apart: Float32
    ) -> tuple[Mask, Mask, Float32]:
        """Where detail of `own` is surely or perhaps elsewhere in `other`, and how far."""
        x, y = self._columns + way[..., 0], self._rows + way[..., 1]

        def seen(plane: Float32) -> Float32:
            return np.asarray(cv2.remap(plane, x, y, cv2.INTER_LINEAR), np.float32)

        far = cv2.magnitude(way[..., 0], way[..., 1])
        returned = way + seen(back)
        astray = cv2.magnitude(returned[..., 0], returned[..., 1])
        left = window_mean((own.luma - seen(other.luma)) ** 2, WINDOW)
        detail, fine = seen(other.detail), seen(other.fine)
        weak, strong = np.minimum(own.detail, detail), np.maximum(own.detail, detail)
        sure = astray < ROUND_TRIP[0] + ROUND_TRIP[1] * far
        sure &= (left < EXPLAINED * apart) & (apart > LEAST_DIFFERENCE**2)
        sure &= (weak > EQUALLY_SHARP * strong) & (strong > LEAST_DETAIL)
        alike = (own.fine > IN_FOCUS * own.detail**2) & (fine > IN_FOCUS * detail**2)
        ratio = np.log((own.sharp + LEAST_ENERGY) / (seen(other.sharp) + LEAST_ENERGY))
        alike &= np.abs(ratio) < -np.log(ALIKE)
        blurred = (far > FAR_SHIFT) & (weak > EQUALLY_BLURRED * strong)
        sure &= blurred | (alike & (far > ALIKE_SHIFT))
        slight = (far > LEAST_SHIFT) & (apart > LEAST_DIFFERENCE**2 / 4)
        return np.asarray(sure), np.asarray(slight), np.asarray(far, np.float32)


def grown(sure: Mask, slight: Mask) -> Mask:
    """What is sure, and what is slight where enough nearby is sure."""
    if not sure.any():
        return sure
    either = sure | slight
    near = window_mean(sure.astype(np.float32), WIDE)
    return np.asarray(either & (near > SEEDED * window_mean(either.astype(np.float32), WIDE)))


def _bytes(luma: Float32) -> NDArray[np.uint8]:
    return np.asarray(np.rint(np.clip(luma, 0, 1) * np.float32(255)), np.uint8)
