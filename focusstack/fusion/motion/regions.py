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
