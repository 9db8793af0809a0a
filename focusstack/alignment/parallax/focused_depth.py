"""At which depth each frame is focused, from how sharp things at every depth are in it.

Where focus sweeps through the scene, the sharpest frame tells the depth; where a hand travels far,
the depth is known, and tells the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from focusstack.numeric.arrays import Float32, Floats

FEWEST_DEPTHS = 3
"""Depths without which nothing is said of focus. Chosen, not measured: a line has two."""

BLUNT = 8
"""Power of the share of sharpness that all frames have alike, 0..1, which widens what counts as in
focus: only where frames hardly differ, all depths are in focus in all of them. Chosen: where a hand
travelled far that share is 0.55, and nothing is to be widened."""

LINE = 0.01
"""How much a straight line through all depths counts where no depth is sharpest in a frame."""


@dataclass(frozen=True)
class Focus:
    """On what each frame is focused.

    Attributes
    ----------
    planes : (n,) float64 ndarray
        Depth in focus, which rises or falls throughout.
    slab : float
        Distance from it within which things are in focus.
    told : float
        How well depth tells the frame in which something is sharpest, 0..1.
    """

    planes: Floats
    slab: float
    told: float

    def amplitude(self, depth: float, frames: Sequence[Float32]) -> Float32:
        """Amplitude of what is at `depth` in the frames that are focused on it."""
        turn = 1 if self.planes[-1] >= self.planes[0] else -1
        place = float(np.interp(turn * depth, turn * self.planes, np.arange(len(frames))))
        low = min(int(place), len(frames) - 2)
        share = np.float32(place - low)
        return np.asarray((1 - share) * frames[low] + share * frames[low + 1], np.float32)


def focus_of_frames(energy: Floats, share: Floats) -> Focus:
    """At which depth each frame is focused.

    Parameters
    ----------
    energy : (D, n) float64 ndarray
        Of the finest detail of every frame, by depth from -0.5 to 0.5.
    share : (D,) float64 ndarray
        Share of the picture that lies there.

    Examples
    --------
    >>> depth = (np.arange(40) + 0.5) / 40 - 0.5
    >>> energy = np.exp(-9 * np.abs(depth[:, None] - [-0.4, -0.1, 0.1, 0.5]))
    >>> focus_of_frames(energy, np.full(40, 1 / 40)).planes.round(1).tolist()
    [-0.4, -0.1, 0.1, 0.4]
    """
    count = energy.shape[1]
    depth = (np.arange(len(energy)) + 0.5) / len(energy) - 0.5
    # What is at one depth is compared between frames: how much there is does not matter.
    energy = energy / np.maximum(energy.max(1, keepdims=True), 1e-30)
    weight = np.sqrt(share) * (1 - energy.mean(1))
    told = weight > 0
    if np.count_nonzero(told) < FEWEST_DEPTHS:
        return Focus(np.linspace(-0.5, 0.5, count), 1.0, 0.0)
    depth, weight, place = depth[told], weight[told], _sharpest(energy[told])
    turn = 1.0 if np.polyfit(depth, place, 1, w=weight)[0] >= 0 else -1.0
    place = turn * _rising(turn * place, weight)
    slope, start = np.polyfit(place, depth, 1, w=weight)
    planes: Floats = start + slope * np.arange(count, dtype=float)
    for k in range(count):
        near = weight * np.maximum(1 - np.abs(place - k), 0)
        planes[k] = (near @ depth + LINE * planes[k]) / (near.sum() + LINE)
    planes = turn * _rising(turn * planes, np.ones(count))
    clear = float(np.average(1 - energy[told].mean(1), weights=share[told])) * count / (count - 1)
    # Where all frames are about as sharp, all depths are in focus in all of them.
    blunt = float(np.clip(1 - clear, 0, 1))
    return Focus(planes, float(np.abs(np.diff(planes)).mean() + blunt**BLUNT), 1 - blunt)


def _sharpest(energy: Floats) -> Floats:
    """Index of the highest of each row, between columns too by a parabola through logarithms."""
    log, top = np.log(np.maximum(energy, 1e-12)), energy.argmax(1)
    inner = np.clip(top, 1, energy.shape[1] - 2)
    before, peak, after = (log[np.arange(len(log)), inner + o] for o in (-1, 0, 1))
    part = 0.5 * (before - after) / np.minimum(before - 2 * peak + after, -1e-6)
    return np.asarray(np.where(inner == top, inner + np.clip(part, -0.5, 0.5), top), float)


def _rising(values: Floats, weight: Floats) -> Floats:
    """Least-squares values that rise (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []
    for value, share in zip(values.tolist(), weight.tolist(), strict=True):
        pools.append((value, share, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, u, m), (b, v, n) = pools[-2:]
            pools[-2:] = [((a * u + b * v) / (u + v), u + v, m + n)]
    return np.concatenate([np.full(n, value) for value, _, n in pools])
