"""The image of a point out of focus: an even disc."""

from __future__ import annotations

from functools import lru_cache
from math import ceil

import numpy as np

from focusstack.numeric.arrays import Float32


@lru_cache(maxsize=128)
def disc(radius: float) -> Float32:
    """Return a disc of `radius` pixels, sum 1, odd size.

    Each tap is the share of the disc's area that falls on the pixel.
    """
    reach = max(ceil(radius - 0.5), 0)
    fine = 16
    axis = (np.arange((2 * reach + 1) * fine) + 0.5) / fine - reach - 0.5
    inside = (axis[:, None] ** 2 + axis[None, :] ** 2 <= radius**2).astype(np.float32)
    n = 2 * reach + 1
    taps = inside.reshape(n, fine, n, fine).sum((1, 3))
    taps = taps / taps.sum() if taps.sum() > 0 else np.ones((1, 1))
    return np.asarray(taps, np.float32)
