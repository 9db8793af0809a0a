"""The compiled loops of the resampling.

The reference rectangle is filled tile by tile. For each tile: where its pixels lie in the frame,
the part of the frame that they need as float32 (through the table), and six by six taps per
pixel. In a row of a tile the source moves in step with the output over long runs of pixels; along
a run everything is contiguous, channels interleaved, and the compiler vectorises it.

No result depends on anything but its own tile, and tiles lie on a fixed grid: the bytes are the
same however the rows are divided among threads.

Import this module only when a picture is to be resampled: loading the compiler takes a while.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from focusstack.typing import Float32, Image, Matrix

TILE_HEIGHT = 64
TILE_WIDTH = 128
PHASES = 16384.0
"""Steps per pixel to which positions are rounded: a shift of whole pixels stays exactly that."""

OUTSIDE = -(2**31)
"""Stands for the column of a position that the frame does not cover."""

Indices = NDArray[np.int32]
Marks = NDArray[np.uint8]
Floats = NDArray[np.float64]
_F = TypeVar("_F", bound=Callable[..., Any])


def _inner(function: _F) -> _F:
    """Compile on first use. A product may be fused into a sum; nothing is reordered."""
    compiled: _F = numba.njit(nogil=True, fastmath={"contract"}, error_model="numpy")(function)
    return compiled


@_inner
def _cell(position: float, cells: int) -> tuple[int, float, float, float, float]:
    """Cell of a grid coordinate and its four Catmull-Rom weights."""
    position = min(max(position, 0.0), float(cells))
    cell = min(int(position), cells - 1)
    t = position - cell
    a = t * (-0.5 + t * (1.0 - 0.5 * t))
    b = 1.0 + t * t * (-2.5 + 1.5 * t)
    c = t * (0.5 + t * (2.0 - 1.5 * t))
    d = t * t * (-0.5 + 0.5 * t)
    return cell, a, b, c, d


@_inner
def _displace(
    nodes: Floats, scale: Floats, x: int, y: int, n: int, line: Floats, moved: Floats
) -> None:
    """Displacement of `n` pixels from reference ``(x, y)`` on; `nodes` has one ghost all round."""
    rows, cols = nodes.shape[0] - 3, nodes.shape[1] - 3
    r, a, b, c, d = _cell(y * scale[1], rows)
    first, last = _cell(x * scale[0], cols)[0], _cell((x + n - 1) * scale[0], cols)[0] + 4
    for j in range(first, last):
        for k in range(2):
            line[j, k] = (
                a * nodes[r, j, k]
                + b * nodes[r + 1, j, k]
                + c * nodes[r + 2, j, k]
                + d * nodes[r + 3, j, k]
            )
    for i in range(n):
        q, a, b, c, d = _cell((x + i) * scale[0], cols)
        for k in range(2):
            moved[k, i] = (
                a * line[q, k] + b * line[q + 1, k] + c * line[q + 2, k] + d * line[q + 3, k]
            )


@_inner
def _locate(
    M: Matrix,
    x0: int,
    y0: int,
    moved: Floats,
    width: int,
    height: int,
    columns: Indices,
    rows: Indices,
    phase_x: Float32,
    phase_y: Float32,
) -> None:
    """Source positions of a row of pixels: whole part and phase."""
    for i in range(columns.size):
        x, y = x0 + i + moved[0, i], y0 + moved[1, i]
        w = M[2, 0] * x + M[2, 1] * y + M[2, 2]
        X = (M[0, 0] * x + M[0, 1] * y + M[0, 2]) / w
        Y = (M[1, 0] * x + M[1, 1] * y + M[1, 2]) / w
        X, Y = math.floor(X * PHASES + 0.5) / PHASES, math.floor(Y * PHASES + 0.5) / PHASES
        seen = w > 0 and -0.5 <= X <= width - 0.5 and -0.5 <= Y <= height - 0.5
        X, Y = (X, Y) if seen else (0.0, 0.0)
        whole_x, whole_y = math.floor(X), math.floor(Y)
        columns[i] = np.int32(whole_x) if seen else np.int32(OUTSIDE)
        rows[i] = np.int32(whole_y)
        phase_x[i] = np.float32(X - whole_x)
        phase_y[i] = np.float32(Y - whole_y)


@_inner
def _bounds(columns: Indices, rows: Indices) -> tuple[int, int, int, int]:
    """First and last column and row of the positions inside the frame; last < first if none."""
    left, right, top, bottom = 2**31 - 1, -(2**31), 2**31 - 1, -(2**31)
    for v in range(columns.shape[0]):
        a, b = columns[v], rows[v]
        for i in range(a.size):
            if a[i] != OUTSIDE:
                left, right = min(left, a[i]), max(right, a[i])
                top, bottom = min(top, b[i]), max(bottom, b[i])
    return left, right, top, bottom


@_inner
def _load(image: Image, table: Float32 | None, left: int, top: int, tile: Float32) -> None:
    """Copy a part of the frame as float32, borders replicated; channels stay interleaved."""
    height, width, channels = image.shape
    for r in range(tile.shape[0]):
        source = image[min(max(top + r, 0), height - 1)]
        row = tile[r]
        for i in range(row.size // channels):
            x = min(max(left + i, 0), width - 1)
            for c in range(channels):
                if table is None:
                    row[i * channels + c] = source[x, c]
                else:
                    row[i * channels + c] = table[c, source[x, c]]


@_inner
def _mark_clipped(image: Image, white: float, left: int, top: int, marks: Marks) -> bool:
    """Mark the values of a part of the frame that are at full code; say whether there are any."""
    height, width, channels = image.shape
    found = False
    for r in range(marks.shape[0]):
        source = image[min(max(top + r, 0), height - 1)]
        row = marks[r]
        for i in range(row.size // channels):
            x = min(max(left + i, 0), width - 1)
            for c in range(channels):
                full = source[x, c] >= white
                row[i * channels + c] = full
                found = found or full
    return found


@_inner
def _spread(marks: Marks, channels: int) -> None:
    """Let each mark say whether any of the six by six taps that start there is marked."""
    for r in range(marks.shape[0]):
        row = marks[r]
        for i in range(row.size - 5 * channels):
            m = row[i]
            for k in range(1, 6):
                m |= row[i + k * channels]
            row[i] = m
    for r in range(marks.shape[0] - 5):
        row = marks[r]
        for k in range(1, 6):
            other = marks[r + k]
            for i in range(row.size):
                row[i] |= other[i]


@_inner
def _weigh(phase: Float32, kernel: Float32, channels: int, phases: Float32, w: Float32) -> None:
    """Weights ``(6, N * channels)`` of the taps; see `focusstack.resample.kernel`."""
    for i in range(phase.size):
        for c in range(channels):
            phases[i * channels + c] = phase[i]
    a0, a1, a2 = kernel[0, 0], kernel[0, 1], kernel[0, 2]
    b0, b1, b2 = kernel[1, 0], kernel[1, 1], kernel[1, 2]
    one, half = np.float32(1), np.float32(0.5)
    w0, w1, w2, w3, w4, w5 = w[0], w[1], w[2], w[3], w[4], w[5]
    for i in range(phase.size * channels):
        t = phases[i]
        g, s = t * (one - t), t - half
        w0[i], w5[i] = g * (a0 + s * b0), g * (a0 - s * b0)
        w1[i], w4[i] = g * (a1 + s * b1), g * (a1 - s * b1)
        w2[i], w3[i] = one - t + g * (a2 + s * b2), t + g * (a2 - s * b2)


@_inner
def _sum_taps(
    tile: Float32, row: int, at: int, step: int, wx: Float32, wy: Float32, start: int, out: Float32
) -> None:
    """Fill a run: `at` is where its first tap lies in the tile's row `row`."""
    w0, w1, w2 = wx[0][start:], wx[1][start:], wx[2][start:]
    w3, w4, w5 = wx[3][start:], wx[4][start:], wx[5][start:]
    out[:] = 0
    for j in range(6):
        r0, v = tile[row + j][at:], wy[j][start:]
        r1, r2, r3, r4, r5 = r0[step:], r0[2 * step :], r0[3 * step :], r0[4 * step :], r0[5 * step :]
        for i in range(out.size):
            out[i] += v[i] * (
                w0[i] * r0[i]
                + w1[i] * r1[i]
                + w2[i] * r2[i]
                + w3[i] * r3[i]
                + w4[i] * r4[i]
                + w5[i] * r5[i]
            )


