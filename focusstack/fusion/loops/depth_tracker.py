"""The compiled loops that follow where the sharpest frame is, and count energies.

Import this module only when pixels are to be worked on: loading the compiler takes a while.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.loops.rows import code_row
from focusstack.numeric.arrays import Float32
from focusstack.numeric.loops.running_peak import Peaks, follow_row
from focusstack.runtime.compiler import compiled, named, read_only, writable
from focusstack.runtime.once import once


def _track(
    focus: Float32,
    validity: Float32,
    frame: int,
    peaks: Peaks,
    total: Float32,
    first: int,
    stop: int,
) -> None:
    """Follow where the focus measure is largest, in rows `first` to `stop`.

    Parameters
    ----------
    focus : (H, W) float32 ndarray
        Measure of the frame.
    validity : (H, W) float32 ndarray
        What it is multiplied with; may be empty.
    frame : int
        Number of the frame.
    peaks : Peaks
        Of uint16 codes.
    total : (H, W) float32 ndarray
        Sum of the measure over all frames.
    """
    width = focus.shape[1]
    measure, codes = np.empty(width, np.float32), np.empty(width, np.uint16)
    here, previous = np.uint16(frame), np.uint16((frame - 1) & 0xFFFF)  # none before the first
    for y in range(first, stop):
        if validity.size:
            for x in range(width):
                measure[x] = focus[y, x] * validity[y, x]
        else:
            for x in range(width):
                measure[x] = focus[y, x]
        code_row(measure, codes)
        follow_row(codes, here, previous, peaks, y)
        for x in range(width):
            total[y, x] += measure[x]


def _count(codes: NDArray[np.uint16], counts: NDArray[np.int64]) -> None:
    """Count how often each of the codes ``(H, W)`` occurs."""
    for y in range(codes.shape[0]):
        for x in range(codes.shape[1]):
            counts[codes[y, x]] += 1


_PEAKS = named(Peaks, *([writable(np.uint16, 2)] * 5))
_IN2, _INT = read_only(np.float32, 2), numba.types.int64

track = once(
    lambda: compiled(_track, _IN2, _IN2, _INT, _PEAKS, writable(np.float32, 2), _INT, _INT)
)
"""Returns the compiled :func:`_track`."""

_COUNTED = read_only(np.uint16, 2), writable(np.int64, 1)

count_codes = once(lambda: compiled(_count, *_COUNTED))
"""Returns the compiled :func:`_count`."""
