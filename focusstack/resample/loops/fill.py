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
from focusstack.resample.loops.evenness import EVERY, MARGIN, MOST_COLUMNS, hardly_turned
from focusstack.resample.loops.positions import (
    OUTSIDE,
    bounds,
    bounds_of_seen,
    locate_exactly,
    locate_rows,
    rows_of,
    within,
)
from focusstack.resample.loops.rows import weigh
from focusstack.resample.loops.taps import LANES, sum_taps
from focusstack.resample.loops.two_steps import WIDE, fill_tile
from focusstack.runtime.compiler import compiled as compiled_for
from focusstack.runtime.compiler import inner, read_only, writable

TILE_HEIGHT = 64
"""Rows filled together. Speed only: a tile and what lies beneath stay in the processor's cache
(``python -m benchmarks.speed``)."""

TILE_WIDTH = 256
"""Columns filled together: long runs of pixels go in step. Speed only
(``python -m benchmarks.speed``)."""

ROOM = WIDE
"""Values in memory for a row of a tile, and for what is computed behind its last pixel."""

NOT_NOTED = 2**30
"""Code that no pixel has: nothing is noted."""


def compiled(dtype: np.dtype[Any], into: np.dtype[Any]) -> Callable[..., None]:
    """Return `fill` for frames of `dtype` and results of `into`, from the cache or compiled now."""
    t: Any = numba.types
    table = t.none if dtype == np.float32 else read_only(np.float32, 2)
    levels, numbers = read_only(np.float32, 1), read_only(np.float64, 1)
    source = [read_only(dtype, 3), table, levels, levels]
    way = [read_only(np.float64, 2), t.UniTuple(t.int64, 2), read_only(np.float64, 3), numbers]
    target = [writable(into, 3), t.float64, writable(np.uint8, 2)]
    return compiled_for(
        fill,
        t.NamedTuple(source, Source),
        t.NamedTuple(way, Way),
        read_only(np.float32, 2),
        t.NamedTuple(target, Target),
        t.int64,
        t.int64,
    )


@inner
def _fill_row(tile: Tile, x: Pixels, y: Pixels, n: int, weights: Weights, line: Float32) -> None:
    """Fill a row of a tile, run by run, into `line` ``(C * ROOM,)``.

    x, y: where in the tile the taps of each pixel begin.
    """
    rows, stride = tile.size
    channels, plane = line.size // ROOM, rows * stride
    values, wx, wy = tile.values, weights.across, weights.down
    i = 0
    while i < n:
        k = i + 1
        if x[i] == OUTSIDE:
            for c in range(channels):
                line[c * ROOM + i] = 0
            i = k
            continue
        # A run: each pixel's taps begin one column after those of the pixel before.
        while k < n and x[k] - x[i] == k - i and y[k] == y[i]:
            k += 1
        at = y[i] * stride + x[i]
        for b in range(0, k - i, LANES):
            for c in range(channels):
                sum_taps(
                    values, at + b + c * plane, stride, wx, wy, i + b, ROOM, line, c * ROOM + i + b
                )
        i = k


@inner
def _fill_turned(
    tile: Tile, positions: Positions, kernel: Float32, target: Target, box: Box
) -> None:
    """Fill a tile by six by six taps; `positions` holds all its pixels."""
    wx, wy = np.zeros((6, ROOM), np.float32), np.zeros((6, ROOM), np.float32)
    line = np.zeros(target.planes.shape[0] * ROOM, np.float32)
    left, top = np.int32(tile.corner[0]), np.int32(tile.corner[1])
    n = box.columns
    for v in range(box.rows):
        x, y = positions.whole[v, 0], positions.whole[v, 1]
        for i in range(n):
            x[i] = OUTSIDE if x[i] == OUTSIDE else x[i] - left
            y[i] -= top
        weigh(positions.phase[v, 0], n, kernel, wx)
        weigh(positions.phase[v, 1], n, kernel, wy)
        _fill_row(tile, x, y, n, Weights(wx, wy), line)
        finish_row(tile, x, y, line, target, Stretch(box.u, box.v + v, n))


@inner
def _locate_evenly(
    way: Way, space: Workspace, place: Box, frame: tuple[int, ...], positions: Positions
) -> tuple[int, Bounds]:
    """Locate a few rows of a tile, if it may be filled in two steps.

    Returns
    -------
    int
        Rows from one that is located to the next; 0 if the tile needs six by six taps.
    Bounds
        Of its positions, and what a line between them may reach.
    """
    h, n = place.rows, place.columns
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
def _locate_all(
    way: Way, space: Workspace, place: Box, frame: tuple[int, ...], positions: Positions
) -> Bounds:
    """Locate all pixels of a tile; bounds of those in the frame."""
    near = locate_rows(way, space, place, 1, positions)
    seen = bounds(positions.whole, place.rows, place.columns, space.extremes)
    if near and within(seen, frame):
        return seen
    locate_exactly(way, space, place, frame, positions)
    return bounds_of_seen(positions.whole, place.rows, place.columns)


@inner
def _workspace(nodes: int) -> Workspace:
    """Return memory for the positions of a row, with so many columns of nodes."""
    return Workspace(
        np.arange(TILE_WIDTH).astype(np.float32),
        np.empty((2, nodes), np.float32),
        np.zeros((2, TILE_WIDTH), np.float32),
        np.empty((4, TILE_WIDTH), np.int32),
    )


def fill(source: Source, way: Way, kernel: Float32, target: Target, first: int, last: int) -> None:
    """Fill rows `first` to `last` of the rectangle; `first` is a multiple of the tile height.

    kernel (2, 3): of `focusstack.resample.kernel`.
    """
    frame, channels, width = source.image.shape, source.image.shape[2], target.planes.shape[2]
    positions = Positions(
        np.empty((TILE_HEIGHT, 2, TILE_WIDTH), np.int32),
        np.empty((TILE_HEIGHT, 2, TILE_WIDTH), np.float32),
    )
    space, room = _workspace(way.nodes.shape[1]), np.empty(0, np.float32)
    held, noted = clipped_code(source.table, source.white), NOT_NOTED
    if target.clipped.size > 0:
        noted = clipped_code(source.table, source.limit)
    for v0 in range(first, last, TILE_HEIGHT):
        for u0 in range(0, width, TILE_WIDTH):
            box = Box(u0, v0, min(TILE_WIDTH, width - u0), min(TILE_HEIGHT, last - v0))
            place = Box(way.corner[0] + u0, way.corner[1] + v0, box.columns, box.rows)
            every, seen = _locate_evenly(way, space, place, frame, positions)
            if every == 0:
                seen = _locate_all(way, space, place, frame, positions)
            if target.clipped.size > 0:
                target.clipped[v0 : v0 + box.rows, u0 : u0 + box.columns] = 0
            if seen.right < seen.left:
                target.planes[:, v0 : v0 + box.rows, u0 : u0 + box.columns] = 0
                continue
            room = enough(room, seen, channels)
            tile = beneath(source, (held, noted), seen, room)
            if every > 0:
                rows = rows_of(box.rows, every)
                evenly = Positions(positions.whole[:rows], positions.phase[:rows])
                fill_tile(tile, evenly, every, kernel, target, box)
            else:
                _fill_turned(tile, positions, kernel, target, box)
