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
from focusstack.resample.loops.arguments import (
    Box,
    Crossings,
    Lines,
    Marks,
    Pixels,
    Positions,
    Stretch,
    Target,
    Tile,
)
from focusstack.resample.loops.clipping import finish_row
from focusstack.resample.loops.evenness import SEGMENT
from focusstack.resample.loops.positions import PHASES, rows_of
from focusstack.resample.loops.rows import weigh
from focusstack.resample.loops.sizes import LANES, WIDE
from focusstack.resample.loops.taps import sum_line, sum_lines
from focusstack.runtime.compiler import inlined, inner


@inner
def cross(
    row: Positions,
    n: int,
    corner: tuple[int, int],
    size: tuple[int, int],
    slope: Float32,
    found: Crossings,
) -> None:
    """Find where in the frame a row of a tile lies, and at which height it crosses each column.

    Parameters
    ----------
    row : Positions
        Of its `n` pixels, ``(2, n)``.
    corner : tuple of int
        Column and row of the frame where the taps of the tile begin.
    size : tuple of int
        Rows and columns beneath the tile.
    slope : (WIDE,) float32 ndarray
        Memory to work in.
    found : Crossings
        Receives them.
    """
    x, y, heights = found.across[0], found.across[1], found.heights
    wx, wy, px, py = row.whole[0], row.whole[1], row.phase[0], row.phase[1]
    left, top = np.int32(corner[0]), np.int32(corner[1])
    for u in range(n):
        x[u], y[u] = np.float32(wx[u] - left) + px[u], np.float32(wy[u] - top) + py[u]
    for u in range(n - 1):
        # As good as divided by the other difference, which is hardly anything but 1.
        slope[u] = (y[u + 1] - y[u]) * (np.float32(2) - (x[u + 1] - x[u]))
    slope[n - 1] = slope[n - 2]
    columns, highest, two = size[1], np.float32(size[0] - 6), np.float32(2)
    # The pixel above column c is about c - start: taps begin two columns before a pixel.
    start = int((x[0] + x[n - 1] - np.float32(n - 1)) * np.float32(0.5)) + 2
    for first in range(0, columns, SEGMENT):
        stop = min(first + SEGMENT, columns)
        # Over a segment column less pixel is one number, that in its middle: all goes in step.
        middle = min(max((first + stop) // 2 - start, 0), n - 1)
        own = int(np.floor(x[middle] + np.float32(2.5))) - middle
        begin, end = min(max(own, first), stop), max(min(own + n, stop), first)
        # Before the first pixel the row goes on along its first slope.
        for c in range(first, begin):
            heights[c] = y[0] + (np.float32(c) - two - x[0]) * slope[0]
        # From the pixel beside, along its slope, to the column: y + (c - 2 - x) slope.
        at, height, lean = x[begin - own :], y[begin - own :], slope[begin - own :]
        to = heights[begin:]
        for i in range(end - begin):
            to[i] = height[i] + (np.float32(begin - 2 + i) - at[i]) * lean[i]
        # Behind the last pixel the row goes on along its last slope.
        for c in range(end, stop):
            heights[c] = y[n - 1] + (np.float32(c) - two - x[n - 1]) * slope[n - 1]
    # No six rows begin outside what was loaded.
    for c in range(columns):
        height = heights[c] if heights[c] > 0 else np.float32(0)
        heights[c] = height if height < highest else highest


@inner
def between(
    first: Float32, second: Float32, part: np.float32, n: int, whole: Pixels, phase: Float32
) -> None:
    """Whole part and phase of `n` positions a `part` of the way from the first to the second."""
    steps, step, half = np.float32(PHASES), np.float32(1 / PHASES), np.float32(0.5)
    for i in range(n):
        place = first[i] + part * (second[i] - first[i])
        # To the nearest phase; then apart into the whole pixel and what is beyond it.
        place = np.floor(place * steps + half) * step
        row = np.floor(place)
        whole[i], phase[i] = np.int32(row), place - row


@inner
def mark_breaks(rows: Pixels, n: int, along: int, breaks: Marks) -> None:
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
    Inlined, and called for every run of pixels: its arguments are plain numbers.
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
    rows: Pixels,
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
    x: Pixels,
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
    tile: Tile,
    positions: Positions,
    every: int,
    kernel: Float32,
    lines: Lines,
    target: Target,
    box: Box,
) -> None:
    """Fill a tile that is hardly turned.

    Parameters
    ----------
    tile : Tile
        What lies beneath.
    positions : Positions
        Of the pixels of rows that are `every` so many apart, and of the last.
    kernel : (2, 3) float32 ndarray
        Of `focusstack.resample.kernel`.
    lines : Lines
        Memory to work in.
    target : Target
        Receives the tile.
    box : Box
        Where there.
    """
    n, h, values = box.columns, box.rows, tile.values
    inside = (tile.size[0], tile.size[1] - LANES)
    wx, wy, line, made = lines.weights.across, lines.weights.down, lines.line, lines.made
    across, heights = lines.crossings.across, lines.crossings.heights
    x, y, part, breaks, eights = lines.columns, lines.rows, lines.phase, lines.breaks, lines.eights
    whole, phase, corner, located = (
        positions.whole, positions.phase, tile.corner, rows_of(h, every)
    )  # fmt: skip
    cross(Positions(whole[0], phase[0]), n, corner, inside, part, Crossings(across[0], heights[0]))
    for v in range(h):
        # Row v lies k rows behind the one worked out before, of which two are kept in turn.
        k, here, there = v % every, v // every % 2, (v // every + 1) % 2
        following = v // every + 1
        if k == 0 and following < located:
            cross(
                Positions(whole[following], phase[following]), n, corner, inside, part,
                Crossings(across[there], heights[there]),
            )  # fmt: skip
        way = np.float32(k / max(min(every, h - 1 - v + k), 1))
        # Down: every column of the frame, at the height at which the row crosses it.
        between(heights[here], heights[there], way, inside[1], y, part)
        weigh(part, inside[1], kernel, wy)
        bring_to_line(values, inside, y, wy, line, breaks, eights)
        # Across: every pixel, from six values of that line.
        between(across[here, 0], across[there, 0], way, n, x, part)
        weigh(part, n, kernel, wx)
        fill_from_line(line, x, n, wx, made, breaks, eights)
        if tile.marks.size + tile.notes.size > 0:
            between(across[here, 1], across[there, 1], way, n, y, part)
        finish_row(tile, x, y, made, target, Stretch(box.u, box.v + v, n))
