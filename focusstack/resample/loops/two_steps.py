"""Six by six taps in two steps, down and then across, where the frame is hardly turned.

For each row of a tile, its frame rows are first brought to one line: every column of the frame
takes the value at the height at which the row of the tile crosses it. Then six taps along that line
make a pixel (E. Catmull and A. R. Smith, "3-D transformations of images in scanline order",
SIGGRAPH 1980). That are 12 products a pixel instead of 42. The line runs slantwise by the tile's
turn, of a few degrees at most, so that samples are as far apart as pixels are, to a thousandth.

Where that is, is worked out for some rows of a tile; between these, positions and heights lie
evenly, to a hundredth of a pixel.

Import this module only when a picture is to be resampled: loading the compiler takes a while.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from focusstack.numeric.arrays import Float32
from focusstack.resample.loops.clipping import Marks, finish_row
from focusstack.resample.loops.positions import PHASES, Indices
from focusstack.resample.loops.rows import Planes, weigh
from focusstack.resample.loops.taps import LANES, sum_line, sum_lines
from focusstack.runtime.compiler import inlined, inner

STEEPEST = 0.1
"""Largest slope, and departure from the frame's own scale, of a tile that is filled so."""

MOST_ERROR = 0.01
"""Pixels by which a line may be too high or too low where the displacement bends, and a place that
is not worked out may be off."""

LEAST_COLUMNS = 16
"""Of a tile: a slope can be told."""

MOST_COLUMNS = 320
"""Of the frame beneath a tile."""

WIDE = MOST_COLUMNS + 2 * LANES
"""Of a line, and of what is computed behind its last column."""

MARGIN = 1
"""Rows of the frame above and below those of the taps that a line may reach."""

_SEGMENT = 64
"""Columns whose heights are taken from pixels as many columns farther on."""

EVERY = (8, 2)
"""Rows of a tile from one that is worked out to the next: the first of these that will do."""

_APART = 8
"""Columns between places where the slope is looked at."""


@inner
def hardly_turned(whole: Indices, phase: Float32, n: int, every: int, last: int) -> bool:
    """Whether a tile may be filled in two steps.

    whole (rows, 2, n), phase (rows, 2, n): positions in the frame, x first, of rows that are
    `every` so many apart, of which the `last` may be fewer from the one before.
    """
    rows = whole.shape[0]
    if n < LEAST_COLUMNS or rows < 3:
        return False
    worst, bend, drift = np.float32(0), np.float32(0), np.float32(0)
    for v in range(rows):
        x, y, px, py = whole[v, 0], whole[v, 1], phase[v, 0], phase[v, 1]
        before = np.float32(y[_APART] - y[0]) + (py[_APART] - py[0])
        for u in range(0, n - _APART, _APART):
            across = np.float32(x[u + _APART] - x[u] - _APART) + (px[u + _APART] - px[u])
            down = np.float32(y[u + _APART] - y[u]) + (py[u + _APART] - py[u])
            worst = max(worst, max(abs(across), abs(down)))
            bend = max(bend, abs(down - before))
            before = down
        drift = max(drift, abs(np.float32(x[n - 1] - x[0] - n + 1)))
    # Heights are known so far beside their columns at most, and go on straight to there.
    beside = drift * np.float32(_SEGMENT / n) + np.float32(0.5)
    off = bend / np.float32(_APART**2) * beside**2 / np.float32(2)
    between = _unevenness(whole, phase, n, np.float32(every / last)) / np.float32(8)
    return bool(worst <= np.float32(STEEPEST * _APART) and max(off, between) <= MOST_ERROR)


@inner
def _unevenness(whole: Indices, phase: Float32, n: int, longer: np.float32) -> np.float32:
    """Most that a step between rows, the last one made `longer`, differs from that before."""
    worst, rows = np.float32(0), whole.shape[0]
    for v in range(2, rows):
        times = longer if v == rows - 1 else np.float32(1)
        for k in range(2):
            x, before, first = whole[v, k], whole[v - 1, k], whole[v - 2, k]
            p, q, r = phase[v, k], phase[v - 1, k], phase[v - 2, k]
            for u in range(0, n, _APART):
                step = times * (np.float32(x[u] - before[u]) + (p[u] - q[u]))
                worst = max(worst, abs(step - np.float32(before[u] - first[u]) - (q[u] - r[u])))
    return worst


