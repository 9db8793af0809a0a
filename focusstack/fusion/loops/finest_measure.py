"""The compiled loops that take the finest level of a frame apart and measure it.

Everything is done row by row with a few rows at hand, so that nothing of the size of the picture
is stored in between. Rows of a result depend on nothing but the input: the bytes are the same
however the rows are divided among threads.

Import this module only when pixels are to be worked on: loading the compiler takes a while.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from focusstack.fusion.loops.arguments import Energies, Extremes, Halves, Scaled, Values
from focusstack.fusion.loops.codes import Codes
from focusstack.fusion.loops.rows import (
    MIDDLE,
    NEAR,
    OUTER,
    above_row,
    average_down,
    average_row,
    code_row,
    doubled_row,
    halved_row,
    keep_extremes,
    luma_row,
    reflected,
    round_row,
)
from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import compiled, inner, named, read_only, writable
from focusstack.runtime.once import once


@inner
def _halve(frame: Scaled, i: int, total: Float32, channels: Float32, to: Halves) -> None:
    """Make row `i` of a frame at half the size.

    total (W,) and channels (C, 1, w) are memory to work in.
    """
    values, step = frame
    count, height, width = values.shape
    # The binomial kernel, the step put into it: 1 4 6 4 1 over 16, down and then across.
    a, b, c = OUTER * step, NEAR * step, MIDDLE * step
    for k in range(count):
        plane = values[k]
        above, below = plane[reflected(2 * i - 2, height)], plane[reflected(2 * i + 2, height)]
        over, under = plane[reflected(2 * i - 1, height)], plane[reflected(2 * i + 1, height)]
        here = plane[2 * i]
        for x in range(width):
            ends = a * (np.float32(above[x]) + np.float32(below[x]))
            near = b * (np.float32(over[x]) + np.float32(under[x]))
            total[x] = ends + near + c * np.float32(here[x])
        halved_row(total, channels[k, 0])
    # Luma is a sum of channels, so that of the halves is half of that of the frame.
    luma_row(Scaled(channels, np.float32(1)), 0, to.grey[i])
    if to.colour.size == 0:
        for k in range(count):
            own, signal = channels[k, 0], to.signal[k, i]
            for x in range(own.size):
                signal[x] = own[x]
    else:
        luma = to.grey[i]
        for k in range(2):  # red less luma, blue less luma
            own, colour = channels[2 * k, 0], to.colour[k, i]
            for x in range(own.size):
                colour[x] = own[x] - luma[x]


def _measure(
    frame: Scaled,
    taps: Float32,
    halves: Halves,
    energies: Energies,
    extremes: Extremes,
    first: int,
    last: int,
) -> None:
    """Halve a frame; energy of its finest band, and the range of luma, in some of its rows.

    All from `first` to `last`, and what is needed of the half around: what another strip makes,
    too, comes out the same.

    Rows are read once, from top to bottom. What is made of each waits in a ring of rows until all
    that it is summed up with have come: for the energy as many as there are taps, for that of the
    colour differences five and then three at half the size.
    """
    colour, grey = halves.colour, halves.grey
    values, low, high = frame.values, extremes.low, extremes.high
    channels, height, width = values.shape
    h, half = grey.shape
    side = taps.size
    reach = side // 2
    # Rows before the first: as many as the window reaches, or as doubling and halving need.
    base = max(first - max(reach, 4), 0)
    luma, band = np.empty(width, np.float32), np.empty(width, np.float32)
    line, mean = np.empty(half + 2, np.float32), np.empty(width, np.float32)
    steps, halved_channels = np.empty(width, low.dtype), np.empty((channels, 1, half), np.float32)
    padded = np.empty(width + 2 * reach, np.float32)
    ring = np.empty((side, width), np.float32)
    squares, reduced = np.empty((5, half), np.float32), np.empty((3, half), np.float32)
    # Next row at half the size to be halved, to be summed up from squares, and to be given away.
    halved, met, given = max(base // 2 - 1, 0), max(first // 2 - 1, 0), first // 2
    for y in range(base, last + max(reach, 4)):
        while halved < min(y // 2 + 2, h):  # row y doubled needs the half down to y // 2 + 1
            _halve(frame, halved, mean, halved_channels, halves)
            halved += 1
        if y < height:
            luma_row(frame, y, luma)
            if first - reach <= y:
                # The finest band is the luma less its half at twice the size.
                doubled_row(grey, y, line, band)
                _square(luma, band, padded[reach:])
                average_row(padded, taps, width, ring[y % side])
            round_row(luma, extremes.step, steps)
            _range(steps, y, (first // 2, (last + 1) // 2), low, high)
            if colour.size:
                _colour_square(frame, y, luma, colour, line, band, padded)
                halved_row(padded[:width], squares[y % 5])
                while met < h and min(2 * met + 2, height - 1) <= y:
                    _reduce_rows(squares, met, height, reduced[met % 3])
                    met += 1
                while given < (last + 1) // 2 and min(given + 1, h - 1) < met:
                    _average_rows(reduced, given, h, line, energies.colour[given])
                    given += 1
        if first <= y - reach < last:  # all rows of that one's window have come
            average_down(ring, taps, y - reach, height, mean)
            code_row(mean, energies.luma[y - reach])


@inner
def _square(luma: Float32, band: Float32, out: Float32) -> None:
    """Square what a row of luma differs from another by."""
    for x in range(luma.size):
        difference = luma[x] - band[x]
        out[x] = difference * difference


@inner
def _range(luma: Values, y: int, rows: tuple[int, int], low: Values, high: Values) -> None:
    """Take row `y` into the range of those rows of half the size that it is part of."""
    # An even row is the middle of one; an odd one lies beneath one and above the next.
    for i in range(y // 2, (y + 1) // 2 + 1):
        if rows[0] <= i < rows[1]:
            keep_extremes(luma, low[i], high[i])


@inner
def _colour_square(
    frame: Scaled,
    y: int,
    luma: Float32,
    colour: Float32,
    line: Float32,
    band: Float32,
    out: Float32,
) -> None:
    """Sum up the squares of the colour differences' finest band in row `y`."""
    values, step = frame
    for c in range(2):
        # Red or blue, less the luma, less the same at half the size and doubled again.
        doubled_row(colour[c], y, line, band)
        own = values[2 * c, y]
        if c == 0:
            for x in range(luma.size):
                difference = np.float32(own[x]) * step - luma[x] - band[x]
                out[x] = difference * difference
        else:
            for x in range(luma.size):
                difference = np.float32(own[x]) * step - luma[x] - band[x]
                out[x] += difference * difference


