"""Which of two frames is the sharper one where things have another place."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from focusstack.fusion.motion.displaced import LEAST_ENERGY
from focusstack.fusion.motion.observation import NARROW, Sight, window_mean
from focusstack.numeric.arrays import Float32, Mask

CHOICE, SPOT = 12.0, 6.0
"""Standard deviation, in cells, of the window over which the sharper one of two is chosen; side,
in such windows, up to which a connected spot is chosen as a whole. Benchmark:
``python -m benchmarks.fusion``, *ghost*."""

COARSE_SHARE = np.float32(0.05)
"""Share of the energy on the grid that counts beside all finer: it decides where nothing is in
focus. Benchmark: ``python -m benchmarks.fusion``, *ghost*."""

CLEAR = 2.0
"""Energy of one frame by that of the other from which on a place is clear. Benchmark:
``python -m benchmarks.fusion``, *lost*."""

REACHES = (2, 4, 8, 16)
"""Cells as far around as which is looked for what is as clear: the least that things reached.
Nothing is said where they went farther than the last. Benchmark: ``python -m benchmarks.fusion``,
*ghost* where something sways."""

RIM = 2.0
"""Standard deviations of the window of `fine` by which a rim in which only one frame has detail is
seen wider than it is, on either side. Benchmark: ``python -m benchmarks.fusion``, *ghost*."""


class Sharper(NamedTuple):
    """Which of two frames is the sharper one; planes ``(h, w)`` on the grid.

    Attributes
    ----------
    energy : float32 ndarray
        Energy of the new frame's detail by that of what is shown.
    blurred : bool ndarray
        Where the new frame is out of focus, and has not elsewhere what is shown.
    """

    energy: Float32
    blurred: Mask


def sharper(
    slid: Mask, reach: Float32, shown: Sight, new: Sight, details: tuple[Float32, Float32]
) -> Sharper:
    """Return how much more energy than what is shown a frame has where things slid.

    Each connected spot is judged as a whole, but large ones window by window, as much may be in
    them. A thing that is sharp in both frames but elsewhere leaves rims in which only one of them
    has detail, and these are as wide as it is displaced. Areas wider than that in which one frame
    is clearly sharper are no such rims: there the other is out of focus. So it is where it has
    nothing nearly as clear as far around as things slid. Both are judged by themselves.

    Parameters
    ----------
    slid : (h, w) bool ndarray
        Where things have another place.
    reach : (h, w) float32 ndarray
        Cells by which what is nearby is displaced.
    shown, new : Sight
        What is shown so far, and the frame.
    details : tuple of (h, w) float32 ndarray
        Energy of the finest detail of both, in windows of a few pixels.
    """
    before, now = (s.fine + COARSE_SHARE * s.detail**2 + LEAST_ENERGY for s in (shown, new))
    ratio = window_mean(now * slid, CHOICE) / (window_mean(before * slid, CHOICE) + LEAST_ENERGY)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(slid.view(np.uint8))
    sums = [np.bincount(labels.ravel(), plane.ravel(), count) for plane in (before, now)]
    small = stats[:, cv2.CC_STAT_AREA] < (SPOT * CHOICE) ** 2
    ratio = np.where(small[labels], (sums[1] / sums[0])[labels], ratio)
    here = now / before
    radius = np.asarray(reach / 2 + RIM * NARROW, np.float32)
    alone = wider(here > CLEAR, radius) | wider(here < 1 / CLEAR, radius)
    blurred, only = _in_one_alone(*details, reach)
    here = np.where(blurred, np.minimum(here, 1 / CLEAR), here)
    here = np.where(only, np.maximum(here, CLEAR), here)
    found = np.where(alone | blurred | only, here, ratio).astype(np.float32)
    return Sharper(found, slid & blurred)


def _in_one_alone(shown: Float32, new: Float32, reach: Float32) -> tuple[Mask, Mask]:
    """Where what is shown, and where the new frame has in focus what the other has nowhere around.

    Details are taken together as far as the windows of `fine` reach, or things would come to pieces
    between them. Beyond the rim of what slid its reach is less than it was: that far a new frame
    has to be without a match, too, to take the place of what is shown.
    """
    side = 2 * round(NARROW) + 1
    window = np.ones((side, side), np.uint8)
    before = cv2.dilate(unmatched(shown, new, reach).view(np.uint8), window)
    farther = np.asarray(cv2.dilate(reach, window), np.float32)
    now = cv2.dilate(unmatched(new, shown, farther).view(np.uint8), window)
    return np.asarray(before > now), np.asarray(now > before)


def unmatched(own: Float32, other: Float32, reach: Float32) -> Mask:
    """Return where all that another frame shows nearby is clearly less sharp than this one.

    A thing that has another place there is about as sharp in it, so what is shown here and nowhere
    around is no such thing: there it is out of focus.

    Parameters
    ----------
    own, other : (h, w) float32 ndarray
        Energy of detail in both frames.
    reach : (h, w) float32 ndarray
        Cells as far as which things may have another place.
    """
    around = other
    for farther, cells in zip((0, *REACHES), REACHES, strict=False):
        reached = reach > farther
        if not reached.any():
            break
        side = 2 * cells + 1
        around = np.where(reached, cv2.dilate(other, np.ones((side, side), np.uint8)), around)
    least = np.float32(CLEAR) * (around + LEAST_ENERGY)
    return np.asarray((own > least) & (reach <= REACHES[-1]))


def wider(area: Mask, radius: Float32) -> Mask:
    """Return what remains of an area that is opened by discs of a `radius` given for each cell."""
    inside = cv2.distanceTransform(area.view(np.uint8), cv2.DIST_L2, 5)
    core = inside > radius
    if not core.any():
        return core
    outside = cv2.distanceTransform((~core).view(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(area & (outside <= radius))
