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
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from focusstack.compiler import inlined, inner
from focusstack.typing import Float32, Image, Matrix, Points

TILE_HEIGHT = 64
TILE_WIDTH = 128
PHASES = 16384.0
"""Steps per pixel to which positions are rounded: a shift of whole pixels stays exactly that."""

OUTSIDE = -(2**30)
"""Stands for the column of a position that the frame does not cover."""

Indices: TypeAlias = NDArray[np.int32]
Marks: TypeAlias = NDArray[np.uint8]
Size: TypeAlias = tuple[int, ...]
Six: TypeAlias = tuple[Float32, Float32, Float32, Float32, Float32, Float32]


@inlined
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


@inner
def _displace(
    nodes: Points, scale: Points, x: int, y: int, n: int, line: Points, moved: Points
) -> None:
    """Displacement of `n` pixels from reference ``(x, y)`` on; `nodes` has one ghost all round."""
    rows, cols = nodes.shape[0] - 3, nodes.shape[1] - 3
    r, a, b, c, d = _cell(y * scale[1], rows)
    first, last = _cell(x * scale[0], cols)[0], _cell((x + n - 1) * scale[0], cols)[0]
    for j in range(first, last + 4):
        for k in range(2):
            near = b * nodes[r + 1, j, k] + c * nodes[r + 2, j, k]
            line[j, k] = a * nodes[r, j, k] + near + d * nodes[r + 3, j, k]
    begin = 0
    for q in range(first, last + 1):
        # Along a cell the displacement is a cubic: no look-up per pixel.
        end = n if q == last else min(n, max(begin, math.ceil((q + 1) / scale[0] - x)))
        for k in range(2):
            p0, p1, p2, p3 = line[q, k], line[q + 1, k], line[q + 2, k], line[q + 3, k]
            one, two = 0.5 * (p2 - p0), p0 - 2.5 * p1 + 2 * p2 - 0.5 * p3
            three = 0.5 * (p3 - p0) + 1.5 * (p1 - p2)
            to = moved[k]
            for i in range(begin, end):
                t = min(max((x + i) * scale[0] - q, 0.0), 1.0)
                to[i] = p1 + t * (one + t * (two + t * three))
        begin = end


def interpolate(nodes: Points, scale: Points, points: Points, out: Points) -> None:
    """Displacement ``(N, 2)`` at reference points; `nodes` has one ghost all round."""
    rows, cols = nodes.shape[0] - 3, nodes.shape[1] - 3
    for n in range(points.shape[0]):
        q, a, b, c, d = _cell(points[n, 0] * scale[0], cols)
        r, e, f, g, h = _cell(points[n, 1] * scale[1], rows)
        for k in range(2):
            total = 0.0
            for i, down in enumerate((e, f, g, h)):
                line = nodes[r + i]
                near = b * line[q + 1, k] + c * line[q + 2, k]
                total += down * (a * line[q, k] + near + d * line[q + 3, k])
            out[n, k] = total


@inner
def _locate(
    M: Matrix, x0: int, y0: int, moved: Points, frame: Size, whole: Indices, phase: Float32
) -> None:
    """Source positions of a row of pixels: whole part and phase, ``(2, n)`` each, x first."""
    height, width = frame
    for i in range(whole.shape[1]):
        x, y = x0 + i + moved[0, i], y0 + moved[1, i]
        w = M[2, 0] * x + M[2, 1] * y + M[2, 2]
        X = (M[0, 0] * x + M[0, 1] * y + M[0, 2]) / w
        Y = (M[1, 0] * x + M[1, 1] * y + M[1, 2]) / w
        X, Y = math.floor(X * PHASES + 0.5) / PHASES, math.floor(Y * PHASES + 0.5) / PHASES
        seen = w > 0 and -0.5 <= X <= width - 0.5 and -0.5 <= Y <= height - 0.5
        X, Y = (X, Y) if seen else (0.0, 0.0)
        left, top = math.floor(X), math.floor(Y)
        whole[0, i], whole[1, i] = np.int32(left) if seen else np.int32(OUTSIDE), np.int32(top)
        phase[0, i], phase[1, i] = np.float32(X - left), np.float32(Y - top)


