"""A weighted mean over frames in which the best one dominates, found while they pass by.

Weights are a high power of a frame's quality, far beyond what float32 can hold, so only their
ratio to the best frame's is ever formed: the best quality so far is kept, and the running mean is
discounted when a better frame arrives (the log-sum-exp trick; M. Milakov and N. Gimelshein,
"Online normalizer calculation for softmax", 2018).
"""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.fusion.running_mean import NEVER, blend, row_strips
from focusstack.typing import Float32

POWER = 64
"""How fast weight falls with quality."""

EXCESS = 1e-3
"""Error that grows with the signal, as a share of its energy: frames never match exactly."""


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
    grid : tuple of int
        As given.
    """

    def __init__(self, shape: tuple[int, ...], grid: tuple[int, int]) -> None:
        self.mean = np.zeros(shape, np.float32)
        self.grid = grid
        self._most = np.zeros(grid, np.float32)
        self._weight = np.zeros(grid, np.float32)
        self._strips = row_strips(*grid)
        rows = self._strips[0].stop
        self._planes = [np.empty((rows, grid[1]), np.float32) for _ in range(3)]

    def add(
        self,
        band: Float32,
        evidence: Float32,
        noise: float,
        trust: Float32 | None = None,
        scratch: Float32 | None = None,
    ) -> None:
        """Take the level of one frame.

        Parameters
        ----------
        band : (H, W[, C]) float32 ndarray
            The coefficients.
        evidence : float32 ndarray
            Energy above the noise, on the grid; overwritten if that is half the level.
        noise : float
            Energy of the noise at this level.
        trust : float32 ndarray, optional
            0..1 on the grid, multiplies the weight.
        scratch : (2, H, W) float32 ndarray, optional
            Memory to work in if the grid is half the level.
        """
        if band.shape[:2] == evidence.shape:
            for rows in self._strips:
                share = self._share(rows, evidence, noise, trust)
                blend(self.mean[rows], band[rows], share, self._planes[1][: len(share)])
            return
        # the evidence is not needed any more: its place takes the shares
        for rows in self._strips:
            evidence[rows] = self._share(rows, evidence, noise, trust)
        full, rest = np.empty((2, *band.shape[:2]), np.float32) if scratch is None else scratch
        cv2.resize(evidence, band.shape[1::-1], full)
        blend(self.mean, band, full, rest)

    def discount(self, stays: Float32) -> None:
        """Multiply the weight of all frames so far, on the grid."""
        self._weight *= stays

    def _share(
        self, rows: slice, evidence: Float32, noise: float, trust: Float32 | None
    ) -> Float32:
        """Share of this frame in the mean so far and itself, and keep account of its weight."""
        here, best, weight = (plane[: rows.stop - rows.start] for plane in self._planes)
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
