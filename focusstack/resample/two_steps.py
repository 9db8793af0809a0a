"""Six by six taps in two steps, down and then across, where the frame is hardly turned.

For each row of a tile, its frame rows are first brought to one line: every column of the frame
takes the value at the height at which the row of the tile crosses it. Then six taps along that line
make a pixel (E. Catmull and A. R. Smith, "3-D transformations of images in scanline order",
SIGGRAPH 1980). That are 12 products a pixel instead of 42. The line runs slantwise by the tile's
turn, of a few degrees at most, so that samples are as far apart as pixels are, to a thousandth.

Import this module only when a picture is to be resampled: loading the compiler takes a while.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from focusstack.compiler import inlined, inner
from focusstack.resample.positions import Indices
from focusstack.resample.taps import LANES, sum_line, sum_lines
from focusstack.typing import Float32

STEEPEST = 0.1
"""Largest slope, and departure from the frame's own scale, of a tile that is filled so."""

MOST_ERROR = 0.01
"""Pixels by which a line may be too high or too low where the displacement bends."""

LEAST_COLUMNS = 16
"""Of a tile: a slope can be told."""

MOST_COLUMNS = 320
"""Of the frame beneath a tile."""

WIDE = MOST_COLUMNS + 2 * LANES
"""Of a line, and of what is computed behind its last column."""

MARGIN = 1
"""Rows of the frame above and below those of the taps that a line may reach."""

Marks: TypeAlias = NDArray[np.uint8]

_SEGMENT = 64
"""Columns whose heights are taken from pixels as many columns farther on."""

_APART = 8
"""Rows and columns between places where the slope is looked at."""


@inner
def hardly_turned(whole: Indices, phase: Float32, h: int, n: int) -> bool:
    """Whether a tile of `h` rows of `n` pixels may be filled in two steps.

    whole (h, 2, n), phase (h, 2, n): positions in the frame, x first.
    """
    if n < LEAST_COLUMNS:
        return False
    worst, bend, drift = np.float32(0), np.float32(0), np.float32(0)
    for v in range(0, h, _APART):
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
    return bool(worst <= np.float32(STEEPEST * _APART) and off <= np.float32(MOST_ERROR))


@inner
def heights(
    whole: Indices,
    phase: Float32,
    n: int,
    corner: tuple[int, int],
    size: tuple[int, int],
    work: Float32,
    rows: Indices,
    part: Float32,
) -> None:
    """Row of the frame, whole and fractional part, at which a row of a tile crosses each column.

    Parameters
    ----------
    whole, phase : (2, n) ndarray
        Positions of the row's pixels in the frame, x first.
    corner : tuple of int
        Column and row of the frame where the taps of the tile begin.
    size : tuple of int
        Rows and columns beneath the tile.
    work : (3, WIDE) float32 ndarray
        Memory to work in.
    rows, part : (WIDE,) int32 and float32 ndarray
        Receive the row in which the taps begin, and the rest.
    """
    x, y, slope = work[0], work[1], work[2]
    wx, wy, px, py = whole[0], whole[1], phase[0], phase[1]
    left, top = np.int32(corner[0] - 2), np.int32(corner[1])
    for u in range(n):
        x[u], y[u] = np.float32(wx[u] - left) + px[u], np.float32(wy[u] - top) + py[u]
    for u in range(n - 1):
        # As good as divided by the other difference, which is hardly anything but 1.
        slope[u] = (y[u + 1] - y[u]) * (np.float32(2) - (x[u + 1] - x[u]))
    slope[n - 1] = slope[n - 2]
    columns, highest = size[1], np.float32(size[0] - 6)
    start = int((x[0] + x[n - 1] - np.float32(n - 1)) * np.float32(0.5))
    for first in range(0, columns, _SEGMENT):
        stop = min(first + _SEGMENT, columns)
        middle = min(max((first + stop) // 2 - start, 0), n - 1)
        own = int(np.floor(x[middle] + np.float32(0.5))) - middle
        begin, end = min(max(own, first), stop), max(min(own + n, stop), first)
        for c in range(first, begin):
            part[c] = y[0] + (np.float32(c) - x[0]) * slope[0]
        at, height, lean = x[begin - own :], y[begin - own :], slope[begin - own :]
        to = part[begin:]
        for i in range(end - begin):
            to[i] = height[i] + (np.float32(begin + i) - at[i]) * lean[i]
        for c in range(end, stop):
            part[c] = y[n - 1] + (np.float32(c) - x[n - 1]) * slope[n - 1]
    for c in range(columns):
        height = part[c] if part[c] > 0 else np.float32(0)
        height = height if height < highest else highest
        row = np.floor(height)
        rows[c], part[c] = np.int32(row), height - row


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
    channels, plane = line.size // WIDE, size[0] * stride
    mark_breaks(rows, columns, 0, breaks)
    c = 0
    while c < columns:
        k = _run_end(breaks, eights, c)
        first = rows[c] * stride
        for b in range(c, k, LANES):
            if channels == 3:
                sum_lines(tile, first + b, stride, plane, w, b, WIDE, line, b, WIDE)
            else:
                for z in range(channels):
                    at = first + b + z * plane
                    sum_line(tile, at, stride, plane, w, b, WIDE, line, z * WIDE + b, WIDE)
        c = k


@inner
def fill_from_line(
    line: Float32,
    left: int,
    x: Indices,
    n: int,
    w: Float32,
    out: Float32,
    breaks: Marks,
    eights: NDArray[np.uint64],
) -> None:
    """Second step: pixels whose taps begin at ``x - left`` of the line.

    w (6 * WIDE) weighs; out (C * WIDE) receives; the others are as in the first step.
    """
    channels = out.size // WIDE
    mark_breaks(x, n, 1, breaks)
    i = 0
    while i < n:
        k = _run_end(breaks, eights, i)
        first = x[i] - left - i
        for b in range(i, k, LANES):
            if channels == 3:
                sum_lines(line, first + b, 1, WIDE, w, b, WIDE, out, b, WIDE)
            else:
                for z in range(channels):
                    at = first + b + z * WIDE
                    sum_line(line, at, 1, WIDE, w, b, WIDE, out, z * WIDE + b, WIDE)
        i = k
