"""Evidence for sharpness: how much detail above the noise a frame shows at every level and place.

A frame in focus has more detail than a defocused one at *every* level, but the difference is large
only at the fine ones. The blurred rim of a bright foreground, on the other hand, can hold more
coarse energy than the true background behind it. So a coarse level is not judged by its own energy
alone: the evidence of all finer levels beneath it counts too, and where these show anything above
the noise they decide. That keeps all levels of one place with one frame, and halos away.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from focusstack.fusion.laplacian import down
from focusstack.fusion.luminance import luma_of
from focusstack.fusion.noise import level_noise, noise_variance
from focusstack.typing import Float32

WINDOW = 7
"""Side of the window over which energy is averaged, in pixels of the level."""

FINEST_WINDOW = 3
"""The same for the finest level, whose energy is kept on the grid of the next one."""


class FocusEvidence:
    """Evidence of one frame after another, in memory allocated once.

    Parameters
    ----------
    shapes : list of tuple of int
        ``(height, width)`` of the pyramid's levels, the base last.
    window : int, optional
        Side of the energy window at each level, odd.

    Attributes
    ----------
    grids : list of tuple of int
        Size of the evidence of each band-pass level. That of the finest level is kept at the size
        of the second, which is as fine as its window.
    levels : list of ndarray
        Evidence of the latest frame: energy above the noise, own and from all finer levels.
    base : ndarray
        All of it, at the size of the pyramid's base.
    variance : float
        Noise variance of the latest frame.
    """

    def __init__(self, shapes: list[tuple[int, int]], window: int = WINDOW) -> None:
        self.grids = [shapes[1], *shapes[1:-1]]
        self.levels = [np.zeros(s, np.float32) for s in self.grids]
        self.base = np.zeros(shapes[-1], np.float32)
        self.variance = 0.0
        self._window = (window, window)
        self._gains = level_noise(len(self.grids))
        self._luma = [np.empty(s, np.float32) for s in shapes[:-1]]

    def measure(self, bands: list[Float32]) -> None:
        """Fill `levels`, `base` and `variance` from the band-pass levels of a frame."""
        for level, band in enumerate(bands):
            luma = luma_of(band, self._luma[level])
            if level == 0:
                self._measure_finest(luma)
            else:
                energy = self.levels[level]
                cv2.sqrBoxFilter(luma, cv2.CV_32F, self._window, energy)
                self._subtract_noise(energy, level)
        self._gather()

    def _measure_finest(self, luma: Float32) -> None:
        square = cv2.multiply(luma, luma, self._luma[0] if luma is self._luma[0] else None)
        energy = self.levels[0]
        cv2.blur(down(np.asarray(square)), (FINEST_WINDOW, FINEST_WINDOW), energy)
        self.variance = noise_variance(energy)
        self._subtract_noise(energy, 0)

    def _subtract_noise(self, energy: Float32, level: int) -> None:
        energy -= np.float32(self.variance * self._gains[level])
        np.maximum(energy, 0, out=energy)

    def _gather(self) -> None:
        """Add to each level what the finer ones hold, and to the finest what the second holds."""
        levels = self.levels
        if len(levels) > 1:
            levels[0] += levels[1]
            np.copyto(levels[1], levels[0])
        for finer, coarser in pairwise(levels[1:]):
            coarser += down(finer)
        below = levels[-1]
        np.copyto(self.base, below if below.shape == self.base.shape else down(below))
