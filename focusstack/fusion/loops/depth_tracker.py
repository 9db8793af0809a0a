"""The compiled loops that follow where the sharpest frame is, and count energies.

Import this module only when pixels are to be worked on: loading the compiler takes a while.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.loops.codes import Codes
from focusstack.fusion.loops.rows import code_row
from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import compiled, read_only, writable
from focusstack.runtime.once import once


def _track(
    focus: Float32,
    trust: Float32,
    frame: int,
    peak: Codes,
    before: Codes,
    after: Codes,
    last: Codes,
    index: Codes,
    total: Float32,
    first: int,
    stop: int,
) -> None:
    """Keep the largest measure, that before and that after it, in rows `first` to `stop`.

    All (H, W); trust, which weighs the measure, may be empty.
    """
    width = focus.shape[1]
    measure, codes = np.empty(width, np.float32), np.empty(width, np.uint16)
    for y in range(first, stop):
        if trust.size:
            for x in range(width):
                measure[x] = focus[y, x] * trust[y, x]
        else:
            measure[:] = focus[y]
        code_row(measure, codes)
        for x in range(width):
            code = codes[x]
            if index[y, x] == frame - 1:
                after[y, x] = code
            if code > peak[y, x] or frame == 0:
                peak[y, x], before[y, x], after[y, x] = code, last[y, x], 0
                index[y, x] = frame
            last[y, x] = code
            total[y, x] += measure[x]


def _count(codes: NDArray[np.uint16], counts: NDArray[np.int64]) -> None:
    """Count how often each of the codes ``(H, W)`` occurs."""
    for y in range(codes.shape[0]):
        for x in range(codes.shape[1]):
            counts[codes[y, x]] += 1


_CODES = writable(np.uint16, 2)
_INT = numba.types.int64
_ARGUMENTS = (
    *(read_only(np.float32, 2), read_only(np.float32, 2), _INT),
    *(_CODES, _CODES, _CODES, _CODES, _CODES, writable(np.float32, 2), _INT, _INT),
)

track = once(lambda: compiled(_track, *_ARGUMENTS))
"""Returns the compiled :func:`_track`."""

_COUNTED = read_only(np.uint16, 2), writable(np.int64, 1)

count_codes = once(lambda: compiled(_count, *_COUNTED))
"""Returns the compiled :func:`_count`."""
