"""The composite under construction: a pyramid whose levels are weighted means over the frames."""

from __future__ import annotations

import numpy as np

from focusstack.fusion.laplacian import LaplacianPyramid, collapse
from focusstack.fusion.noise import level_noise
from focusstack.fusion.running_mean import NEVER
from focusstack.fusion.soft_selection import SoftSelection
from focusstack.typing import Float32

LEAST_BASE = np.float32(1e-9)
"""Weight of a frame's base where it shows no detail at all."""


class Composite:
    """Pyramid of weighted means of one signal: colour, luma or colour differences.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W[, C])`` of the signal.
    grids : list of tuple of int, optional
        Sizes of the evidence of each level, if not that of the level.
    scratch : (2, H, W) float32 ndarray, optional
        Memory to work in, needed if signals are put into ``bands[0]`` to be decomposed there.

    Attributes
    ----------
    bands, gauss : list of ndarray
        Band-pass levels of the latest frame, and its reduced images from the second level on.
    shapes : list of tuple of int
        ``(height, width)`` of each level, the base last.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        grids: list[tuple[int, int]] | None = None,
        scratch: Float32 | None = None,
    ) -> None:
        self._pyramid = LaplacianPyramid(shape)
        self.bands = self._pyramid.bands
        self.gauss = self._pyramid.gauss
        self.shapes = self._pyramid.shapes
        grids = self.shapes[:-1] if grids is None else grids
        self._selections = [
            SoftSelection(band.shape, grid) for band, grid in zip(self.bands, grids, strict=True)
        ]
        self._gains = level_noise(len(self.bands))
        self._scratch = scratch
        self._base = np.zeros_like(self._pyramid.base)
        self._weight = np.zeros(self.shapes[-1], np.float32)

    def decompose(self, signal: Float32) -> None:
        """Fill `bands` with those of the next frame, which may already lie in ``bands[0]``."""
        room = None
        if self._scratch is not None:
            room = self._scratch.reshape(-1)[: signal.size].reshape(signal.shape)
        self._pyramid.decompose(signal, room)

    def add(
        self,
        evidence: list[Float32],
        base_evidence: Float32,
        variance: float,
        trust: list[Float32] | None,
    ) -> None:
        """Take the frame decomposed last.

        Parameters
        ----------
        evidence : list of ndarray
            For each band-pass level, how sharp the frame is.
        base_evidence : ndarray
            The same for the base.
        variance : float
            Noise variance of the stack.
        trust : list of ndarray, optional
            Trust at the size of each level and the base; None is full trust.
        """
        at_size = {} if trust is None else {plane.shape: plane for plane in trust}
        for level, selection in enumerate(self._selections):
            sharp = evidence[level]
            noise = variance * self._gains[level]
            room = self._scratch if level == 0 else None
            selection.add(self.bands[level], sharp, noise, at_size.get(sharp.shape), room)
        weight = base_evidence + LEAST_BASE
        if trust is not None:
            weight *= trust[-1]
            np.maximum(weight, NEVER, out=weight)
        base = self._pyramid.base
        self._base += base * (weight if base.ndim == 2 else weight[..., None])
        self._weight += weight

    def discount(self, stays: list[Float32]) -> None:
        """Let all frames so far weigh next to nothing where `stays` is 0, as given by level."""
        at_size = {plane.shape: np.maximum(plane, NEVER) for plane in stays}
        for selection in self._selections:
            selection.discount(at_size[selection.grid])
        base = at_size[self.shapes[-1]]
        self._base *= base if self._base.ndim == 2 else base[..., None]
        self._weight *= base

    def close(self) -> None:
        """Let the room for frames go: nothing can be added afterwards."""
        del self.bands, self.gauss, self._pyramid, self._scratch

    def image(self) -> Float32:
        """Return the signal of all frames so far."""
        weight = self._weight if self._base.ndim == 2 else self._weight[..., None]
        base = np.asarray(self._base / weight, np.float32)
        return collapse([selection.mean for selection in self._selections], base)
