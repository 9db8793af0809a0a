"""The compiled loops for a level whose band is never stored: formed row by row where it is needed.

A band is a picture less what its half knows of it. Rows of a result depend on nothing but the
input: the bytes are the same however the rows are divided among threads.

Import this module only when pixels are to be worked on: loading the compiler takes a while.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from focusstack.fusion.loops.arguments import Band, Scaled, Weight
from focusstack.fusion.loops.finest_blend import WEIGHT, blend_row, means_of
from focusstack.fusion.loops.rows import (
    BLUE,
    GREEN,
    RED,
    average_down,
    average_row,
    doubled_row,
)
from focusstack.fusion.loops.soft_selection import shares
from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import compiled, inner, named, read_only, writable
from focusstack.runtime.once import once


@inner
def _square_row(band: Band, y: int, line: Float32, blurred: Float32, out: Float32) -> None:
    """Square the luma of a band of one or three channels; sum up the squares of two."""
    picture, half = band
    width, channels = blurred.size, picture.shape[0]
    for c in range(channels):
        own = picture[c, y]
        doubled_row(half[c], y, line, blurred)
        if channels == 3:
            part = RED if c == 0 else (GREEN if c == 1 else BLUE)
            for x in range(width):
                out[x] = (out[x] if c else np.float32(0)) + part * (own[x] - blurred[x])
        elif c == 0:
            for x in range(width):
                difference = own[x] - blurred[x]
                out[x] = difference * difference
        else:
            for x in range(width):
                difference = own[x] - blurred[x]
                out[x] += difference * difference
    if channels == 3:  # so far, it is the luma itself
        for x in range(width):
            out[x] *= out[x]


def _energy(
    band: Band, taps: Float32, floor: np.float32, first: int, last: int, out: Float32
) -> None:
    """Add by how much a band's energy, averaged with `taps`, exceeds `floor`, to some rows."""
    height, width = band.picture.shape[1:]
    side, reach = taps.size, taps.size // 2
    blurred, mean = np.empty(width, np.float32), np.empty(width, np.float32)
    line = np.empty(band.half.shape[2] + 1, np.float32)
    padded = np.empty(width + 2 * reach, np.float32)
    ring = np.empty((side, width), np.float32)  # rows wait until all of a window have come
    for y in range(max(first - reach, 0), last + reach):
        if y < height:
            _square_row(band, y, line, blurred, padded[reach:])
            average_row(padded, taps, width, ring[y % side])
        if first <= y - reach < last:
            average_down(ring, taps, y - reach, height, mean)
            to = out[y - reach]
            for x in range(width):
                above = mean[x] - floor
                to[x] += above if above > 0 else np.float32(0)


def _select(
    band: Band,
    evidence: Float32,
    validity: Float32,
    weight: Weight,
    mean: Scaled,
    first: int,
    last: int,
) -> None:
    """Blend a band into the mean of all frames so far, in the rows from `first` to `last`.

    evidence (h, w) is energy above the noise, validity (h, w) may be empty; the frame's weight is
    added to `weight`.
    """
    picture, half = band
    channels, _, width = picture.shape
    share, blurred = np.empty(width, np.float32), np.empty(width, np.float32)
    line = np.empty(half.shape[2] + 1, np.float32)
    for y in range(first, last):
        known = validity[y] if len(validity) else evidence[y][:0]
        shares(evidence[y], known, weight.scale, weight.amplitude[y], share)
        for c in range(channels):
            doubled_row(half[c], y, line, blurred)
            blend_row(picture[c, y], blurred, share, mean.values[c, y], mean.step)


_IN1, _IN2, _IN3 = (read_only(np.float32, n) for n in (1, 2, 3))
_OUT2 = writable(np.float32, 2)
_INT, _FLOAT = numba.types.int64, numba.types.float32
_BAND = named(Band, _IN3, _IN3)

energy = once(lambda: compiled(_energy, _BAND, _IN1, _FLOAT, _INT, _INT, _OUT2))
"""Returns the compiled :func:`_energy`."""


@once
def select(mean: np.dtype[Any]) -> Callable[..., None]:
    """Return the compiled :func:`_select` for a mean whose values are of a dtype."""
    return compiled(_select, _BAND, _IN2, _IN2, WEIGHT, means_of(mean), _INT, _INT)
