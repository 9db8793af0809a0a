"""The compiled loops that turn planes into a picture of whole numbers.

Import this module only when pixels are to be worked on: loading the compiler takes a while.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
from numpy.typing import NDArray

from focusstack.numeric.arrays import Float32, Image
from focusstack.runtime.compiler import compiled, read_only, writable
from focusstack.runtime.once import once


def _look_up(codes: NDArray[np.int16], table: Image, out: Image) -> None:
    """Put the planes ``(C, H, W)`` side by side; `table` holds the values from code 0 on."""
    channels, height, width = codes.shape
    most = np.int16(table.size - 1)
    for y in range(height):
        for c in range(channels):
            row, to = codes[c, y], out[y].reshape(-1)[c:]
            for x in range(width):
                code = row[x]
                code = code if code > 0 else np.int16(0)
                to[channels * x] = table[code if code < most else most]


def _round(values: Float32, top: np.float32, out: Image) -> None:
    """Put planes ``(C, H, W)`` of 0..1 side by side, clipped and rounded to 0..`top`."""
    channels, height, width = values.shape
    line = np.empty(width, np.int32)
    for y in range(height):
        for c in range(channels):
            row, to = values[c, y], out[y].reshape(-1)[c:]
            for x in range(width):
                value = row[x]
                value = value if value > 0 else np.float32(0)
                value = value if value < 1 else np.float32(1)
                line[x] = np.int32(np.rint(value * top))
            for x in range(width):
                to[channels * x] = line[x]


@once
def look_up(dtype: np.dtype[np.generic]) -> Callable[..., None]:
    """Return the compiled :func:`_look_up` for pictures ``(H, W, C)`` of `dtype`."""
    return compiled(_look_up, read_only(np.int16, 3), read_only(dtype, 1), writable(dtype, 3))


@once
def rounding(dtype: np.dtype[np.generic]) -> Callable[..., None]:
    """Return the compiled :func:`_round` for such pictures."""
    return compiled(_round, read_only(np.float32, 3), numba.types.float32, writable(dtype, 3))
