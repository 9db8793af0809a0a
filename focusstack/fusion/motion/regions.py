"""Spots in which two frames show something else: which of the two is to be shown."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.numeric.arrays import Float32, Mask

BETTER = 1.1
"""Energy of a frame by that of earlier ones from which on it takes their place, so that noise
does not decide. Benchmark: ``python -m benchmarks.fusion``, *ghost*."""

ALIKE = (3.0, 0.4)
"""Ratio of areas, and part of the contrast with what is behind it, by which the same thing in
two places may differ. Benchmark: ``python -m benchmarks.fusion``, *ghost*."""


GONE = 0.1
"""Part of the contrast of a thing with what is around it beneath which it is gone, and by which
what is around it changes at most. Out of focus, more of it remains, or is around it. Benchmark:
``python -m benchmarks.fusion``, *ghost* and *lost*."""

LEAST_CONTRAST = 12 / 255
"""Encoded contrast, 0..1, of a thing that can be said to be gone: that of small changes of light.
Chosen, not measured."""

CORE = 0.5
"""Depth within a spot, by the largest there is, from which on is its core. Chosen, not measured."""

LEAST_RING = 3
"""Cells around a spot that it is compared with, at least. Chosen, not measured."""


@dataclass(frozen=True)
class Spot:
    """A connected change: what it looks like before and after, and how sharp that is.

    Attributes
    ----------
    number : int
        Its label.
    area : int
        Cells.
    tones : tuple of (C,) ndarray
        Mean encoded light of what is shown so far, and of the new frame.
    energies : tuple of float
        Fine energy of both.
    """

    number: int
    area: int
    tones: tuple[Float32, Float32]
    energies: tuple[float, float]

    @property
    def new_wins(self) -> bool:
        """Whether the new frame is the sharper one."""
        return self.energies[1] > BETTER * self.energies[0]


def encoded(light: Float32) -> Float32:
    """Encoded light, about as the eye sees it."""
    return np.sqrt(np.maximum(light, np.float32(0)))


def described(
    gone: Mask, shown: Float32, light: Float32, energies: tuple[Float32, Float32]
) -> tuple[NDArray[np.int32], list[Spot]]:
    """Return the labels of the connected spots of a mask, and the spots."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(gone.view(np.uint8))
    planes = [*cv2.split(encoded(shown)), *cv2.split(encoded(light)), *energies]
    sums = [np.bincount(labels.ravel(), plane.ravel(), count) for plane in planes]
    channels = shown.shape[2]
    spots = []
    for number in range(1, count):
        area = int(stats[number, cv2.CC_STAT_AREA])
        means = np.array([total[number] / area for total in sums], np.float32)
        tones = means[:channels], means[channels : 2 * channels]
        before, now = float(sums[-2][number]), float(sums[-1][number])
        spots.append(Spot(number, area, tones, (before, now)))
    return np.asarray(labels, np.int32), spots


def winning(spots: list[Spot]) -> set[int]:
    """Return the numbers of the spots in which the new frame is to be shown.

    Each spot shows what is sharper. But what was in one place and is in another makes two spots:
    they are decided together, or it would be seen twice.
    """
    winners = {spot.number for spot in spots if spot.new_wins}
    for old in [spot for spot in spots if spot.number not in winners]:
        for new in [spot for spot in spots if spot.number in winners]:
            if _same(old, new):
                both = [sum(pair) for pair in zip(old.energies, new.energies, strict=True)]
                if both[1] > BETTER * both[0]:
                    winners.add(old.number)
                    break
                winners.discard(new.number)
    return winners


def _same(old: Spot, new: Spot) -> bool:
    """Whether what was in one spot may be what now is in another."""
    larger, smaller = max(old.area, new.area), min(old.area, new.area)
    contrast = min(_apart(*old.tones), _apart(*new.tones))
    return larger < ALIKE[0] * smaller and _apart(old.tones[0], new.tones[1]) < ALIKE[1] * contrast


def _apart(first: Float32, second: Float32) -> float:
    return float(np.abs(first - second).max())


def vanished(gone: Mask, shown: Float32, light: Float32) -> Mask:
    """Return the spots that stand out in one of two frames and not at all in the other.

    A lens out of focus does not take light away: it leaves some of it in its place, or all around.

    Parameters
    ----------
    gone : (h, w) bool ndarray
        Where light has changed.
    shown, light : (h, w, C) float32 ndarray
        Linear light of both frames.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(gone.view(np.uint8))
    found = np.zeros(count, bool)
    for number in range(1, count):
        x, y, w, h, _ = stats[number].tolist()
        reach = max(min(w, h) // 2, LEAST_RING) + 1
        box = np.s_[max(y - reach, 0) : y + h + reach, max(x - reach, 0) : x + w + reach]
        inside = labels[box] == number
        found[number] = _has_vanished(inside, encoded(shown[box]), encoded(light[box]))
    return np.asarray(found[labels])


def _has_vanished(inside: Mask, shown: Float32, new: Float32) -> bool:
    """Whether a spot stands out in one of two encoded frames, and not at all in the other."""
    core, ring = _core_and_ring(inside)
    if not ring.any():
        return False
    before, now = (tone[core].mean(axis=0) for tone in (shown, new))
    around, then = (tone[ring].mean(axis=0) for tone in (shown, new))
    strong, weak = sorted((before - around, now - then), key=_most, reverse=True)
    channel = int(np.abs(strong).argmax())
    contrast = float(strong[channel])
    if abs(contrast) < LEAST_CONTRAST:
        return False
    left, spread = float(weak[channel]) / contrast, _most(around - then) / abs(contrast)
    return left < GONE and spread < GONE


def _core_and_ring(inside: Mask) -> tuple[Mask, Mask]:
    """Core of a spot, and its surroundings, about as wide."""
    within = cv2.distanceTransform(np.pad(inside.view(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    around = cv2.distanceTransform((~inside).view(np.uint8), cv2.DIST_L2, 5)
    depth = float(within.max())
    ring = (around > 1) & (around <= max(depth, LEAST_RING))
    return np.asarray(within > CORE * depth), np.asarray(ring)


def _most(contrast: Float32) -> float:
    return float(np.abs(contrast).max())
