"""The compiled operation that follows where in a stack a measure is largest.

Import this module only when frames are to be compared: loading the compiler takes a while.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray

from focusstack.runtime.compiler import inner


class Peaks(NamedTuple):
    """Largest measure of each place so far, and what lies around it; all ``(H, W)``.

    Attributes
    ----------
    peak : ndarray
        The largest measure.
    before, after : ndarray
        The measures of the frames just before and after it; `after` is 0 until that has come.
    last : ndarray
        The latest measure.
    frame : ndarray
        The number of the frame of the peak.
    """

    peak: NDArray[Any]
    before: NDArray[Any]
    after: NDArray[Any]
    last: NDArray[Any]
    frame: NDArray[Any]


@inner
def follow_row(measure: NDArray[Any], here: Any, previous: Any, peaks: Peaks, y: int) -> None:
    """Take row `y` of the measure of frame `here`, which comes after `previous`.

    Measures may be exact or codes, as long as they keep their order.
    """
    peak, before, after, last, frame = peaks
    top, low, high, old, at = peak[y], before[y], after[y], last[y], frame[y]
    none = peak.dtype.type(0)
    for x in range(measure.size):
        new = measure[x]
        rises = new > top[x]
        # The frame after the peak's is this one if the peak was in the one before.
        follows = new if at[x] == previous else high[x]
        # A new peak has no frame after it yet, and the latest one before it.
        high[x] = none if rises else follows
        low[x] = old[x] if rises else low[x]
        at[x] = here if rises else at[x]
        top[x] = new if rises else top[x]
        old[x] = new
