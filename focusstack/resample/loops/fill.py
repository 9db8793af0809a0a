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

from focusstack.numeric.arrays import Float32
from focusstack.resample.loops.arguments import (
    Bounds,
    Box,
    Crossings,
    Lines,
    Pixels,
    Positions,
    Source,
    Stretch,
    Target,
    Tile,
    Way,
    Weights,
    Workspace,
)
from focusstack.resample.loops.beneath import beneath, enough
from focusstack.resample.loops.clipping import clipped_code, finish_row
from focusstack.resample.loops.evenness import EVERY, MARGIN, hardly_turned
from focusstack.resample.loops.positions import (
    OUTSIDE,
    bounds,
    bounds_of_seen,
    locate_exactly,
    locate_rows,
    rows_of,
    within,
)
from focusstack.resample.loops.rows import leave_blank, weigh
from focusstack.resample.loops.sizes import LANES, MOST_COLUMNS, TILE_HEIGHT, TILE_WIDTH, WIDE
from focusstack.resample.loops.taps import sum_taps
from focusstack.resample.loops.two_steps import fill_tile
from focusstack.runtime.compiler import compiled, inner, named, read_only, writable
from focusstack.runtime.once import once

NOT_NOTED = 2**30
"""Code that no pixel has: nothing is noted."""


@once
def filling() -> Callable[..., None]:
    """Return `fill` for frames of any kind, from the cache or compiled now."""
    t: Any = numba.types
    levels, line, marks = read_only(np.float32, 1), writable(np.float32, 1), writable(np.uint8, 1)
    kinds = [read_only(dtype, 2) for dtype in (np.uint8, np.uint16, np.float32, np.float32)]
    numbers, plane = read_only(np.float64, 1), writable(np.float32, 2)
    pixels, places = writable(np.int32, 1), writable(np.int32, 3)
    positions = named(Positions, places, writable(np.float32, 3))
    crossings = named(Crossings, writable(np.float32, 3), plane)
    return compiled(
        fill,
        named(Source, *kinds, levels, levels),
        named(
            Way, read_only(np.float64, 2), t.UniTuple(t.int64, 2), read_only(np.float64, 3), numbers
        ),
        read_only(np.float32, 2),
        named(
            Target,
            *(writable(np.float32, 3), writable(np.int16, 3), t.float64, writable(np.uint8, 2)),
        ),
        named(Workspace, positions, line, plane, plane, writable(np.int32, 2)),
        named(
            *(Lines, named(Weights, plane, plane), line, line, crossings),
            *(pixels, pixels, line, writable(np.uint64, 1), marks),
        ),
        t.int64,
        t.int64,
    )


@inner
def _fill_row(tile: Tile, x: Pixels, y: Pixels, n: int, weights: Weights, line: Float32) -> None:
    """Fill a row of a tile, run by run, into `line` ``(C * WIDE,)``.

    x, y: where in the tile the taps of each pixel begin.
    """
    rows, stride = tile.size
    channels, plane = line.size // WIDE, rows * stride
    values, wx, wy = tile.values, weights.across, weights.down
    i = 0
    while i < n:
        k = i + 1
        if x[i] == OUTSIDE:
            for c in range(channels):
                line[c * WIDE + i] = 0
            i = k
            continue
        # A run: each pixel's taps begin one column after those of the pixel before.
        while k < n and x[k] - x[i] == k - i and y[k] == y[i]:
            k += 1
        at = y[i] * stride + x[i]
        for b in range(0, k - i, LANES):
            for c in range(channels):
                sum_taps(
                    values, at + b + c * plane, stride, wx, wy, i + b, WIDE, line, c * WIDE + i + b
                )
        i = k


