"""Which frame is sharpest where, found while the frames pass by.

Kept for each pixel: the largest focus measure so far, the frame it came from and the measures of
the frames just before and after it, so that the peak can be placed between frames.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from focusstack.typing import Float32

Codes = NDArray[np.uint16]
"""Positive numbers as the upper half of their float32: in order, and good to half a percent."""


class DepthTracker:
    """Running peak of a focus measure over the frames.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)`` of the focus measure.

    Attributes
    ----------
    index : (H, W) uint16 ndarray
        Frame of the peak.
    frames : int
        How many have been taken.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.index: Codes = np.zeros(shape, np.uint16)
        self.frames = 0
        self._peak, self._before, self._after, self._last = (
            np.zeros(shape, np.uint16) for _ in range(4)
        )
        self._total = np.zeros(shape, np.float32)

    def add(self, focus: Float32) -> None:
        """Take the focus measure (not negative) of the next frame."""
        from focusstack.fusion import tracking  # loads the compiler

        tracking.track()(
            focus.view(np.uint32), focus, self.frames, self._peak, self._before, self._after,
            self._last, self.index, self._total,
        )  # fmt: skip
        self.frames += 1

    def discount(self, stays: Float32) -> None:
        """Let the peak so far go where `stays` is below a half: the next frame takes its place."""
        np.copyto(self._peak, np.uint16(0), where=stays < 0.5)
        self._total *= stays

    def depth(self) -> Float32:
        """Focus index, by a parabola through the logarithms of the peak and its neighbours.

        The focus measure of a defocused texture falls like a Gaussian around its peak, whose
        logarithm is a parabola (Nayar and Nakagawa, "Shape from Focus", TPAMI 16(8), 1994). At
        the first and last frame the index stays whole.
        """
        floor = np.float32(1e-12)
        before, peak, after = (
            np.log(np.maximum(_decoded(m), floor)) for m in (self._before, self._peak, self._after)
        )
        bend = before - 2 * peak + after
        shift = np.divide(0.5 * (before - after), bend, out=np.zeros_like(bend), where=bend < -1e-6)
        inner = (self.index > 0) & (self.index < self.frames - 1)
        shift = np.where(inner, np.clip(shift, -0.5, 0.5), np.float32(0))
        return np.asarray(self.index + shift, np.float32)

    def distinctness(self, noise: float) -> Float32:
        """0..1: how far the peak stands above the mean of all frames and above `noise`."""
        peak = _decoded(self._peak)
        mean = self._total / np.float32(max(self.frames, 1))
        return np.asarray(np.clip((peak - mean) / (peak + np.float32(noise)), 0, 1), np.float32)


def _decoded(codes: Codes) -> Float32:
    return np.left_shift(codes.astype(np.uint32), 16).view(np.float32)