@inner
def _locate_tile(
    M: Matrix, x0: int, y0: int, size: Size, frame: Size, nodes: Points, scale: Points
) -> tuple[Indices, Float32]:
    """Source positions of a tile: whole part and phase, ``(h, 2, n)`` each."""
    h, n = size
    whole, phase = np.empty((h, 2, n), np.int32), np.empty((h, 2, n), np.float32)
    moved, line = np.zeros((2, n)), np.empty((nodes.shape[1], 2))
    for v in range(h):
        if nodes.size > 0:
            _displace(nodes, scale, x0, y0 + v, n, line, moved)
        _locate(M, x0, y0 + v, moved, frame, whole[v], phase[v])
    return whole, phase


@inner
def _bounds(whole: Indices) -> tuple[int, int, int, int]:
    """First and last column and row of the positions inside the frame; last < first if none."""
    left, right, top, bottom = 2**30, OUTSIDE, 2**30, OUTSIDE
    for v in range(whole.shape[0]):
        x, y = whole[v, 0], whole[v, 1]
        for i in range(x.size):
            if x[i] != OUTSIDE:
                left, right = min(left, x[i]), max(right, x[i])
                top, bottom = min(top, y[i]), max(bottom, y[i])
    return left, right, top, bottom


@inner
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


@inner
def _mark_clipped(tile: Float32, white: Float32) -> Marks:
    """Mark where any of the taps that start there has its channel's white; empty if none can."""
    level, found = white[0], False
    for c in range(white.size):
        level = min(level, white[c])
    for r in range(tile.shape[0]):
        row = tile[r]
        for i in range(row.size):
            found |= row[i] >= level
    if not found:
        return np.empty((0, 0), np.uint8)
    channels = white.size
    marks = np.empty(tile.shape, np.uint8)
    for r in range(tile.shape[0]):
        row, m = tile[r], marks[r]
        for i in range(row.size // channels):
            for c in range(channels):
                m[i * channels + c] = row[i * channels + c] >= white[c]
        for k in range(5):
            after = m[channels:]
            for i in range(after.size - k * channels):
                m[i] |= after[i]
    for r in range(tile.shape[0] - 5):
        m = marks[r]
        for k in range(1, 6):
            below = marks[r + k]
            for i in range(m.size):
                m[i] |= below[i]
    return marks


@inner
def _weigh(phase: Float32, kernel: Float32, channels: int, w: Float32) -> None:
    """Weights ``(6, n * channels)`` of the taps; see `focusstack.resample.kernel`."""
    w0, w1, w2, w3, w4, w5 = w[0], w[1], w[2], w[3], w[4], w[5]
    for i in range(phase.size):
        for c in range(channels):
            w0[i * channels + c] = phase[i]
    a0, a1, a2 = kernel[0, 0], kernel[0, 1], kernel[0, 2]
    b0, b1, b2 = kernel[1, 0], kernel[1, 1], kernel[1, 2]
    one, half = np.float32(1), np.float32(0.5)
    for i in range(phase.size * channels):
        t = w0[i]
        g, s = t * (one - t), t - half
        w0[i], w5[i] = g * (a0 + s * b0), g * (a0 - s * b0)
        w1[i], w4[i] = g * (a1 + s * b1), g * (a1 - s * b1)
        w2[i], w3[i] = one - t + g * (a2 + s * b2), t + g * (a2 - s * b2)


@inlined
def _weights_from(w: Float32, at: int) -> Six:
    return w[0][at:], w[1][at:], w[2][at:], w[3][at:], w[4][at:], w[5][at:]


@inlined
def _taps_from(row: Float32, at: int, step: int) -> Six:
    r = row[at:]
    return r, r[step:], r[2 * step :], r[3 * step :], r[4 * step :], r[5 * step :]


@inlined
def _dot(w: Six, r: Six, i: int) -> float:
    left = w[0][i] * r[0][i] + w[1][i] * r[1][i] + w[2][i] * r[2][i]
    right = w[3][i] * r[3][i] + w[4][i] * r[4][i] + w[5][i] * r[5][i]
    return float(left + right)


@inner
def _sum_taps(
    tile: Float32, row: int, at: int, step: int, wx: Float32, wy: Float32, start: int, out: Float32
) -> None:
    """Fill a run of which the first tap lies at `at` of the tile's row `row`."""
    x, y = _weights_from(wx, start), _weights_from(wy, start)
    a = _taps_from(tile[row], at, step)
    b = _taps_from(tile[row + 1], at, step)
    c = _taps_from(tile[row + 2], at, step)
    d = _taps_from(tile[row + 3], at, step)
    e = _taps_from(tile[row + 4], at, step)
    f = _taps_from(tile[row + 5], at, step)
    for i in range(out.size):
        upper = y[0][i] * _dot(x, a, i) + y[1][i] * _dot(x, b, i) + y[2][i] * _dot(x, c, i)
        lower = y[3][i] * _dot(x, d, i) + y[4][i] * _dot(x, e, i) + y[5][i] * _dot(x, f, i)
        out[i] = upper + lower


@inner
def _hold(tile: Float32, marks: Marks, row: int, at: int, step: int, out: Float32) -> None:
    """Keep a run, where marked, between the least and greatest of the four nearest values."""
    near, above, below = marks[row][at:], tile[row + 2][at:], tile[row + 3][at:]
    for i in range(out.size):
        if near[i]:
            j, k = i + 2 * step, i + 3 * step
            low = min(min(above[j], above[k]), min(below[j], below[k]))
            high = max(max(above[j], above[k]), max(below[j], below[k]))
            out[i] = min(max(out[i], low), high)


@inner
def _fill_row(
    tile: Float32, marks: Marks, x: Indices, y: Indices, wx: Float32, wy: Float32, out: Float32
) -> None:
    """Fill a row of a tile, run by run; `x`, `y` say where in `tile` each pixel's taps start."""
    channels = out.size // x.size
    i = 0
    while i < x.size:
        k = i + 1
        if x[i] < 0:
            out[i * channels : k * channels] = 0
            i = k
            continue
        while k < x.size and x[k] - k == x[i] - i and y[k] == y[i]:
            k += 1
        start, at, run = i * channels, x[i] * channels, out[i * channels : k * channels]
        _sum_taps(tile, y[i], at, channels, wx, wy, start, run)
        if marks.size > 0:
            _hold(tile, marks, y[i], at, channels, run)
        i = k


def fill(
    image: Image,
    table: Float32 | None,
    white: Float32,
    M: Matrix,
    corner: NDArray[np.int64],
    nodes: Points,
    scale: Points,
    kernel: Float32,
    out: Float32,
    first: int,
    last: int,
) -> None:
    """Fill rows `first` to `last` of `out`; `first` is a multiple of the tile height."""
    frame, channels = image.shape[:2], image.shape[2]
    wx = np.empty((6, TILE_WIDTH * channels), np.float32)
    wy = np.empty((6, TILE_WIDTH * channels), np.float32)
    for v0 in range(first, last, TILE_HEIGHT):
        h = min(TILE_HEIGHT, last - v0)
        for u0 in range(0, out.shape[1], TILE_WIDTH):
            n = min(TILE_WIDTH, out.shape[1] - u0)
            x0, y0 = corner[0] + u0, corner[1] + v0
            whole, phase = _locate_tile(M, x0, y0, (h, n), frame, nodes, scale)
            left, right, top, bottom = _bounds(whole)
            if right < left:
                out[v0 : v0 + h, u0 : u0 + n] = 0
                continue
            tile = np.empty((bottom - top + 6, (right - left + 6) * channels), np.float32)
            _load(image, table, left - 2, top - 2, tile)
            marks = _mark_clipped(tile, white)
            for v in range(h):
                _weigh(phase[v, 0], kernel, channels, wx)
                _weigh(phase[v, 1], kernel, channels, wy)
                x, y = whole[v, 0], whole[v, 1]
                x -= np.int32(left)
                y -= np.int32(top)
                row = out[v0 + v].reshape(-1)[u0 * channels : (u0 + n) * channels]
                _fill_row(tile, marks, x, y, wx, wy, row)
