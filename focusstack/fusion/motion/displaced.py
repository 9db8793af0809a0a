"""Find detail of a frame that is elsewhere in the next one.

A leaf in the wind is sharp in several frames, each time somewhere else. Defocus does not look like
that: it takes detail away but leaves what remains in its place, so scenes that stand still, with
whatever depth, are left alone. Frames are compared that follow each other in focus, in which the
same things are about as sharp.

The motion is found by dense inverse search (T. Kroeger et al., "Fast Optical Flow using Dense
Inverse Search", ECCV 2016) on a reduced luma.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.loops.arguments import Limits
from focusstack.fusion.motion.observation import LEAST_VALIDITY, WIDE, Sight, window_mean
from focusstack.fusion.motion.proof import Close, proven
from focusstack.numeric.arrays import Float32, Mask
from focusstack.runtime.threads import SideBySide, in_turn

FAR_SHIFT, ALIKE_SHIFT, LEAST_SHIFT = 1.5, 0.7, 0.3
"""Cells by which detail must be found elsewhere to be motion and no fault of the alignment, to
be doubled if it is sharp in both frames, and beside such detail. Benchmark:
``python -m benchmarks.fusion``, *ghost*."""

ROUND_TRIP = (0.2, 0.1)
"""Cells, and part of the way, by which the way there and back may differ. Benchmark:
``python -m benchmarks.fusion``, *ghost*."""

EXPLAINED = 0.4
"""Part of the squared difference that may remain once the detail is put in its place: defocus
leaves more. Benchmark: ``python -m benchmarks.fusion``, *ghost*."""

LEAST_DIFFERENCE = 4 / 255
"""Root mean square difference of luma, 0..1, that can be seen: four 8-bit steps. Chosen, not
measured."""

LEAST_DETAIL = 2 / 255
"""Root mean square of the finest detail on the grid, 0..1, that can be found again: two 8-bit
steps. Benchmark: ``python -m benchmarks.fusion``, *ghost*."""

EQUALLY_SHARP, EQUALLY_BLURRED = 0.4, 0.7
"""Amplitude on the grid of the weaker by that of the stronger, for detail that is sharp in both
frames, and for blurred detail, which may be another thing. Benchmark:
``python -m benchmarks.fusion``, *ghost*."""

ALIKE = 0.6
"""Energy of all finer detail in a wide window, of the weaker by that of the stronger: a blurred
edge that widens seems to move. Benchmark: ``python -m benchmarks.fusion``, *ghost*."""

IN_FOCUS = 0.5
"""Energy finer than the grid by that on the grid, from which on detail is sharp. Benchmark:
``python -m benchmarks.fusion``, *ghost*."""

SEEDED = 0.05
"""Share of proven motion nearby, 0..1, that makes slighter displacement motion too. Benchmark:
``python -m benchmarks.fusion``, *ghost*."""

WINDOW = 3.0
"""Standard deviation, in cells, of the window for differences. Benchmark:
``python -m benchmarks.fusion``, *ghost*."""

FINEST = 1
"""Halvings of the grid on which the search ends. Benchmark: ``python -m benchmarks.fusion``,
*ghost* where something sways."""

MISPLACED = 2.0
"""Root mean square errors of alignment within which nearly all of it lies: 98 %, as lengths of
normally distributed errors in two directions do."""

LEAST_ENERGY = np.float32(1e-9)
"""Energy of fine detail, in squares of encoded values, that is added to both: nothing is said
about less. Chosen, not measured."""

_LIMITS = Limits(
    astray=np.float32(ROUND_TRIP[0]),
    astray_part=np.float32(ROUND_TRIP[1]),
    equally_sharp=np.float32(EQUALLY_SHARP),
    equally_blurred=np.float32(EQUALLY_BLURRED),
    least_detail=np.float32(LEAST_DETAIL),
    in_focus=np.float32(IN_FOCUS),
    alike=np.float32(ALIKE),
    least_energy=LEAST_ENERGY,
    far_shift=np.float32(FAR_SHIFT),
    alike_shift=np.float32(ALIKE_SHIFT),
    least_shift=np.float32(LEAST_SHIFT),
)


@dataclass(frozen=True)
class Displaced:
    """What is elsewhere in another frame.

    Attributes
    ----------
    anything : (h, w) bool ndarray
        Where anything is displaced, before and after.
    far : (h, w) bool ndarray
        Where so far that it is motion and no fault of the alignment.
    proven : (h, w) bool ndarray
        Where the place itself was looked at, and nothing else explains what it shows.
    reach : (h, w) float32 ndarray
        Cells by which what is nearby is displaced, at most; 0 where nothing is.
    """

    anything: Mask
    far: Mask
    proven: Mask
    reach: Float32

    def joined(self, other: Displaced, astray: float) -> Displaced:
        """Return what is displaced here or there, far if `astray` frames cannot explain it."""
        reach = np.maximum(self.reach, other.reach)
        return Displaced(
            self.anything | other.anything,
            (self.far | other.far) & (reach > MISPLACED * astray),
            self.proven | other.proven,
            reach,
        )


class Search:
    """Dense search for displaced detail on a grid.

    Parameters
    ----------
    side_by_side : callable, optional
        Does two things, at once if it can; one after the other if not given.
    astray : float, optional
        Cells by which frames lie beside their places, root mean square.
    """

    def __init__(self, side_by_side: SideBySide = in_turn, astray: float = 0.0) -> None:
        self._side_by_side, self._astray = side_by_side, astray

    def displaced(self, first: Sight, second: Sight) -> Displaced:
        """Find where detail of one sight is elsewhere in the other, and how far away.

        Parameters
        ----------
        first, second : Sight
            Not modified.
        """
        before, now = _bytes(first.luma), _bytes(second.luma)
        planes = _planes(first), _planes(second)
        both = self._side_by_side(lambda: _way(before, now), lambda: _way(now, before))
        valid = np.minimum(first.validity, second.validity)
        known = cv2.erode(valid, np.ones((9, 9), np.uint8)) > LEAST_VALIDITY
        apart = window_mean((first.luma - second.luma) ** 2, WINDOW)

        def found(forth: int) -> Displaced:
            back = 1 - forth
            sights = (first, second)
            close = (sights[forth].close, sights[back].close)
            return _found(both[forth], both[back], planes[forth], planes[back], apart, known, close)

        there, here = self._side_by_side(lambda: found(0), lambda: found(1))
        return there.joined(here, self._astray)


def _way(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Float32:
    """Cells from each place of a picture to where its detail is in the other.

    The search is a new one each time: after a small picture, OpenCV's goes on at the finest scale,
    whatever follows.
    """
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    search.setFinestScale(FINEST)
    return np.asarray(search.calc(first, second, np.zeros((*first.shape, 2), np.float32)))


def _planes(sight: Sight) -> Float32:
    return np.stack([sight.luma, sight.detail, sight.fine, sight.sharp])


def _found(
    way: Float32,
    back: Float32,
    own: Float32,
    other: Float32,
    apart: Float32,
    known: Mask,
    close: tuple[Close, Close],
) -> Displaced:
    """Where detail of `own` is elsewhere in `other`, where it is so far away, and how far."""
    from focusstack.fusion.loops import displaced as round_trip  # loads the compiler

    left, flags = np.empty(apart.shape, np.float32), np.empty(apart.shape, np.uint8)
    round_trip.follow()(way, back, own, other, _LIMITS, left, flags)
    sure = known & (flags & round_trip.SURE > 0)
    if not sure.any():
        return Displaced(sure, sure, sure, np.zeros(apart.shape, np.float32))
    least = LEAST_DIFFERENCE**2
    sure &= (window_mean(left, WINDOW) < np.float32(EXPLAINED) * apart) & (apart > least)
    sure, found = proven(sure, way, own[1], *close)
    slight = known & (flags & round_trip.SLIGHT > 0) & (apart > least / 4)
    far = sure & (flags & round_trip.FAR > 0)
    return Displaced(grown(sure, slight), grown(far, sure), found, _reach(way, sure))


def _reach(way: Float32, sure: Mask) -> Float32:
    """How far what is surely displaced is, for everything near it."""
    length = np.where(sure, cv2.magnitude(way[..., 0], way[..., 1]), np.float32(0))
    side = 2 * round(WIDE) + 1
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(length, near), np.float32)


def grown(sure: Mask, slight: Mask) -> Mask:
    """What is sure, and what is slight where enough nearby is sure."""
    if not sure.any():
        return sure
    either = sure | slight
    near = window_mean(sure.astype(np.float32), WIDE)
    return np.asarray(either & (near > SEEDED * window_mean(either.astype(np.float32), WIDE)))


def _bytes(luma: Float32) -> NDArray[np.uint8]:
    return np.asarray(np.rint(np.clip(luma, 0, 1) * np.float32(255)), np.uint8)
