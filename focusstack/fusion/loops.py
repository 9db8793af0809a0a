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

from focusstack.compiler import compiled, inner, read_only, writable
from focusstack.fusion.codes import Codes
from focusstack.fusion.rows import (
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
from focusstack.once import once
from focusstack.typing import Float32


def _halve(
    values: Coded, step: np.float32, luma: Float32, colour: Float32, first: int, last: int
) -> None:
    """Bring planes ``(C, H, W)`` to half the size in the rows from `first` to `last` of the result.

    With `colour` ``(2, h, w)``, `luma` ``(1, h, w)`` takes the luma and that what red and blue
    differ from it by; without, `luma` ``(C, h, w)`` takes all channels.
    """
    channels, height, width = values.shape
    half = luma.shape[2]
    total = np.empty(width, np.float32)
    halves = np.empty((channels, half), np.float32)
    a, b, c = OUTER * step, NEAR * step, MIDDLE * step
    for i in range(first, last):
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
        _store_halves(halves, i, luma, colour)


@inner
def _store_halves(halves: Float32, i: int, luma: Float32, colour: Float32) -> None:
    channels, half = halves.shape
    if colour.size == 0:
        for k in range(channels):
            luma[k, i] = halves[k]
        return
    grey = luma[0, i]
    luma_row(halves.reshape((channels, 1, half)), np.float32(1), 0, grey)
    for c in range(2):
        own, to = halves[2 * c], colour[c, i]
        for x in range(half):
            to[x] = own[x] - grey[x]


def _measure(
    values: Coded,
    step: np.float32,
    coarse: Float32,
    colour: Float32,
    taps: Float32,
    first: int,
    last: int,
    energy: Codes,
    colour_energy: Float32,
    low: Coded,
    high: Coded,
    range_step: np.float32,
) -> None:
    """Energy of the finest band, and the range of luma, in the rows from `first` to `last`.

    values (C, H, W), coarse (h, w) their luma and colour (2, h, w) their colour differences at half
    the size, if there are any; energy (H, W); colour_energy, low and high (h, w).
    The range is whole multiples of `range_step`, or as it is if that is 0.
    """
    height, width = values.shape[1:]
    half = coarse.shape[1]
    side = taps.size
    reach = side // 2
    around = max(reach, 4)
    base = first - around
    luma, band, line = (
        np.empty(width, np.float32),
        np.empty(width, np.float32),
        np.empty(half + 1, np.float32),
    )
    grey, mean = np.empty(width, low.dtype), np.empty(width, np.float32)
    padded = np.empty(width + 2 * reach, np.float32)
    ring = np.empty((side, width), np.float32)
    halves = np.empty((last + around - base if colour.size else 0, half), np.float32)
    for y in range(max(base, 0), last + around):
        if y < height:
            luma_row(values, step, y, luma)
            if first - reach <= y:
                doubled_row(coarse, y, line, band)
                _square(luma, band, padded[reach:])
                average_row(padded, taps, width, ring[y % side])
            rounded_row(luma, range_step, grey)
            _range(grey, y, (first // 2, (last + 1) // 2), low, high)
            if colour.size:
                _colour_square(values, step, y, luma, colour, line, band, padded)
                halved_row(padded[:width], halves[y - base])
        if first <= y - reach < last:
            average_down(ring, taps, y - reach, height, mean)
            code_row(mean, energy[y - reach])
    if colour.size:
        _colour_energy(halves, first, last, height, base, colour_energy)


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
def _colour_energy(
    halves: Float32, first: int, last: int, height: int, base: int, out: Float32
) -> None:
    """Reduce the other way too, and average over 3 x 3."""
    h, half = out.shape
    start, stop = first // 2 - 1, (last + 1) // 2 + 1
    reduced = np.zeros((stop - start, half), np.float32)
    for i in range(max(start, 0), min(stop, h)):
        above = halves[reflected(2 * i - 2, height) - base]
        over = halves[reflected(2 * i - 1, height) - base]
        under = halves[reflected(2 * i + 1, height) - base]
        below = halves[reflected(2 * i + 2, height) - base]
        here, to = halves[2 * i - base], reduced[i - start]
        for x in range(half):
            near = NEAR * (over[x] + under[x])
            to[x] = OUTER * (above[x] + below[x]) + near + MIDDLE * here[x]
    total = np.empty(half + 2, np.float32)
    for i in range(first // 2, (last + 1) // 2):
        above = reduced[reflected(i - 1, h) - start]
        here = reduced[i - start]
        below = reduced[reflected(i + 1, h) - start]
        for x in range(half):
            total[x + 1] = above[x] + here[x] + below[x]
        total[0], total[half + 1] = total[1 + reflected(-1, half)], total[1 + reflected(half, half)]
        for x in range(half):
            out[i, x] = (total[x] + total[x + 1] + total[x + 2]) * np.float32(1 / 9)


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
        above, below = (
            ring[reflected(2 * i - 2, height) % 5],
            ring[reflected(2 * i + 2, height) % 5],
        )
        over, under = ring[reflected(2 * i - 1, height) % 5], ring[reflected(2 * i + 1, height) % 5]
        here = ring[2 * i % 5]
        for x in range(width):
            ends = OUTER * (above[x] + below[x])
            total[x] = ends + NEAR * (over[x] + under[x]) + MIDDLE * here[x]
        halved_row(total, focus[i])


_IN1, _IN2, _IN3 = (read_only(np.float32, n) for n in (1, 2, 3))
_OUT2, _OUT3 = (writable(np.float32, n) for n in (2, 3))
_ENERGY = writable(np.uint16, 2)
_INT, _FLOAT = numba.types.int64, numba.types.float32


def frames_of(coded: bool) -> Any:
    """Type of a frame's planes."""
    return read_only(np.int16 if coded else np.float32, 3)


@once
def halve(coded: bool) -> Callable[..., None]:
    """Return the compiled :func:`_halve` for frames stored as int16, else as float32."""
    return compiled(_halve, frames_of(coded), _FLOAT, _OUT3, _OUT3, _INT, _INT)


@once
def measure(coded: bool, precise: bool) -> Callable[..., None]:
    """Return the compiled :func:`_measure` for such frames, and a range as float32 or int16."""
    bounds = writable(np.float32 if precise else np.int16, 2)
    return compiled(
        _measure, frames_of(coded), _FLOAT, _IN2, _IN3, _IN1, _INT, _INT, _ENERGY, _OUT2, bounds,
        bounds, _FLOAT,
    )  # fmt: skip


@once
def reduce() -> Callable[..., None]:
    """Return the compiled :func:`_reduce`."""
    return compiled(_reduce, read_only(np.uint16, 2), _FLOAT, _INT, _INT, _OUT2)