@inner
def _reduce_rows(ring: Float32, i: int, height: int, out: Float32) -> None:
    """Make row `i` of half as many from rows that are in their places of a ring of five."""
    above, below = ring[reflected(2 * i - 2, height) % 5], ring[reflected(2 * i + 2, height) % 5]
    over, under = ring[reflected(2 * i - 1, height) % 5], ring[reflected(2 * i + 1, height) % 5]
    here = ring[2 * i % 5]
    for x in range(out.size):  # 1 4 6 4 1 over 16
        ends = OUTER * (above[x] + below[x])
        out[x] = ends + NEAR * (over[x] + under[x]) + MIDDLE * here[x]


@inner
def _average_rows(ring: Float32, i: int, h: int, total: Float32, out: Float32) -> None:
    """Take the mean of 3 x 3 values around row `i`; rows are in their places of a ring of three."""
    above, here, below = ring[reflected(i - 1, h) % 3], ring[i % 3], ring[reflected(i + 1, h) % 3]
    half = out.size
    # Three down, then three across; beyond the ends, mirrored.
    for x in range(half):
        total[x + 1] = above[x] + here[x] + below[x]
    total[0], total[half + 1] = total[1 + reflected(-1, half)], total[1 + reflected(half, half)]
    for x in range(half):
        out[x] = (total[x] + total[x + 1] + total[x + 2]) * np.float32(1 / 9)


def _reduce(energy: Codes, floor: np.float32, first: int, last: int, focus: Float32) -> None:
    """Bring what `energy` (H, W) exceeds `floor` by to half the size, in some of its rows."""
    height, width = energy.shape
    ring = np.empty((5, width), np.float32)
    total = np.empty(width, np.float32)
    # Last row in the ring, in which each row has its place; row i needs 2 i - 2 to 2 i + 2.
    known = max(2 * first - 3, -1)
    for i in range(first, last):
        while known < min(2 * i + 2, height - 1):
            known += 1
            above_row(energy[known], floor, ring[known % 5])
        _reduce_rows(ring, i, height, total)
        halved_row(total, focus[i])


_IN1 = read_only(np.float32, 1)
_OUT2, _OUT3 = (writable(np.float32, n) for n in (2, 3))
_ENERGY = writable(np.uint16, 2)
_INT, _FLOAT = numba.types.int64, numba.types.float32


def frames_of(dtype: np.dtype[Any]) -> Any:
    """Type of a frame whose values are of `dtype`."""
    return named(Scaled, read_only(dtype, 3), _FLOAT)


@once
def measure(frame: np.dtype[Any], kept: np.dtype[Any]) -> Callable[..., None]:
    """Return the compiled :func:`_measure` for values of a frame, and of the range, so stored."""
    halves, energies = named(Halves, _OUT3, _OUT3, _OUT2), named(Energies, _ENERGY, _OUT2)
    extremes = named(Extremes, writable(kept, 2), writable(kept, 2), _FLOAT)
    return compiled(_measure, frames_of(frame), _IN1, halves, energies, extremes, _INT, _INT)


@once
def reduce() -> Callable[..., None]:
    """Return the compiled :func:`_reduce`."""
    return compiled(_reduce, read_only(np.uint16, 2), _FLOAT, _INT, _INT, _OUT2)
