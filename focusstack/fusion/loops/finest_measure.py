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

from focusstack.fusion.loops.codes import Codes
from focusstack.fusion.loops.rows import (
    MIDDLE,
    NEAR,
    OUTER,
    Coded,
    above_row,
    average_down,
    average_row,
    code_row,
    doubled_row,
    halved_row,
    keep_extremes,
    luma_row,
    reflected,
    rounded_row,
)
from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import compiled, inner, read_only, writable
from focusstack.runtime.once import once


@inner
def _halve(
    values: Coded,
    step: np.float32,
    i: int,
    total: Float32,
    halves: Float32,
    signal: Float32,
    colour: Float32,
    grey: Float32,
) -> None:
    """Make row `i` of planes ``(C, H, W)`` at half the size.

    With `colour` ``(2, h, w)``, `signal` ``(1, h, w)`` takes the luma and that what red and blue
    differ from it by; without, `signal` ``(C, h, w)`` takes all channels and `grey` ``(h, w)`` the
    luma. total (W,) and halves (C, w) are memory to work in.
    """
    channels, height, width = values.shape
    a, b, c = OUTER * step, NEAR * step, MIDDLE * step
    for k in range(channels):
        plane = values[k]
        above, below = plane[reflected(2 * i - 2, height)], plane[reflected(2 * i + 2, height)]
        over, under = plane[reflected(2 * i - 1, height)], plane[reflected(2 * i + 1, height)]
        here = plane[2 * i]
        for x in range(width):
            ends = a * (np.float32(above[x]) + np.float32(below[x]))
            near = b * (np.float32(over[x]) + np.float32(under[x]))
            total[x] = ends + near + c * np.float32(here[x])
        halved_row(total, halves[k])
    luma_row(halves.reshape((channels, 1, grey.shape[1])), np.float32(1), 0, grey[i])
    if colour.size == 0:
        for k in range(channels):
            own, to = halves[k], signal[k, i]
            for x in range(own.size):
                to[x] = own[x]
    else:
        luma = grey[i]
        for k in range(2):
            own, to = halves[2 * k], colour[k, i]
            for x in range(own.size):
                to[x] = own[x] - luma[x]


def _measure(
    values: Coded,
    step: np.float32,
    signal: Float32,
    colour: Float32,
    grey: Float32,
    taps: Float32,
    first: int,
    last: int,
    energy: Codes,
    colour_energy: Float32,
    low: Coded,
    high: Coded,
    range_step: np.float32,
) -> None:
    """Halve a frame; energy of its finest band, and the range of luma, in some of its rows.

    All from `first` to `last`, and what is needed of the half around: what another strip makes,
    too, comes out the same. values (C, H, W); signal, colour and grey as for `_halve`, `grey` may
    be that signal's own; energy (H, W); colour_energy, low and high (h, w). The range is whole
    multiples of `range_step`, or as it is if that is 0.
    """
    channels, height, width = values.shape
    h, half = grey.shape
    side = taps.size
    reach = side // 2
    base = max(first - max(reach, 4), 0)
    luma, band = np.empty(width, np.float32), np.empty(width, np.float32)
    line, mean = np.empty(half + 2, np.float32), np.empty(width, np.float32)
    codes, halves = np.empty(width, low.dtype), np.empty((channels, half), np.float32)
    padded = np.empty(width + 2 * reach, np.float32)
    ring = np.empty((side, width), np.float32)
    squares, reduced = np.empty((5, half), np.float32), np.empty((3, half), np.float32)
    halved, met, given = max(base // 2 - 1, 0), max(first // 2 - 1, 0), first // 2
    for y in range(base, last + max(reach, 4)):
        while halved < min(y // 2 + 2, h):
            _halve(values, step, halved, mean, halves, signal, colour, grey)
            halved += 1
        if y < height:
            luma_row(values, step, y, luma)
            if first - reach <= y:
                doubled_row(grey, y, line, band)
                _square(luma, band, padded[reach:])
                average_row(padded, taps, width, ring[y % side])
            rounded_row(luma, range_step, codes)
            _range(codes, y, (first // 2, (last + 1) // 2), low, high)
            if colour.size:
                _colour_square(values, step, y, luma, colour, line, band, padded)
                halved_row(padded[:width], squares[y % 5])
                while met < h and min(2 * met + 2, height - 1) <= y:
                    _reduce_rows(squares, met, height, reduced[met % 3])
                    met += 1
                while given < (last + 1) // 2 and min(given + 1, h - 1) < met:
                    _average_rows(reduced, given, h, line, colour_energy[given])
                    given += 1
        if first <= y - reach < last:
            average_down(ring, taps, y - reach, height, mean)
            code_row(mean, energy[y - reach])


@inner
def _square(luma: Float32, band: Float32, out: Float32) -> None:
    for x in range(luma.size):
        difference = luma[x] - band[x]
        out[x] = difference * difference


@inner
def _range(luma: Coded, y: int, rows: tuple[int, int], low: Coded, high: Coded) -> None:
    """Take row `y` into the range of those rows of half the size that it is part of."""
    for i in range(y // 2, (y + 1) // 2 + 1):
        if rows[0] <= i < rows[1]:
            keep_extremes(luma, low[i], high[i])


@inner
def _colour_square(
    values: Coded,
    step: np.float32,
    y: int,
    luma: Float32,
    colour: Float32,
    line: Float32,
    band: Float32,
    out: Float32,
) -> None:
    """Squares of the colour differences' finest band in row `y`, summed."""
    for c in range(2):
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
    for x in range(out.size):
        ends = OUTER * (above[x] + below[x])
        out[x] = ends + NEAR * (over[x] + under[x]) + MIDDLE * here[x]


@inner
def _average_rows(ring: Float32, i: int, h: int, total: Float32, out: Float32) -> None:
    """Mean of 3 x 3 values around row `i`, whose rows are in their places of a ring of three."""
    above, here, below = ring[reflected(i - 1, h) % 3], ring[i % 3], ring[reflected(i + 1, h) % 3]
    half = out.size
    for x in range(half):
        total[x + 1] = above[x] + here[x] + below[x]
    total[0], total[half + 1] = total[1 + reflected(-1, half)], total[1 + reflected(half, half)]
    for x in range(half):
        out[x] = (total[x] + total[x + 1] + total[x + 2]) * np.float32(1 / 9)


def _reduce(energy: Codes, floor: np.float32, first: int, last: int, focus: Float32) -> None:
    """What `energy` (H, W) exceeds `floor` by, at half the size, in the rows from `first` on."""
    height, width = energy.shape
    ring = np.empty((5, width), np.float32)
    total = np.empty(width, np.float32)
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


def frames_of(coded: bool) -> Any:
    """Type of a frame's planes."""
    return read_only(np.int16 if coded else np.float32, 3)


@once
def measure(coded: bool, precise: bool) -> Callable[..., None]:
    """Return the compiled :func:`_measure` for such frames, and a range as float32 or int16."""
    bounds = writable(np.float32 if precise else np.int16, 2)
    return compiled(
        _measure, frames_of(coded), _FLOAT, _OUT3, _OUT3, _OUT2, _IN1, _INT, _INT, _ENERGY, _OUT2,
        bounds, bounds, _FLOAT,
    )  # fmt: skip


@once
def reduce() -> Callable[..., None]:
    """Return the compiled :func:`_reduce`."""
    return compiled(_reduce, read_only(np.uint16, 2), _FLOAT, _INT, _INT, _OUT2)
