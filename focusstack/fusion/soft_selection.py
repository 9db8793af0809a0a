"""A weighted mean over frames in which the best one dominates, found while they pass by.

Weights are a high power of a frame's quality, far beyond what float32 can hold, so only their
ratio to the best frame's is ever formed: the best quality so far is kept, and the running mean is
discounted when a better frame arrives (the log-sum-exp trick; M. Milakov and N. Gimelshein,
"Online normalizer calculation for softmax", 2018).
"""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.fusion.running_mean import NEVER, blend
from focusstack.typing import Float32

POWER = 64
"""How fast weight falls with quality."""

SHARPNESS = 1e-3
"""Signal-to-noise energy ratio, inverted, above which only the ratio of two frames counts."""


class SoftSelection:
    """Running mean of one pyramid level, weighted by evidence for sharpness.

    With evidence S and noise energy n, the amplitude in units of noise is ``A = sqrt(S / n)`` and
    the weight ``(1 + sqrt(SHARPNESS) A) ** POWER``. For small A that is ``exp(2 A)``: the mean
    squared error of a weighted mean of a sharp coefficient c and a blurred one ``(1 - b) c`` is
    least if the blurred one weighs ``1 / (1 + b² c² / n)`` as much, so what matters is the
    difference of the two in units of noise. Where all frames show noise only, all weigh the same.
    For large A it is a power law, since there is more error than noise: frames never match exactly.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W[, 3])`` of the level.
    grid : tuple of int
        ``(H, W)`` of the evidence: that of the level or half of it.
    """

    def __init__(self, shape: tuple[int, ...], grid: tuple[int, int]) -> None:
        self.mean = np.zeros(shape, np.float32)
        self._most = np.zeros(grid, np.float32)
        self._weight = np.zeros(grid, np.float32)
        self._here = np.empty(grid, np.float32)
        self._best = np.empty(grid, np.float32)
        self._share = np.empty(shape[:2], np.float32)
        self._rest = np.empty(shape[:2], np.float32)

    def add(
        self, band: Float32, evidence: Float32, noise: float, trust: Float32 | None = None
    ) -> None:
        """Take the level of one frame.

        Parameters
        ----------
        band : (H, W[, 3]) float32 ndarray
            The coefficients.
        evidence : float32 ndarray
            Energy above the noise, on the grid.
        noise : float
            Energy of the noise at this level.
        trust : float32 ndarray, optional
            0..1 on the grid, multiplies the weight.
        """
        here, best = self._here, self._best
        scale = np.float32(SHARPNESS / noise)
        for energy, quality in ((evidence, here), (self._most, best)):
            np.multiply(energy, scale, out=quality)
            cv2.sqrt(quality, quality)
            quality += 1
        # (here / best) ** POWER, and where here is the better of the two, its inverse
        cv2.divide(here, best, here)
        better = here > 1
        np.divide(1, here, out=here, where=better)
        cv2.log(here, here)
        here *= POWER
        cv2.exp(here, here)
        weight = np.where(better, np.float32(1), here)
        if trust is not None:
            weight *= trust
            np.maximum(weight, NEVER, out=weight)
        np.multiply(self._weight, here, out=self._weight, where=better)
        self._weight += weight
        np.maximum(self._most, evidence, out=self._most)
        cv2.divide(weight, self._weight, weight)
        self._blend(band, weight)

    def _blend(self, band: Float32, share: Float32) -> None:
        """Move the mean towards `band` by `share`."""
        if share.shape != self._share.shape:
            size = self._share.shape[1::-1]
            share = np.asarray(cv2.resize(share, size, self._share))
        blend(self.mean, band, share, self._rest)
