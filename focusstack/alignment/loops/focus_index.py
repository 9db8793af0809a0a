"""The compiled loop that follows where in the stack a measure is largest.

Import this module only when frames are to be compared: loading the compiler takes a while.
"""

from __future__ import annotations

import numba
import numpy as np

from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import compiled, read_only, writable
from focusstack.runtime.once import once


def _follow(
    measure: Float32,
    count: int,
    peak: Float32,
    index: Float32,
    before: Float32,
    after: Float32,
    last: Float32,
    total: Float32,
) -> None:
    """Take the measure of frame `count`; all ``(H, W)``.

    Kept are the peak, the frame it is of, the measures of those before and after it, the latest
    one, and the sum.
    """
    here, previous = np.float32(count), np.float32(count - 1)
    for y in range(measure.shape[0]):
        new, top, at, old = measure[y], peak[y], index[y], last[y]
        low, high, whole = before[y], after[y], total[y]
        for x in range(new.size):
            rises = new[x] > top[x]
            follows = new[x] if at[x] == previous else high[x]
            high[x] = np.float32(0) if rises else follows
            low[x] = old[x] if rises else low[x]
            at[x] = here if rises else at[x]
            top[x] = new[x] if rises else top[x]
            old[x] = new[x]
            whole[x] += new[x]


_PLANE = writable(np.float32, 2)

follow = once(
    lambda: compiled(_follow, read_only(np.float32, 2), numba.types.int64, *([_PLANE] * 6))
)
"""Returns the compiled :func:`_follow`."""
