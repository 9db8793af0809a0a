"""A weighted mean over frames in which the best one dominates, found while they pass by.

Weights are a high power of a frame's quality, far beyond what float32 can hold, so only their
logarithms and ratios are ever formed, and what is kept is the quality that a single frame would
need to weigh as much as all so far (the log-sum-exp trick; M. Milakov and N. Gimelshein, "Online
normalizer calculation for softmax", 2018).
"""

from __future__ import annotations

import numpy as np

from focusstack.fusion.levels.implicit_band import Unstored
from focusstack.fusion.loops.arguments import Scaled, Weight
from focusstack.numeric.arrays import Float32, Mask
from focusstack.resample.planes import STEP
from focusstack.runtime.scratch import Room
from focusstack.runtime.strips import layers, row_strips

EXCESS = 1e-3
"""Error that grows with the signal, as a share of its energy: frames never match exactly.
Benchmark: ``python -m benchmarks.fusion``, PSNR away from edges."""

FORGOTTEN = 1e-5
"""Quality of frames that do not count any more, by the least quality, 1: less than that of what
is not valid."""


class Weights:
    """Weights of a level's frames, by evidence for sharpness.

    With evidence S and noise energy n, the amplitude in units of noise is ``A = sqrt(S / n)`` and
    the weight ``(1 + sqrt(EXCESS) A) ** 64``. For small A that is ``exp(2 A)``: the mean
    squared error of a weighted mean of a sharp coefficient c and a blurred one ``(1 - b) c`` is
    least if the blurred one weighs ``1 / (1 + b² c² / n)`` as much, so what matters is the
    difference of the two in units of noise. Where all frames show noise only, all weigh the same.
    For large A it is a power law in A, as errors then grow with the signal.

    Parameters
    ----------
    grid : tuple of int
        ``(H, W)`` of the evidence.
    room : Room, optional
        Where they lie.

    Attributes
    ----------
    grid : tuple of int
        As given.
    amplitude : (H, W) float32 ndarray
        Square root of the energy above the noise that would weigh as much as all frames so far.
    scale : float32
        Turns it into quality, which is 1 where there is nothing but noise.
    """

    def __init__(self, grid: tuple[int, int], room: Room | None = None) -> None:
        self.grid = grid
        self._room = Room() if room is None else room
        self.amplitude = self._room.zeros(grid, np.float32)
        self.scale = np.float32(1)
        self._empty = True

    def begin(self, noise: float) -> None:
        """Fix the energy of the noise for the next frame."""
        self.scale = np.float32((EXCESS / noise) ** 0.5)
        if self._empty:
            for rows in row_strips(*self.grid):
                self.amplitude[rows] = _amplitude(0, self.scale)
                self._room.tidy()
            self._empty = False

    @property
    def weight(self) -> Weight:
        """Amplitude and scale, as the loops take them."""
        return Weight(self.amplitude, self.scale)

    def discount(self, gone: Mask) -> None:
        """Let all frames so far weigh nothing where they are `gone`, on the grid."""
        for rows in row_strips(*self.grid):
            if gone[rows].any():
                np.copyto(self.amplitude[rows], _amplitude(FORGOTTEN, self.scale), where=gone[rows])
                self._room.tidy()


class SoftSelection(Weights):
    """Running mean of one pyramid level, weighted by evidence for sharpness.

    Parameters
    ----------
    shape : tuple of int
        ``([C, ]H, W)`` of the level.
    room : Room, optional
        Where it lies.
    deep : bool
        Whether frames have more than 8 bits: the mean is then kept to a 16-bit step and better,
        otherwise in half the memory to a hundredth of an 8-bit step.
    """

    def __init__(
        self, shape: tuple[int, ...], room: Room | None = None, *, deep: bool = True
    ) -> None:
        super().__init__((shape[-2], shape[-1]), room)
        self._step = np.float32(0 if deep else STEP)
        self._shape = shape
        kind = np.float32 if deep else np.int16
        self._mean = layers(self._room.zeros(shape, kind))

    @property
    def mean(self) -> Float32:
        """The weighted mean ``([C, ]H, W)`` of all frames so far."""
        step = self._step or np.float32(1)
        return np.asarray(self._mean * step, np.float32).reshape(self._shape)

    def add(
        self, band: Unstored, evidence: Float32, noise: float, validity: Float32 | None = None
    ) -> None:
        """Take the level of one frame.

        Parameters
        ----------
        band : Unstored
            The coefficients.
        evidence : (H, W) float32 ndarray
            Energy above the noise.
        noise : float
            Energy of the noise at this level.
        validity : (H, W) float32 ndarray, optional
            0..1, multiplies the weight.
        """
        self.begin(noise)
        known = np.empty((0, 0), np.float32) if validity is None else validity
        band.select(evidence, known, self.weight, Scaled(self._mean, self._step))


def _amplitude(quality: float, scale: np.float32) -> np.float32:
    return np.float32((quality - 1) / scale)
