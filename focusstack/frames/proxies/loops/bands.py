"""The compiled loops of the band pass: both Gaussians at once, row by row.

Import this module only when tiles are to be measured: loading the compiler takes a while.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import compiled, inner, read_only, writable
from focusstack.runtime.once import once

Codes: TypeAlias = NDArray[np.int16]

_WHOLE = np.float32(3 << 22)
"""Numbers up to four millions are rounded where this is added and taken away again.

A property of float32: 1.5 times 2²³, beyond which its steps are whole.
"""


@inner
def _mirrored(y: int, height: int) -> int:
    """Row or column `y` of an image that is reflected at its outermost pixels."""
    if height == 1:
        return 0
    period = 2 * (height - 1)
    y = abs(y) % period
    return min(y, period - y)


@inner
def _down(image: Float32, y: int, kernel: Float32, line: Float32) -> None:
    """Weighted sum of the rows around `y`; `kernel` is one half, its middle first."""
    height = image.shape[0]
    middle, share = image[y], kernel[0]
    for x in range(middle.size):
        line[x] = share * middle[x]
    for k in range(1, kernel.size):
        above, below = image[_mirrored(y - k, height)], image[_mirrored(y + k, height)]
        share = kernel[k]
        for x in range(middle.size):
            line[x] += share * (above[x] + below[x])


@inner
def _across(line: Float32, pad: int, kernel: Float32, factor: float, out: Float32) -> None:
    """Add `factor` times the weighted sums along a line with `pad` pixels to either side."""
    width = out.size
    for k in range(pad):
        line[pad - 1 - k] = line[pad + _mirrored(-1 - k, width)]
        line[pad + width + k] = line[pad + _mirrored(width + k, width)]
    middle, share = line[pad:], np.float32(kernel[0] * factor)
    for x in range(width):
        out[x] += share * middle[x]
    for k in range(1, kernel.size):
        left, right = line[pad - k :], line[pad + k :]
        share = np.float32(kernel[k] * factor)
        for x in range(width):
            out[x] += share * (left[x] + right[x])


@inner
def _band(
    image: Float32,
    y: int,
    fine: Float32,
    coarse: Float32,
    factor: float,
    line: Float32,
    out: Float32,
) -> None:
    """One row of the difference; `line` has room for it and the reach of both kernels."""
    pad = max(fine.size, coarse.size)
    for x in range(out.size):
        out[x] = 0
    _down(image, y, fine, line[pad:])
    _across(line, pad, fine, factor, out)
    _down(image, y, coarse, line[pad:])
    _across(line, pad, coarse, -factor, out)


def _difference(
    image: Float32, fine: Float32, coarse: Float32, factor: float, out: Float32
) -> None:
    line = np.zeros(image.shape[1] + 2 * max(fine.size, coarse.size), np.float32)
    for y in range(out.shape[0]):
        _band(image, y, fine, coarse, factor, line, out[y])


def _coded_difference(
    image: Float32, fine: Float32, coarse: Float32, codes: float, out: Codes
) -> None:
    line = np.zeros(image.shape[1] + 2 * max(fine.size, coarse.size), np.float32)
    row, most = np.empty(image.shape[1], np.float32), np.float32(codes)
    for y in range(out.shape[0]):
        _band(image, y, fine, coarse, 1.0, line, row)
        for x in range(row.size):
            value = min(max(row[x] * most, -most), most)
            out[y, x] = np.int16(value + _WHOLE - _WHOLE)


_INPUT = *(read_only(np.float32, dimensions) for dimensions in (2, 1, 1)), numba.types.float64

_loops = once(lambda: compiled(_difference, *_INPUT, writable(np.float32, 2)))
_coded_loops = once(lambda: compiled(_coded_difference, *_INPUT, writable(np.int16, 2)))


def reach_of(sigma: float) -> int:
    """Pixels that a Gaussian reaches: four standard deviations."""
    return round(4 * sigma)


@lru_cache
def _half_kernel(sigma: float) -> Float32:
    """The middle and one half of a Gaussian that reaches four standard deviations."""
    if sigma <= 0:
        return np.ones(1, np.float32)
    reach = reach_of(sigma)
    whole = np.asarray(cv2.getGaussianKernel(2 * reach + 1, sigma, cv2.CV_32F), np.float32)
    return whole[reach:, 0].copy()


def gaussian_difference(image: Float32, fine: float, coarse: float, factor: float) -> Float32:
    """`factor` times the difference of two Gaussian blurs.

    Parameters
    ----------
    image : (H, W) float32 ndarray
        Not modified; reflected at the border.
    fine, coarse : float
        Standard deviations in pixels; 0 is no blur.
    factor : float
        What the result is multiplied with.
    """
    out = np.empty(image.shape, np.float32)
    kernels = _half_kernel(fine), _half_kernel(coarse)
    _loops()(np.ascontiguousarray(image), *kernels, factor, out)
    return out


def coded_difference(image: Float32, fine: float, coarse: float, codes: int) -> Codes:
    """Return the difference of two Gaussians as whole numbers from -`codes` to `codes`.

    White is `codes`.
    """
    out = np.empty(image.shape, np.int16)
    kernels = _half_kernel(fine), _half_kernel(coarse)
    _coded_loops()(np.ascontiguousarray(image), *kernels, codes, out)
    return out
