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

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from focusstack.numeric.arrays import Float32, Image, Matrix, Points
from focusstack.resample.loops.clipping import (
    Marks,
    brightest,
    clipped_code,
    finish_row,
    mark_clipped,
)
from focusstack.resample.loops.positions import (
    OUTSIDE,
    Indices,
    bounds,
    bounds_of_seen,
    displace,
    locate_exactly,
    locate_rows,
    rows_of,
    within,
)
from focusstack.resample.loops.rows import Planes, weigh
from focusstack.resample.loops.taps import LANES, sum_taps
from focusstack.resample.loops.two_steps import (
    EVERY,
    MARGIN,
    MOST_COLUMNS,
    WIDE,
    fill_tile,
    hardly_turned,
)
from focusstack.runtime.compiler import compiled as compiled_for
from focusstack.runtime.compiler import inner, read_only, writable


def compiled(dtype: np.dtype[Any], into: np.dtype[Any]) -> Callable[..., None]:
    """Return `fill` for frames of `dtype` and results of `into`, from the cache or compiled now."""
    t = numba.types
    return compiled_for(
        fill,
        read_only(dtype, 3),
        t.none if dtype == np.float32 else read_only(np.float32, 2),
        read_only(np.float32, 1),
        read_only(np.float64, 2),
        read_only(np.int64, 1),
        read_only(np.float64, 3),
        read_only(np.float64, 1),
        read_only(np.float32, 2),
        t.float64,
        writable(into, 3),
        read_only(np.float32, 1),
        writable(np.uint8, 2),
        t.int64,
        t.int64,
    )


TILE_HEIGHT = 64


TILE_WIDTH = 256


ROOM = WIDE
"""Of a row of a tile, and of what is computed behind its last pixel."""


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
def _fill_row(
    tile: Float32,
    size: tuple[int, int],
    x: Indices,
    y: Indices,
    n: int,
    wx: Float32,
    wy: Float32,
    line: Float32,
) -> None:
    """Fill a row of a tile, run by run, into `line` ``(C * ROOM,)``.

    x, y: where in the tile the taps of each pixel begin.
    """
    rows, stride = size
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
        at = y[i] * stride + x[i]
        for b in range(0, k - i, LANES):
            for c in range(channels):
                sum_taps(
                    tile, at + b + c * plane, stride, wx, wy, i + b, ROOM, line, c * ROOM + i + b
                )
        i = k


@inner
def _fill_turned(
    tile: Float32,
    size: tuple[int, int],
    corner: tuple[int, int],
    whole: Indices,
    phase: Float32,
    kernel: Float32,
    step: float,
    marks: Marks,
    notes: Marks,
    out: Planes,
    clipped: Marks,
    box: tuple[int, int, int, int],
) -> None:
    """Fill a tile by six by six taps; as `focusstack.resample.loops.two_steps.fill_tile`.

    whole, phase (h, 2, n): positions of all its pixels.
    """
    u0, v0, n, h = box
    wx, wy = np.zeros((6, ROOM), np.float32), np.zeros((6, ROOM), np.float32)
    line = np.zeros(out.shape[0] * ROOM, np.float32)
    for v in range(h):
        x, y = whole[v, 0], whole[v, 1]
        for i in range(n):
            x[i] = OUTSIDE if x[i] == OUTSIDE else x[i] - np.int32(corner[0])
            y[i] -= np.int32(corner[1])
        weigh(phase[v, 0], n, kernel, wx)
        weigh(phase[v, 1], n, kernel, wy)
        _fill_row(tile, size, x, y, n, wx, wy, line)
        finish_row(tile, size, marks, notes, x, y, n, line, step, out, clipped, u0, v0 + v)


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
    whole, phase = (
        np.empty((TILE_HEIGHT, 2, TILE_WIDTH), np.int32),
        np.empty((TILE_HEIGHT, 2, TILE_WIDTH), np.float32),
    )
    moved, along = np.zeros((2, TILE_WIDTH), np.float32), np.empty((2, nodes.shape[1]), np.float32)
    work, tile = np.empty((4, TILE_WIDTH), np.int32), np.empty(0, np.float32)
    count = np.arange(TILE_WIDTH).astype(np.float32)
    held, noted = clipped_code(table, white), clipped_code(table, limit)
    for v0 in range(first, last, TILE_HEIGHT):
        h = min(TILE_HEIGHT, last - v0)
        for u0 in range(0, out.shape[2], TILE_WIDTH):
            n = min(TILE_WIDTH, out.shape[2] - u0)
            place = corner[0] + u0, corner[1] + v0, n, h
            quick, every, rows = False, 1, h
            for apart in EVERY:
                every, rows = apart, rows_of(h, apart)
                near = locate_rows(M, place, every, nodes, scale, along, count, moved, whole, phase)
                left, right, top, bottom = bounds(whole, rows, n, work)
                quick = near and within((left, right, top, bottom), frame)
                quick = quick and right - left + 6 <= MOST_COLUMNS
                last_step = max(h - 1 - every * (rows - 2), 1)
                quick = quick and hardly_turned(whole[:rows], phase[:rows], n, every, last_step)
                if quick:
                    break
            if quick:
                top, bottom = top - MARGIN, bottom + MARGIN
            else:
                near = locate_rows(M, place, 1, nodes, scale, along, count, moved, whole, phase)
                left, right, top, bottom = bounds(whole, h, n, work)
                near &= within((left, right, top, bottom), frame)
            if not near:
                for v in range(h):
                    if nodes.size > 0:
                        displace(nodes, scale, place[0], place[1] + v, n, along, count, moved)
                    locate_exactly(M, place[0], place[1] + v, n, moved, frame, whole[v], phase[v])
                left, right, top, bottom = bounds_of_seen(whole, h, n)
            if clipped.size > 0:
                clipped[v0 : v0 + h, u0 : u0 + n] = 0
            if right < left:
                out[:, v0 : v0 + h, u0 : u0 + n] = 0
                continue
            size = (bottom - top + 6, right - left + 6 + LANES)
            if channels * size[0] * size[1] > tile.size:
                tile = np.zeros(channels * size[0] * size[1], np.float32)
            _load(image, table, left - 2, top - 2, size, tile)
            values, none = tile[: channels * size[0] * size[1]], np.empty(0, np.uint8)
            most = brightest(image, table, (left - 2, right + 3 + LANES, top - 2, bottom + 3))
            marks = mark_clipped(values, size, white, False) if most >= held else none
            notes = none
            if clipped.size > 0 and most >= noted:
                notes = mark_clipped(values, size, limit, True)
            box = u0, v0, n, h
            if quick:
                fill_tile(
                    values, size, (left, top), whole[:rows], phase[:rows], every, kernel, step,
                    marks, notes, out, clipped, box,
                )  # fmt: skip
            else:
                _fill_turned(
                    values, size, (left, top), whole, phase, kernel, step, marks, notes, out,
                    clipped, box,
                )  # fmt: skip
