"""Which frame is sharpest where, found while the frames pass by.

Kept for each pixel: the largest focus measure so far, the frame it came from and the measures of
the frames just before and after it, so that the peak can be placed between frames.
"""

from __future__ import annotations

import numpy as np

from focusstack.typing import Float32, Mask


class DepthTracker:
    """Running peak of a focus measure over the frames.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)`` of the focus measure.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.peak = np.full(shape, -1, np.float32)
        self.index = np.zeros(shape, np.float32)
        self.before = np.zeros(shape, np.float32)
        self.after = np.zeros(shape, np.float32)
        self.total = np.zeros(shape, np.float32)
        self._last = np.zeros(shape, np.float32)
        self._rose: Mask = np.zeros(shape, bool)
        self.frames = 0

    def add(self, focus: Float32) -> None:
        """Take the focus measure (not negative) of the next frame."""
        np.copyto(self.after, focus, where=self._rose)
        np.greater(focus, self.peak, out=self._rose)
        np.copyto(self.peak, focus, where=self._rose)
        np.copyto(self.before, self._last, where=self._rose)
        np.copyto(self.index, np.float32(self.frames), where=self._rose)
        np.copyto(self.after, np.float32(0), where=self._rose)
        self.total += focus
        np.copyto(self._last, focus)
        self.frames += 1

    def discount(self, stays: Float32) -> None:
        """Let the peak so far go where `stays` is 0: the next frame takes its place."""
        self.peak *= stays
        self.total *= stays
        np.subtract(self.peak, 1, out=self.peak, where=stays < 0.5)

    def depth(self) -> Float32:
        """Focus index, by a parabola through the logarithms of the peak and its neighbours.

        The focus measure of a defocused texture falls like a Gaussian around its peak, whose
        logarithm is a parabola (Nayar and Nakagawa, "Shape from Focus", TPAMI 16(8), 1994). At
        the first and last frame the index stays whole.
        """
        floor = np.float32(1e-12)
        before, peak, after = (
            np.log(np.maximum(m, floor)) for m in (self.before, self.peak, self.after)
        )
        bend = before - 2 * peak + after
        shift = np.divide(0.5 * (before - after), bend, out=np.zeros_like(bend), where=bend < -1e-6)
        inner = (self.index > 0) & (self.index < self.frames - 1)
        return np.where(inner, self.index + np.clip(shift, -0.5, 0.5), self.index).astype(
            np.float32
        )

    def distinctness(self, noise: float) -> Float32:
        """0..1: how far the peak stands above the mean of all frames and above `noise`."""
        mean = self.total / np.float32(max(self.frames, 1))
        above = (self.peak - mean) / (self.peak + np.float32(noise))
        return np.asarray(np.clip(above, 0, 1), np.float32)