@inner
def places(
    whole: Indices,
    phase: Float32,
    n: int,
    corner: tuple[int, int],
    size: tuple[int, int],
    slope: Float32,
    across: Float32,
    heights: Float32,
) -> None:
    """Where in the frame a row of a tile lies, and the height at which it crosses each column.

    Parameters
    ----------
    whole, phase : (2, n) ndarray
        Positions of the row's pixels in the frame, x first.
    corner : tuple of int
        Column and row of the frame where the taps of the tile begin.
    size : tuple of int
        Rows and columns beneath the tile.
    slope : (WIDE,) float32 ndarray
        Memory to work in.
    across : (2, WIDE) float32 ndarray
        Receives the positions relative to the corner, x first.
    heights : (WIDE,) float32 ndarray
        Receives the heights, of the first of six rows.
    """
    x, y = across[0], across[1]
    wx, wy, px, py = whole[0], whole[1], phase[0], phase[1]
    left, top = np.int32(corner[0]), np.int32(corner[1])
    for u in range(n):
        x[u], y[u] = np.float32(wx[u] - left) + px[u], np.float32(wy[u] - top) + py[u]
    for u in range(n - 1):
        # As good as divided by the other difference, which is hardly anything but 1.
        slope[u] = (y[u + 1] - y[u]) * (np.float32(2) - (x[u + 1] - x[u]))
    slope[n - 1] = slope[n - 2]
    columns, highest, two = size[1], np.float32(size[0] - 6), np.float32(2)
    start = int((x[0] + x[n - 1] - np.float32(n - 1)) * np.float32(0.5)) + 2
    for first in range(0, columns, _SEGMENT):
        stop = min(first + _SEGMENT, columns)
        middle = min(max((first + stop) // 2 - start, 0), n - 1)
        own = int(np.floor(x[middle] + np.float32(2.5))) - middle
        begin, end = min(max(own, first), stop), max(min(own + n, stop), first)
        for c in range(first, begin):
            heights[c] = y[0] + (np.float32(c) - two - x[0]) * slope[0]
        at, height, lean = x[begin - own :], y[begin - own :], slope[begin - own :]
        to = heights[begin:]
        for i in range(end - begin):
            to[i] = height[i] + (np.float32(begin - 2 + i) - at[i]) * lean[i]
        for c in range(end, stop):
            heights[c] = y[n - 1] + (np.float32(c) - two - x[n - 1]) * slope[n - 1]
    for c in range(columns):
        height = heights[c] if heights[c] > 0 else np.float32(0)
        heights[c] = height if height < highest else highest


@inner
def between(
    first: Float32, second: Float32, part: np.float32, n: int, whole: Indices, phase: Float32
) -> None:
    """Whole part and phase of `n` positions a `part` of the way from the first to the second."""
    steps, step, half = np.float32(PHASES), np.float32(1 / PHASES), np.float32(0.5)
    for i in range(n):
        place = first[i] + part * (second[i] - first[i])
        place = np.floor(place * steps + half) * step
        row = np.floor(place)
        whole[i], phase[i] = np.int32(row), place - row


@inner
def mark_breaks(rows: Indices, n: int, along: int, breaks: Marks) -> None:
    """Mark each of `n` values but the last whose next one does not differ from it by `along`."""
    behind = rows[1:]
    for i in range(n - 1):
        breaks[i] = np.uint8(behind[i] - rows[i] != along)
    for i in range(n - 1, (n + 7) // 8 * 8):
        breaks[i] = 1


@inlined
def _run_end(breaks: Marks, eights: NDArray[np.uint64], i: int) -> int:
    """End of the run that begins at `i`; eight values are looked at together where none breaks."""
    k = i
    while breaks[k] == 0:
        k += 1
        while k % 8 == 0 and eights[k // 8] == 0:
            k += 8
    return k + 1


@inlined
def _sum_run(
    values: Float32, at: int, step: int, plane: int, w: Float32, start: int, stop: int, out: Float32
) -> None:
    """Sums of six values, `step` apart, for places `start` to `stop` of every plane.

    The first value of place b is at ``at + b`` of a plane; planes of `values` are `plane` apart.
    """
    channels = out.size // WIDE
    for b in range(start, stop, LANES):
        if channels == 3:
            sum_lines(values, at + b, step, plane, w, b, WIDE, out, b, WIDE)
        else:
            for z in range(channels):
                sum_line(
                    values, at + b + z * plane, step, plane, w, b, WIDE, out, z * WIDE + b, WIDE
                )


@inner
def bring_to_line(
    tile: Float32,
    size: tuple[int, int],
    rows: Indices,
    w: Float32,
    line: Float32,
    breaks: Marks,
    eights: NDArray[np.uint64],
) -> None:
    """First step: the columns of a tile at the heights that begin in `rows`.

    tile holds planes of `size` rows and columns; w (6 * WIDE) weighs; line (C * WIDE) receives;
    breaks (WIDE,) is memory to work in, `eights` the same as words.
    """
    stride, columns = size[1] + LANES, size[1]
    plane = size[0] * stride
    mark_breaks(rows, columns, 0, breaks)
    c = 0
    while c < columns:
        k = _run_end(breaks, eights, c)
        _sum_run(tile, rows[c] * stride, stride, plane, w, c, k, line)
        c = k


@inner
def fill_from_line(
    line: Float32,
    x: Indices,
    n: int,
    w: Float32,
    out: Float32,
    breaks: Marks,
    eights: NDArray[np.uint64],
) -> None:
    """Second step: pixels whose taps begin at `x` of the line.

    w (6 * WIDE) weighs; out (C * WIDE) receives; the others are as in the first step.
    """
    mark_breaks(x, n, 1, breaks)
    i = 0
    while i < n:
        k = _run_end(breaks, eights, i)
        _sum_run(line, x[i] - i, 1, WIDE, w, i, k, out)
        i = k


@inner
def fill_tile(
    tile: Float32,
    size: tuple[int, int],
    corner: tuple[int, int],
    whole: Indices,
    phase: Float32,
    every: int,
    kernel: Float32,
    step: float,
    marks: Marks,
    notes: Marks,
    out: Planes,
    clipped: Marks,
    box: tuple[int, int, int, int],
) -> None:
    """Fill a tile that is hardly turned.

    Parameters
    ----------
    tile : (N,) float32 ndarray
        Planes of `size` rows and values a row; the first taps of `corner` begin where it does.
    whole, phase : (rows, 2, n) ndarray
        Positions, x first, of the pixels of rows that are `every` so many apart, and of the last.
    kernel : (2, 3) float32 ndarray
        Of `focusstack.resample.kernel`.
    step : float
        What integers in `out` are multiples of.
    marks, notes : (N,) uint8 ndarray
        Where taps that begin there are to be held, or to be noted in `clipped`; may be empty.
    out : (C, H, W) ndarray
        Receives the tile.
    clipped : (H, W) uint8 ndarray
        Receives notes; may be empty.
    box : tuple of int
        The tile's first column and row in `out`, its columns and rows.
    """
    u0, v0, n, h = box
    channels, inside = out.shape[0], (size[0], size[1] - LANES)
    wx, wy = np.zeros((6, WIDE), np.float32), np.zeros((6, WIDE), np.float32)
    line, made = np.zeros(channels * WIDE, np.float32), np.zeros(channels * WIDE, np.float32)
    across, heights = np.zeros((2, 2, WIDE), np.float32), np.zeros((2, WIDE), np.float32)
    x, y = np.zeros(WIDE, np.int32), np.zeros(WIDE, np.int32)
    part, eights = np.zeros(WIDE, np.float32), np.zeros(WIDE // 8, np.uint64)
    breaks = eights.view(np.uint8)
    places(whole[0], phase[0], n, corner, inside, part, across[0], heights[0])
    for v in range(h):
        k, here, there = v % every, v // every % 2, (v // every + 1) % 2
        following = v // every + 1
        if k == 0 and following < whole.shape[0]:
            places(
                whole[following], phase[following], n, corner, inside, part, across[there],
                heights[there],
            )  # fmt: skip
        way = np.float32(k / max(min(every, h - 1 - v + k), 1))
        between(heights[here], heights[there], way, inside[1], y, part)
        weigh(part, inside[1], kernel, wy)
        bring_to_line(tile, inside, y, wy, line, breaks, eights)
        between(across[here, 0], across[there, 0], way, n, x, part)
        weigh(part, n, kernel, wx)
        fill_from_line(line, x, n, wx, made, breaks, eights)
        if marks.size + notes.size > 0:
            between(across[here, 1], across[there, 1], way, n, y, part)
        finish_row(tile, size, marks, notes, x, y, n, made, step, out, clipped, u0, v0 + v)
