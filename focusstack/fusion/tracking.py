"""The compiled loops that follow where the sharpest frame is, and count energies.

Import this module only when pixels are to be worked on: loading the compiler takes a while.
"""

from __future__ import annotations

from functools import lru_cache

import numba
import numpy as np
from numpy.typing import NDArray

from focusstack.compiler import compiled, read_only, writable
from focusstack.typing import Float32


def _track(
    bits: NDArray[np.uint32],
    focus: Float32,
    frame: int,
    peak: NDArray[np.uint16],
    before: NDArray[np.uint16],
    after: NDArray[np.uint16],
    last: NDArray[np.uint16],
    index: NDArray[np.uint16],
    total: Float32,
) -> None:
    """Keep the largest measure, that before and that after it; all (H, W)."""
    for y in range(focus.shape[0]):
        for x in range(focus.shape[1]):
            code = np.uint16((bits[y, x] + np.uint32(0x8000)) >> np.uint32(16))
            if index[y, x] == frame - 1:
                after[y, x] = code
            if code > peak[y, x] or frame == 0:
                peak[y, x], before[y, x], after[y, x] = code, last[y, x], 0
                index[y, x] = frame
            last[y, x] = code
            total[y, x] += focus[y, x]


def _count(codes: NDArray[np.uint16], counts: NDArray[np.int64]) -> None:
    """Count how often each of the codes ``(H, W)`` occurs."""
    for y in range(codes.shape[0]):
        for x in range(codes.shape[1]):
            counts[codes[y, x]] += 1


_CODES = writable(np.uint16, 2)
_ARGUMENTS = (
    *(read_only(np.uint32, 2), read_only(np.float32, 2), numba.types.int64),
    *(_CODES, _CODES, _CODES, _CODES, _CODES, writable(np.float32, 2)),
)

track = lru_cache(lambda: compiled(_track, *_ARGUMENTS))
"""Returns the compiled :func:`_track`."""

_COUNTED = read_only(np.uint16, 2), writable(np.int64, 1)

count_codes = lru_cache(lambda: compiled(_count, *_COUNTED))
"""Returns the compiled :func:`_count`."""