@inner
def _fill_turned(
    tile: Tile, positions: Positions, kernel: Float32, lines: Lines, target: Target, box: Box
) -> None:
    """Fill a tile by six by six taps; `positions` holds all its pixels."""
    wx, wy, line, n = lines.weights.across, lines.weights.down, lines.made, box.columns
    left, top = np.int32(tile.corner[0]), np.int32(tile.corner[1])
    for v in range(box.rows):
        x, y = positions.whole[v, 0], positions.whole[v, 1]
        for i in range(n):
            x[i] = OUTSIDE if x[i] == OUTSIDE else x[i] - left
            y[i] -= top
        weigh(positions.phase[v, 0], n, kernel, wx)
        weigh(positions.phase[v, 1], n, kernel, wy)
        _fill_row(tile, x, y, n, lines.weights, line)
        finish_row(tile, x, y, line, target, Stretch(box.u, box.v + v, n))


@inner
def _locate_evenly(
    way: Way, space: Workspace, place: Box, frame: tuple[int, int]
) -> tuple[int, Bounds]:
    """Locate a few rows of a tile, if it may be filled in two steps.

    Returns
    -------
    int
        Rows from one that is located to the next; 0 if the tile needs six by six taps.
    Bounds
        Of its positions, and what a line between them may reach.
    """
    h, n, positions = place.rows, place.columns, space.positions
    seen = Bounds(0, 0, 0, 0)
    for every in EVERY:
        rows = rows_of(h, every)
        near = locate_rows(way, space, place, every, positions)
        seen = bounds(positions.whole, rows, n, space.extremes)
        if near and within(seen, frame) and seen.right - seen.left + 6 <= MOST_COLUMNS:
            last = max(h - 1 - every * (rows - 2), 1)
            if hardly_turned(positions.whole[:rows], positions.phase[:rows], n, every, last):
                return every, Bounds(seen.left, seen.right, seen.top - MARGIN, seen.bottom + MARGIN)
    return 0, seen


@inner
def _locate_all(way: Way, space: Workspace, place: Box, frame: tuple[int, int]) -> Bounds:
    """Locate all pixels of a tile; bounds of those in the frame."""
    positions = space.positions
    near = locate_rows(way, space, place, 1, positions)
    seen = bounds(positions.whole, place.rows, place.columns, space.extremes)
    if near and within(seen, frame):
        return seen
    locate_exactly(way, space, place, frame, positions)
    return bounds_of_seen(positions.whole, place.rows, place.columns)


def fill(
    source: Source,
    way: Way,
    kernel: Float32,
    target: Target,
    space: Workspace,
    lines: Lines,
    first: int,
    last: int,
) -> None:
    """Fill rows `first` to `last` of the rectangle; `first` is a multiple of the tile height.

    kernel (2, 3): of `focusstack.resample.kernel`; space, lines: memory to work in.
    """
    channels = source.white.size
    columns = max(source.bytes.shape[1], source.words.shape[1], source.numbers.shape[1])
    frame = (source.bytes.shape[0], columns // channels)
    width = max(target.numbers.shape[2], target.codes.shape[2])
    room = np.empty(0, np.float32)
    held, noted = clipped_code(source.table, source.white), NOT_NOTED
    if target.clipped.size > 0:
        noted = clipped_code(source.table, source.limit)
    for v0 in range(first, last, TILE_HEIGHT):
        for u0 in range(0, width, TILE_WIDTH):
            box = Box(u0, v0, min(TILE_WIDTH, width - u0), min(TILE_HEIGHT, last - v0))
            place = Box(way.corner[0] + u0, way.corner[1] + v0, box.columns, box.rows)
            every, seen = _locate_evenly(way, space, place, frame)
            if every == 0:
                seen = _locate_all(way, space, place, frame)
            if target.clipped.size > 0:
                for v in range(v0, v0 + box.rows):
                    for u in range(u0, u0 + box.columns):
                        target.clipped[v, u] = 0
            if seen.right < seen.left:
                leave_blank(target, box)
                continue
            room = enough(room, seen, channels)
            tile = beneath(source, (held, noted), seen, room)
            if every > 0:
                fill_tile(tile, space.positions, every, kernel, lines, target, box)
            else:
                _fill_turned(tile, space.positions, kernel, lines, target, box)
