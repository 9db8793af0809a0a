"""The compiled loops of the resampling.

The reference rectangle is filled tile by tile. For each tile: where its pixels lie in the frame,
the part of the frame that they need as float32 (through the table), one plane for each channel,
and six by six taps per pixel. In a row of a tile the source moves in step with the output over
runs of pixels; along a run everything is contiguous.

No result depends on anything but its own tile, and tiles lie on a fixed grid: the bytes are the
same however the rows are divided among threads.

Import this module only when a picture is to be resampled: loading the compiler takes a while.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from focusstack.compiler import inner
from focusstack.resample.positions import (
    OUTSIDE,
    Indices,
    bounds,
    bounds_of_seen,
    displace,
    locate,
    locate_exactly,
)
from focusstack.resample.taps import LANES, sum_taps
from focusstack.resample.two_steps import (
    MARGIN,
    MOST_COLUMNS,
    WIDE,
    bring_to_line,
    fill_from_line,
    hardly_turned,
    heights,
)
from focusstack.typing import Float32, Image, Matrix, Points

TILE_HEIGHT = 64
TILE_WIDTH = 256

ROOM = WIDE
"""Of a row of a tile, and of what is computed behind its last pixel."""

Marks: TypeAlias = NDArray[np.uint8]
Planes: TypeAlias = NDArray[np.float32] | NDArray[np.int16]


@inner
def _load(
    image: Image, table: Float32 | None, left: int, top: int, size: tuple[int, int], tile: Float32
) -> None:
    """Copy a part of the frame as float32, borders replicated, plane by plane.

    `size` is how many rows and how many values a row of the tile has.
    """
    height, width, channels = image.shape
    rows, stride = size
    columns = stride - LANES
    inside = left >= 0 and left + columns <= width
    for r in range(rows):
        source = image[min(max(top + r, 0), height - 1)]
        part = source[left if inside else 0 :]
        for c in range(channels):
            row = tile[(c * rows + r) * stride :]
            if table is None and inside:
                for i in range(columns):
                    row[i] = part[i, c]
            elif table is None:
                for i in range(columns):
                    row[i] = source[min(max(left + i, 0), width - 1), c]
            elif inside:
                values = table[c]
                for i in range(columns):
                    row[i] = values[part[i, c]]
            else:
                for i in range(columns):
                    row[i] = table[c, source[min(max(left + i, 0), width - 1), c]]


@inner
def _mark_clipped(tile: Float32, size: tuple[int, int], white: Float32, together: bool) -> Marks:
    """Mark where any of the taps that start there has its channel's white; empty if none can.

    There are marks for each channel, or for all `together`.
    """
    rows, stride = size
    plane = rows * stride
    found = 0
    for c in range(white.size):
        level, part = white[c], tile[c * plane : (c + 1) * plane]
        for i in range(plane):
            found += part[i] >= level
    if found == 0:
        return np.empty(0, np.uint8)
    marks = np.zeros((1 if together else white.size) * plane + LANES, np.uint8)
    for c in range(white.size):
        level, part, m = white[c], tile[c * plane :], marks[0 if together else c * plane :]
        for i in range(plane):
            m[i] = np.uint8(1) if part[i] >= level else m[i]
    for c in range(1 if together else white.size):
        _spread_marks(marks[c * plane :], size)
    return marks


@inner
def _spread_marks(marks: Marks, size: tuple[int, int]) -> None:
    """Mark all from which on six by six values hold one that is marked."""
    rows, stride = size
    for step in (1, 2, 2):  # reaches two, four, six values
        for i in range(rows * stride - step):
            marks[i] |= marks[i + step]
    for step in (1, 2, 2):
        for r in range(rows - step):
            line, below = marks[r * stride :], marks[(r + step) * stride :]
            for i in range(stride):
                line[i] |= below[i]


@inner
def _weigh(phase: Float32, n: int, kernel: Float32, w: Float32) -> None:
    """Weights ``(6, ROOM)`` of the taps; see `focusstack.resample.kernel`."""
    w0, w1, w2, w3, w4, w5 = w[0], w[1], w[2], w[3], w[4], w[5]
    a0, a1, a2 = kernel[0, 0], kernel[0, 1], kernel[0, 2]
    b0, b1, b2 = kernel[1, 0], kernel[1, 1], kernel[1, 2]
    one, half = np.float32(1), np.float32(0.5)
    for i in range(n):
        t = phase[i]
        g, s = t * (one - t), t - half
        w0[i], w5[i] = g * (a0 + s * b0), g * (a0 - s * b0)
        w1[i], w4[i] = g * (a1 + s * b1), g * (a1 - s * b1)
        w2[i], w3[i] = one - t + g * (a2 + s * b2), t + g * (a2 - s * b2)


@inner
def _fill_row(
    tile: Float32,
    size: tuple[int, int],
    corner: tuple[int, int],
    whole: Indices,
    n: int,
    wx: Float32,
    wy: Float32,
    line: Float32,
) -> None:
    """Fill a row of a tile, run by run, into `line` ``(C * ROOM,)``.

    `corner` is the column and row of the frame whose taps begin where the tile does.
    """
    rows, stride = size
    x, y = whole[0], whole[1]
    channels, plane = line.size // ROOM, rows * stride
    i = 0
    while i < n:
        k = i + 1
        if x[i] == OUTSIDE:
            for c in range(channels):
                line[c * ROOM + i] = 0
            i = k
            continue
        while k < n and x[k] - x[i] == k - i and y[k] == y[i]:
            k += 1
        at = (y[i] - corner[1]) * stride + x[i] - corner[0]
        for b in range(0, k - i, LANES):
            for c in range(channels):
                sum_taps(
                    tile, at + b + c * plane, stride, wx, wy, i + b, ROOM, line, c * ROOM + i + b
                )
        i = k


@inner
def _hold_row(
    tile: Float32,
    marks: Marks,
    size: tuple[int, int],
    corner: tuple[int, int],
    whole: Indices,
    n: int,
    line: Float32,
) -> None:
    """Keep a row of a tile, where marked, between the least and greatest of the four nearest."""
    rows, stride = size
    x, y = whole[0], whole[1]
    for c in range(line.size // ROOM):
        plane = c * rows * stride
        values, near = tile[plane:], marks[plane:]
        for i in range(n):
            at = (y[i] - corner[1]) * stride + x[i] - corner[0]
            if x[i] != OUTSIDE and near[at]:
                above, below = values[at + 2 * stride + 2 :], values[at + 3 * stride + 2 :]
                low = min(min(above[0], above[1]), min(below[0], below[1]))
                high = max(max(above[0], above[1]), max(below[0], below[1]))
                line[c * ROOM + i] = min(max(line[c * ROOM + i], low), high)


@inner
def _note_clipped(
    marks: Marks, stride: int, corner: tuple[int, int], whole: Indices, out: Marks
) -> None:
    """Note in a row of a tile what is mixed from a marked value."""
    x, y = whole[0], whole[1]
    for i in range(out.size):
        if x[i] != OUTSIDE:
            out[i] = marks[(y[i] - corner[1]) * stride + x[i] - corner[0]]


@inner
def _store(line: Float32, step: float, out: Planes, u: int, v: int, n: int) -> None:
    """Put a row of a tile into the planes; integers are multiples of `step`."""
    for c in range(out.shape[0]):
        row, values = out[c, v, u : u + n], line[c * ROOM : c * ROOM + n]
        if step == 0:
            for i in range(n):
                row[i] = values[i]
        else:
            steps, top = np.float32(1 / step), np.float32(32767)
            for i in range(n):
                value = values[i] * steps
                value = value if value < top else top
                value = value if value > -top else -top
                row[i] = np.int32(np.floor(value + np.float32(0.5)))


def fill(
    image: Image,
    table: Float32 | None,
    white: Float32,
    M: Matrix,
    corner: NDArray[np.int64],
    nodes: Points,
    scale: Points,
    kernel: Float32,
    step: float,
    out: Planes,
    limit: Float32,
    clipped: Marks,
    first: int,
    last: int,
) -> None:
    """Fill rows `first` to `last` of `out`; `first` is a multiple of the tile height.

    `clipped`, if it has rows, becomes 1 where anything mixed had reached the channel's `limit`.
    """
    frame, channels = image.shape[:2], image.shape[2]
    wx, wy = np.zeros((6, ROOM), np.float32), np.zeros((6, ROOM), np.float32)
    line, tile = np.zeros(channels * ROOM, np.float32), np.empty(0, np.float32)
    whole, phase = (
        np.empty((TILE_HEIGHT, 2, TILE_WIDTH), np.int32),
        np.empty((TILE_HEIGHT, 2, TILE_WIDTH), np.float32),
    )
    moved, along = np.zeros((2, TILE_WIDTH), np.float32), np.empty((2, nodes.shape[1]), np.float32)
    work = np.empty((4, TILE_WIDTH), np.int32)
    lines, part = np.zeros((3, WIDE), np.float32), np.zeros(WIDE, np.float32)
    eights = np.zeros(WIDE // 8, np.uint64)
    breaks = eights.view(np.uint8)
    rows, between = np.zeros(WIDE, np.int32), np.zeros(channels * WIDE, np.float32)
    count = np.arange(TILE_WIDTH).astype(np.float32)
    for v0 in range(first, last, TILE_HEIGHT):
        h = min(TILE_HEIGHT, last - v0)
        for u0 in range(0, out.shape[2], TILE_WIDTH):
            n = min(TILE_WIDTH, out.shape[2] - u0)
            x0, y0 = corner[0] + u0, corner[1] + v0
            near = True
            for v in range(h):
                if nodes.size > 0:
                    displace(nodes, scale, x0, y0 + v, n, along, count, moved)
                near &= locate(M, x0, y0 + v, n, count, moved, whole[v], phase[v])
            left, right, top, bottom = bounds(whole, h, n, work)
            near &= left >= 0 and top >= 0 and right <= frame[1] - 2 and bottom <= frame[0] - 2
            if not near:
                for v in range(h):
                    if nodes.size > 0:
                        displace(nodes, scale, x0, y0 + v, n, along, count, moved)
                    locate_exactly(M, x0, y0 + v, n, moved, frame, whole[v], phase[v])
                left, right, top, bottom = bounds_of_seen(whole, h, n)
            if right < left:
                out[:, v0 : v0 + h, u0 : u0 + n] = 0
                if clipped.size > 0:
                    clipped[v0 : v0 + h, u0 : u0 + n] = 0
                continue
            quick = near and hardly_turned(whole, phase, h, n)
            quick = quick and right - left + 6 <= MOST_COLUMNS
            if quick:
                top, bottom = top - MARGIN, bottom + MARGIN
            size = (bottom - top + 6, right - left + 6 + LANES)
            if channels * size[0] * size[1] > tile.size:
                tile = np.zeros(channels * size[0] * size[1], np.float32)
            _load(image, table, left - 2, top - 2, size, tile)
            values = tile[: channels * size[0] * size[1]]
            marks = _mark_clipped(values, size, white, False)
            if clipped.size > 0:
                clipped[v0 : v0 + h, u0 : u0 + n] = 0
                notes = _mark_clipped(values, size, limit, True)
                for v in range(h if notes.size > 0 else 0):
                    row = clipped[v0 + v, u0 : u0 + n]
                    _note_clipped(notes, size[1], (left, top), whole[v], row)
            for v in range(h):
                _weigh(phase[v, 0], n, kernel, wx)
                if quick:
                    columns = size[1] - LANES
                    inside = (size[0], columns)
                    heights(whole[v], phase[v], n, (left, top), inside, lines, rows, part)
                    _weigh(part, columns, kernel, wy)
                    bring_to_line(values, inside, rows, wy, between, breaks, eights)
                    fill_from_line(between, left, whole[v, 0], n, wx, line, breaks, eights)
                else:
                    _weigh(phase[v, 1], n, kernel, wy)
                    _fill_row(values, size, (left, top), whole[v], n, wx, wy, line)
                if marks.size > 0:
                    _hold_row(values, marks, size, (left, top), whole[v], n, line)
                _store(line, step, out, u0, v0 + v, n)
