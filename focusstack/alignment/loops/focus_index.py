"""The compiled loop that follows where in the stack a measure is largest.

Import this module only when frames are to be compared: loading the compiler takes a while.
"""

from __future__ import annotations

import numba
import numpy as np

from focusstack.numeric.arrays import Float32
from focusstack.numeric.loops.running_peak import Peaks, follow_row
from focusstack.runtime.compiler import compiled, named, read_only, writable
from focusstack.runtime.once import once


def _follow(measure: Float32, count: int, peaks: Peaks, total: Float32) -> None:
    """Take the measure ``(H, W)`` of frame `count`, and add it to the sum over all frames."""
    here, previous = np.float32(count), np.float32(count - 1)
    for y in range(measure.shape[0]):
        new, whole = measure[y], total[y]
        follow_row(new, here, previous, peaks, y)
        for x in range(new.size):
            whole[x] += new[x]


_PLANE = writable(np.float32, 2)
_PEAKS = named(Peaks, *([_PLANE] * 5))

follow = once(
    lambda: compiled(_follow, read_only(np.float32, 2), numba.types.int64, _PEAKS, _PLANE)
)
"""Returns the compiled :func:`_follow`."""
