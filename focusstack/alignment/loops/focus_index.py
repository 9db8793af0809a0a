"""The compiled loop that follows where in the stack a measure is largest.

Import this module only when frames are to be compared: loading the compiler takes a while.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import compiled, named, read_only, writable
from focusstack.runtime.once import once


class Peaks(NamedTuple):
    """What is known of a measure after some frames; all ``(H, W)`` float32.

    Attributes
    ----------
    peak : ndarray
        Largest value so far.
    frame : ndarray
        Number of the frame it is of.
    before, after : ndarray
        Values of the frames on either side of that one.
    last : ndarray
        Value of the latest frame.
    total : ndarray
        Sum over all frames.
    """

    peak: Float32
    frame: Float32
    before: Float32
    after: Float32
    last: Float32
    total: Float32


def _follow(measure: Float32, count: int, peaks: Peaks) -> None:
    """Take the measure ``(H, W)`` of frame `count`."""
    here, previous = np.float32(count), np.float32(count - 1)
    for y in range(measure.shape[0]):
        new, top, at, old = measure[y], peaks.peak[y], peaks.frame[y], peaks.last[y]
        low, high, whole = peaks.before[y], peaks.after[y], peaks.total[y]
        for x in range(new.size):
            rises = new[x] > top[x]
            # The frame after the peak is known once it comes; a new peak has none yet.
            follows = new[x] if at[x] == previous else high[x]
            high[x] = np.float32(0) if rises else follows
            low[x] = old[x] if rises else low[x]
            at[x] = here if rises else at[x]
            top[x] = new[x] if rises else top[x]
            old[x] = new[x]
            whole[x] += new[x]


_PEAKS = named(Peaks, *([writable(np.float32, 2)] * len(Peaks._fields)))

follow = once(lambda: compiled(_follow, read_only(np.float32, 2), numba.types.int64, _PEAKS))
"""Returns the compiled :func:`_follow`."""