@_inner
def _hold(tile: Float32, marks: Marks, row: int, at: int, step: int, out: Float32) -> None:
    """Keep a run, where marked, between the least and greatest of the four nearest values."""
    near, above, below = marks[row][at:], tile[row + 2][at:], tile[row + 3][at:]
    a, b, c, d = above[2 * step :], above[3 * step :], below[2 * step :], below[3 * step :]
    for i in range(out.size):
        low, high = min(min(a[i], b[i]), min(c[i], d[i])), max(max(a[i], b[i]), max(c[i], d[i]))
        held = min(max(out[i], low), high)
        out[i] = held if near[i] != 0 else out[i]


def _fill(
    image: Image,
    table: Float32 | None,
    white: float,
    M: Matrix,
    corner: NDArray[np.int64],
    nodes: Floats,
    scale: Floats,
    kernel: Float32,
    out: Float32,
    first: int,
    last: int,
) -> None:
    """Fill rows `first` to `last` of `out`; `first` is a multiple of the tile height."""
    height, width, channels = image.shape
    columns = np.empty((TILE_HEIGHT, TILE_WIDTH), np.int32)
    rows = np.empty((TILE_HEIGHT, TILE_WIDTH), np.int32)
    phase_x = np.empty((TILE_HEIGHT, TILE_WIDTH), np.float32)
    phase_y = np.empty((TILE_HEIGHT, TILE_WIDTH), np.float32)
    phases = np.empty(TILE_WIDTH * channels, np.float32)
    wx = np.empty((6, TILE_WIDTH * channels), np.float32)
    wy = np.empty((6, TILE_WIDTH * channels), np.float32)
    moved = np.zeros((2, TILE_WIDTH))
    line = np.empty((nodes.shape[1], 2))
    values, flags = np.empty(0, np.float32), np.empty(0, np.uint8)
    for v0 in range(first, last, TILE_HEIGHT):
        h = min(TILE_HEIGHT, last - v0)
        for u0 in range(0, out.shape[1], TILE_WIDTH):
            n = min(TILE_WIDTH, out.shape[1] - u0)
            x0, y0 = corner[0] + u0, corner[1] + v0
            for v in range(h):
                if nodes.size > 0:
                    _displace(nodes, scale, x0, y0 + v, n, line, moved)
                _locate(
                    M,
                    x0,
                    y0 + v,
                    moved,
                    width,
                    height,
                    columns[v][:n],
                    rows[v][:n],
                    phase_x[v],
                    phase_y[v],
                )
            left, right, top, bottom = _bounds(columns[:h, :n], rows[:h, :n])
            if right < left:
                out[v0 : v0 + h, u0 : u0 + n] = 0
                continue
            shape = (bottom - top + 6, (right - left + 6) * channels)
            if values.size < shape[0] * shape[1]:
                values = np.empty(shape[0] * shape[1], np.float32)
                flags = np.empty(shape[0] * shape[1], np.uint8)
            tile = values[: shape[0] * shape[1]].reshape(shape)
            marks = flags[: shape[0] * shape[1]].reshape(shape)
            _load(image, table, left - 2, top - 2, tile)
            clipped = _mark_clipped(image, white, left - 2, top - 2, marks)
            if clipped:
                _spread(marks, channels)
            for v in range(h):
                a, b = columns[v], rows[v]
                _weigh(phase_x[v][:n], kernel, channels, phases, wx)
                _weigh(phase_y[v][:n], kernel, channels, phases, wy)
                row = out[v0 + v].reshape(-1)[u0 * channels : (u0 + n) * channels]
                i = 0
                while i < n:
                    k = i + 1
                    if a[i] == OUTSIDE:
                        row[i * channels : k * channels] = 0
                        i = k
                        continue
                    while k < n and a[k] - k == a[i] - i and b[k] == b[i]:
                        k += 1
                    run = row[i * channels : k * channels]
                    at, r = (a[i] - left) * channels, b[i] - top
                    _sum_taps(tile, r, at, channels, wx, wy, i * channels, run)
                    if clipped:
                        _hold(tile, marks, r, at, channels, run)
                    i = k


def compiled(dtype: np.dtype[np.generic]) -> Callable[..., None]:
    """Return `_fill` for frames of `dtype`, from the cache on disk or compiled now."""
    types = numba.types
    code = numba.from_dtype(dtype)
    is_code = isinstance(code, types.Integer)
    signature = types.void(
        types.Array(code, 3, "C", readonly=True),
        types.Array(types.float32, 2, "C", readonly=True) if is_code else types.none,
        types.float64,
        types.float64[:, ::1],
        types.int64[::1],
        types.float64[:, :, ::1],
        types.float64[::1],
        types.float32[:, ::1],
        types.float32[:, :, ::1],
        types.int64,
        types.int64,
    )
    options = {"nogil": True, "fastmath": {"contract"}, "error_model": "numpy", "cache": True}
    function: Callable[..., None] = numba.njit(signature, **options)(_fill)
    return function
