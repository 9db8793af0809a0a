"""At which frame of the stack every part of the picture is sharp (shape from focus).

S. K. Nayar and Y. Nakagawa, "Shape from Focus", TPAMI 16(8), 1994.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from focusstack.alignment.tiles.measure import proxy_in
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.alignment.tiles.shifts import band_pass
from focusstack.geometry.coordinates import Rect, at_scale
from focusstack.geometry.field import Field
from focusstack.numeric.arrays import Float32
from focusstack.numeric.normalised_convolution import filled_from_sure
from focusstack.resample.warp import resample
from focusstack.runtime.spool import Arrays

FINE, COARSE = 0.7, 3.0
"""Pass band of the focus measure: standard deviations of two Gaussians, in pixels, from just above
noise to just above blur (``python -m benchmarks.alignment``, *parallax*)."""

WINDOW_SIGMA = 2.5
"""Over what distance the focus measure is averaged, in pixels: little, for thin things
(``python -m benchmarks.alignment``, *parallax, layers*)."""

FILL_SIGMAS = (0.5, 2.0, 8.0, 32.0)
"""Where nothing is sure, the mean over a wider and wider neighbourhood stands in: standard
deviations in pixels of the measure, which are two of the frame's."""

NEAR_SIGMA = 2.0
"""What only a wider neighbourhood than this tells is a guess, in pixels of the measure. Between two
of `FILL_SIGMAS`."""


class FocusIndex:
    """Running peak of the focus measure while the frames pass by.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)``.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        from focusstack.numeric.loops.running_peak import Peaks  # loads the compiler

        nothing = (np.zeros(shape, np.float32) for _ in range(4))
        self._peaks = Peaks(np.full(shape, -1, np.float32), *nothing)
        self._total = np.zeros(shape, np.float32)
        self._count = 0

    def add(self, measure: Float32) -> None:
        """Take the focus measure of the next frame."""
        from focusstack.alignment.loops.focus_index import follow  # loads the compiler

        follow()(measure, self._count, self._peaks, self._total)
        self._count += 1

    def result(self) -> tuple[Float32, Float32]:
        """Index of the sharpest frame, between frames too, and how far it is a guess, 0..1.

        Where nothing is sure, the neighbourhood stands in.
        """
        # The parabola of fusion's depth tracker; there, a flat peak is left at its frame.
        floor = np.float32(1e-12)
        index, peaks = self._peaks.frame, self._peaks
        before, peak, after = (
            np.log(np.maximum(m, floor)) for m in (peaks.before, peaks.peak, peaks.after)
        )
        bend = np.minimum(before - 2 * peak + after, -1e-6)
        inner = (index > 0) & (index < self._count - 1)
        index = index + np.where(inner, np.clip(0.5 * (before - after) / bend, -0.5, 0.5), 0)
        return filled_from_sure(
            index.astype(np.float32), self._certainty(), FILL_SIGMAS, NEAR_SIGMA
        )

    def _certainty(self) -> Float32:
        """0..1: how far the peak stands above the other frames and above noise."""
        peak = self._peaks.peak
        mean = self._total / np.float32(self._count)
        noise = np.float32(4 * np.percentile(peak[::4, ::4], 5) + 1e-12)
        above = np.clip((peak - mean) / np.maximum(peak, 1e-12), 0, 1)
        return np.asarray(above * peak / (peak + noise), np.float32)


def sharpness(luma: Float32) -> Float32:
    """Focus measure of a frame, in its own pixels, at half the size of its linear luma."""
    detail = band_pass(luma, FINE, COARSE)
    cv2.multiply(detail, detail, detail)
    height, width = detail.shape
    half = ((width + 1) // 2, (height + 1) // 2)
    small = cv2.resize(detail, half, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), WINDOW_SIGMA / 2, small), np.float32)


def focus_index(
    series: Series,
    poses: Poses,
    placed: Callable[[int], Field | None],
    scale: float = 1.0,
) -> tuple[Float32, Float32]:
    """Find where in the stack every part of the picture is sharpest.

    Parameters
    ----------
    series : Series
        The frames, in focus order.
    poses : Poses
        Where they lie; only frames that have a place are looked at.
    placed : callable
        Local displacement of a frame index on the canvas, in proxy pixels, which the lens's is
        added to.
    scale : float, optional
        Proxies are reduced by this first.

    Returns
    -------
    index : (h, w) float32 ndarray
        Position in ``poses.kept``, from 0, at the scale of the proxies.
    guessed : (h, w) float32 ndarray
        How far that is a guess from farther away, 0..1.
    """
    canvas = np.array(series.size)

    def measure(index: int) -> Float32:
        def make() -> Arrays:
            return (sharpness(proxy_in(series, index, scale).luma),)

        (energy,) = series.kept.kept(("sharpness", index, scale), make)
        height, width = energy.shape
        field = poses.field(index, placed(index))
        ratio = float(np.mean((width, height) / canvas))
        if field is not None:
            field = field.reduced(ratio, width, height)
        H = at_scale(poses.matrices[index], 1 / ratio)
        moved = resample(energy, H, Rect(0, 0, width, height), field=field)
        moved *= np.float32(series.gains[index] ** 2)
        return moved

    found, kept = None, poses.kept
    with ThreadPoolExecutor(series.threads) as pool:
        for start in range(0, len(kept), series.threads):
            for one in pool.map(measure, kept[start : start + series.threads]):
                found = found or FocusIndex(one.shape)
                found.add(one)
    assert found is not None
    index, guessed = (
        np.asarray(cv2.resize(part, series.size, interpolation=cv2.INTER_LINEAR), np.float32)
        for part in found.result()
    )
    return index, guessed
