"""The compiled loops of the band pass: both Gaussians at once, row by row.

Import this module only when tiles are to be measured: loading the compiler takes a while.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numba
import numpy as np

from focusstack.compiler import compiled, inner, read_only, writable
from focusstack.once import once
from focusstack.typing import Float32


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


def _difference(
    image: Float32, fine: Float32, coarse: Float32, factor: float, out: Float32
) -> None:
    width, pad = image.shape[1], max(fine.size, coarse.size)
    line = np.zeros(width + 2 * pad, np.float32)
    for y in range(out.shape[0]):
        out[y] = 0
        _down(image, y, fine, line[pad:])
        _across(line, pad, fine, factor, out[y])
        _down(image, y, coarse, line[pad:])
        _across(line, pad, coarse, -factor, out[y])


_loops = once(
    lambda: compiled(
        _difference,
        *(read_only(np.float32, dimensions) for dimensions in (2, 1, 1)),
        numba.types.float64,
        writable(np.float32, 2),
    )
)


@lru_cache
def _half_kernel(sigma: float) -> Float32:
    """The middle and one half of a Gaussian that reaches four standard deviations."""
    if sigma <= 0:
        return np.ones(1, np.float32)
    reach = round(4 * sigma)
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
