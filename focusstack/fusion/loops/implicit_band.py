"""The compiled loops for a level whose band is never stored: formed row by row where it is needed.

A band is a picture less what its half knows of it. Rows of a result depend on nothing but the
input: the bytes are the same however the rows are divided among threads.

Import this module only when pixels are to be worked on: loading the compiler takes a while.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np

from focusstack.fusion.loops.finest_blend import blend_row
from focusstack.fusion.loops.rows import (
    BLUE,
    GREEN,
    RED,
    Coded,
    average_down,
    average_row,
    doubled_row,
)
from focusstack.fusion.loops.soft_selection import shares
from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import compiled, inner, read_only, writable
from focusstack.runtime.once import once


@inner
def _square_row(
    picture: Float32, coarse: Float32, y: int, line: Float32, band: Float32, out: Float32
) -> None:
    """Square of the luma of a band of one or three channels; sum of the squares of two."""
    width, channels = band.size, picture.shape[0]
    for c in range(channels):
        own = picture[c, y]
        doubled_row(coarse[c], y, line, band)
        if channels == 3:
            part = RED if c == 0 else (GREEN if c == 1 else BLUE)
            for x in range(width):
                out[x] = (out[x] if c else np.float32(0)) + part * (own[x] - band[x])
        elif c == 0:
            for x in range(width):
                difference = own[x] - band[x]
                out[x] = difference * difference
        else:
            for x in range(width):
                difference = own[x] - band[x]
                out[x] += difference * difference
    if channels == 3:
        for x in range(width):
            out[x] *= out[x]


def _energy(
    picture: Float32,
    coarse: Float32,
    taps: Float32,
    floor: np.float32,
    first: int,
    last: int,
    out: Float32,
) -> None:
    """Add energy above `floor` of the band of `picture` (C, h, w) in the rows from `first` on."""
    height, width = picture.shape[1:]
    side, reach = taps.size, taps.size // 2
    band, mean = np.empty(width, np.float32), np.empty(width, np.float32)
    line = np.empty(coarse.shape[2] + 1, np.float32)
    padded = np.empty(width + 2 * reach, np.float32)
    ring = np.empty((side, width), np.float32)
    for y in range(max(first - reach, 0), last + reach):
        if y < height:
            _square_row(picture, coarse, y, line, band, padded[reach:])
            average_row(padded, taps, width, ring[y % side])
        if first <= y - reach < last:
            average_down(ring, taps, y - reach, height, mean)
            to = out[y - reach]
            for x in range(width):
                above = mean[x] - floor
                to[x] += above if above > 0 else np.float32(0)


def _select(
    picture: Float32,
    coarse: Float32,
    evidence: Float32,
    trust: Float32,
    scale: np.float32,
    amplitude: Float32,
    mean: Coded,
    step: np.float32,
    first: int,
    last: int,
) -> None:
    """Blend the band of `picture` (C, h, w) into the mean (C, h, w), in the rows from `first` on.

    A mean of 16 bits is whole multiples of `step`.
    """
    channels, _, width = picture.shape
    share, blurred = np.empty(width, np.float32), np.empty(width, np.float32)
    line = np.empty(coarse.shape[2] + 1, np.float32)
    for y in range(first, last):
        certain = trust[y] if len(trust) else trust[0:0, 0]
        shares(evidence[y], certain, scale, amplitude[y], share)
        for c in range(channels):
            doubled_row(coarse[c], y, line, blurred)
            blend_row(picture[c, y], blurred, share, mean[c, y], step)


_IN1, _IN2, _IN3 = (read_only(np.float32, n) for n in (1, 2, 3))
_OUT2 = writable(np.float32, 2)
_INT, _FLOAT = numba.types.int64, numba.types.float32

energy = once(lambda: compiled(_energy, _IN3, _IN3, _IN1, _FLOAT, _INT, _INT, _OUT2))
"""Returns the compiled :func:`_energy`."""


@once
def select(precise: bool) -> Callable[..., None]:
    """Return the compiled :func:`_select` for a mean stored as float32 or int16."""
    mean = writable(np.float32 if precise else np.int16, 3)
    return compiled(_select, _IN3, _IN3, _IN2, _IN2, _FLOAT, _OUT2, mean, _FLOAT, _INT, _INT)
