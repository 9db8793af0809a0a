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

EXCESS = 1e-3
"""Error that grows with the signal, as a share of its energy: frames never match exactly."""

STRIP = 1 << 17
"""Pixels worked on at a time, so that all steps on them stay in the processor's cache."""


class SoftSelection:
    """Running mean of one pyramid level, weighted by evidence for sharpness.

    With evidence S and noise energy n, the amplitude in units of noise is ``A = sqrt(S / n)`` and
    the weight ``(1 + sqrt(EXCESS) A) ** POWER``. For small A that is ``exp(2 A)``: the mean
    squared error of a weighted mean of a sharp coefficient c and a blurred one ``(1 - b) c`` is
    least if the blurred one weighs ``1 / (1 + b² c² / n)`` as much, so what matters is the
    difference of the two in units of noise. Where all frames show noise only, all weigh the same.
    For large A it is a power law in A, as errors then grow with the signal.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W[, C])`` of the level.
    grid : tuple of int
        ``(H, W)`` of the evidence: that of the level or half of it.

    Attributes
    ----------
    mean : ndarray
        The weighted mean of all frames so far.
    """

    def __init__(self, shape: tuple[int, ...], grid: tuple[int, int]) -> None:
        self.mean = np.zeros(shape, np.float32)
        self._most = np.zeros(grid, np.float32)
        self._weight = np.zeros(grid, np.float32)
        rows = max(1, min(grid[0], STRIP // grid[1]))
        self._strips = [slice(y, min(y + rows, grid[0])) for y in range(0, grid[0], rows)]
        self._scratch = [np.empty((rows, grid[1]), np.float32) for _ in range(3)]

    def add(
        self, band: Float32, evidence: Float32, noise: float, trust: Float32 | None = None
    ) -> None:
        """Take the level of one frame.

        Parameters
        ----------
        band : (H, W[, C]) float32 ndarray
            The coefficients.
        evidence : float32 ndarray
            Energy above the noise, on the grid.
        noise : float
            Energy of the noise at this level.
        trust : float32 ndarray, optional
            0..1 on the grid, multiplies the weight.
        """
        if band.shape[:2] == evidence.shape:
            for rows in self._strips:
                share = self._share(rows, evidence, noise, trust)
                blend(self.mean[rows], band[rows], share, self._scratch[1][: len(share)])
            return
        shares = np.empty_like(evidence)
        for rows in self._strips:
            shares[rows] = self._share(rows, evidence, noise, trust)
        blend(self.mean, band, np.asarray(cv2.resize(shares, band.shape[1::-1])))

    def _share(
        self, rows: slice, evidence: Float32, noise: float, trust: Float32 | None
    ) -> Float32:
        """Share of this frame in the mean so far and itself, and keep account of its weight."""
        here, best, weight = (plane[: rows.stop - rows.start] for plane in self._scratch)
        energy, most, total = evidence[rows], self._most[rows], self._weight[rows]
        scale, zero = np.float32(EXCESS / noise), np.float32(0)
        for signal, quality in ((energy, here), (most, best)):
            np.multiply(signal, scale, out=quality)
            cv2.sqrt(quality, quality)
            np.add(quality, np.float32(1), out=quality)
        # log of this frame's weight by the best one's: positive where this is the new best
        cv2.divide(here, best, here)
        cv2.log(here, here)
        np.multiply(here, np.float32(POWER), out=here)
        np.minimum(here, zero, out=weight)
        cv2.exp(weight, weight)
        np.negative(here, out=here)
        np.minimum(here, zero, out=here)
        cv2.exp(here, here)
        if trust is not None:
            cv2.multiply(weight, trust[rows], weight)
            np.maximum(weight, NEVER, out=weight)
        cv2.multiply(total, here, total)
        cv2.add(total, weight, total)
        cv2.max(most, energy, most)
        return np.asarray(cv2.divide(weight, total, here))
