"""The compiled loops that say where in the frame the pixels of a tile lie.

Along a row of a tile positions are worked out in float32, relative to that of the row's first
pixel, which is exact: a shift of whole pixels stays one, and elsewhere rounding is far below the
step of 1/16384 pixel. Where a row of a tile spans much of the frame, or meets the horizon, every
pixel is worked out exactly instead.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from focusstack.geometry.loops.field import _cell
from focusstack.numeric.arrays import Float32, Matrix, Points
from focusstack.runtime.compiler import inlined, inner

PHASES = 16384.0
"""Steps per pixel to which positions are rounded."""


OUTSIDE = -(2**30)
"""Stands for the column of a position that the frame does not cover."""


WIDEST = 500.0
"""Most pixels that a row of a tile may span to be worked out relative to its first one: float32
then still resolves the phases."""


FARTHEST = 1e6
"""Beyond the frame's corner, positions are worked out exactly."""


Indices: TypeAlias = NDArray[np.int32]


Size: TypeAlias = tuple[int, ...]


@inner
def displace(
    nodes: Points,
    scale: Points,
    x: int,
    y: int,
    n: int,
    line: Float32,
    count: Float32,
    moved: Float32,
) -> None:
    """Displacement of `n` pixels from reference ``(x, y)`` on; `nodes` has one ghost all round.

    `count` holds 0, 1, 2 and so on.
    """
    rows, cols = nodes.shape[0] - 3, nodes.shape[1] - 3
    r, a, b, c, d = _cell(y * scale[1], rows)
    first, last = _cell(x * scale[0], cols)[0], _cell((x + n - 1) * scale[0], cols)[0]
    for j in range(first, last + 4):
        for k in range(2):
            near = b * nodes[r + 1, j, k] + c * nodes[r + 2, j, k]
            line[k, j] = a * nodes[r, j, k] + near + d * nodes[r + 3, j, k]
    begin = 0
    half, step = np.float32(0.5), np.float32(scale[0])
    for q in range(first, last + 1):
        # Along a cell the displacement is a cubic: no look-up per pixel.
        end = n if q == last else min(n, max(begin, math.ceil((q + 1) / scale[0] - x)))
        start = np.float32(x * scale[0] - q)
        for k in range(2):
            p0, p1, p2, p3 = line[k, q], line[k, q + 1], line[k, q + 2], line[k, q + 3]
            one = half * (p2 - p0)
            two = p0 - np.float32(2.5) * p1 + np.float32(2) * p2 - half * p3
            three = half * (p3 - p0) + np.float32(1.5) * (p1 - p2)
            to, places = moved[k][begin:end], count[begin:end]
            for i in range(to.size):
                t = start + places[i] * step
                t = t if t > 0 else np.float32(0)
                t = t if t < 1 else np.float32(1)
                to[i] = p1 + t * (one + t * (two + t * three))
        begin = end


@inner
def locate_exactly(
    M: Matrix, x0: int, y0: int, n: int, moved: Float32, frame: Size, whole: Indices, phase: Float32
) -> None:
    """Source positions of `n` pixels of a row: whole part and phase, x first.

    `moved`, `whole` and `phase` are ``(2, TILE_WIDTH)``. Where the frame covers nothing, the
    column is `OUTSIDE`.
    """
    height, width = frame
    for i in range(n):
        X, Y, w = _source(M, x0 + i + float(moved[0, i]), y0 + float(moved[1, i]))
        X, Y = math.floor(X * PHASES + 0.5) / PHASES, math.floor(Y * PHASES + 0.5) / PHASES
        seen = w > 0 and -0.5 <= X <= width - 0.5 and -0.5 <= Y <= height - 0.5
        X, Y = (X, Y) if seen else (0.0, 0.0)
        left, top = math.floor(X), math.floor(Y)
        whole[0, i], whole[1, i] = np.int32(left) if seen else np.int32(OUTSIDE), np.int32(top)
        phase[0, i], phase[1, i] = np.float32(X - left), np.float32(Y - top)


@inlined
def _source(M: Matrix, x: float, y: float) -> tuple[float, float, float]:
    """Source position of a reference position, and what it was divided by."""
    w = M[2, 0] * x + M[2, 1] * y + M[2, 2]
    X = (M[0, 0] * x + M[0, 1] * y + M[0, 2]) / w
    Y = (M[1, 0] * x + M[1, 1] * y + M[1, 2]) / w
    return X, Y, w


@inner
def locate(
    M: Matrix,
    x0: int,
    y0: int,
    n: int,
    count: Float32,
    moved: Float32,
    whole: Indices,
    phase: Float32,
) -> bool:
    """The same relative to the first pixel, wherever the frame ends.

    Returns
    -------
    bool
        Whether that is possible; if not, `locate_exactly` has to do it.
    """
    across, down = moved[0], moved[1]
    last = n - 1
    du, dv = across[0], down[0]
    X, Y, w = _source(M, x0 + float(du), y0 + float(dv))
    X1, Y1, w1 = _source(M, x0 + last + float(across[last]), y0 + float(down[last]))
    if not (w > 0 and w1 > 0.5 * w and w > 0.5 * w1):
        return False
    if not (abs(X1 - X) < WIDEST and abs(Y1 - Y) < WIDEST and abs(X) + abs(Y) < FARTHEST):
        return False
    left, top = math.floor(X), math.floor(Y)
    a, b = np.float32((M[0, 0] - M[2, 0] * X) / w), np.float32((M[0, 1] - M[2, 1] * X) / w)
    c, d = np.float32((M[1, 0] - M[2, 0] * Y) / w), np.float32((M[1, 1] - M[2, 1] * Y) / w)
    g, h = np.float32(M[2, 0] / w), np.float32(M[2, 1] / w)
    fx, fy = np.float32(X - left), np.float32(Y - top)
    steps, step = np.float32(PHASES), np.float32(1 / PHASES)
    one, half = np.float32(1), np.float32(0.5)
    first_x, first_y = np.float32(left), np.float32(top)
    wx, wy, px, py = whole[0], whole[1], phase[0], phase[1]
    if g == 0 and h == 0:
        for i in range(n):
            u, v = count[i] + (across[i] - du), down[i] - dv
            px[i], py[i] = fx + (a * u + b * v), fy + (c * u + d * v)
    else:
        for i in range(n):
            u, v = count[i] + (across[i] - du), down[i] - dv
            r = one / (one + (g * u + h * v))
            px[i], py[i] = fx + (a * u + b * v) * r, fy + (c * u + d * v) * r
    for i in range(n):
        p, q = np.floor(px[i] * steps + half) * step, np.floor(py[i] * steps + half) * step
        whole_p, whole_q = np.floor(p), np.floor(q)
        wx[i], wy[i] = np.int32(whole_p + first_x), np.int32(whole_q + first_y)
        px[i], py[i] = p - whole_p, q - whole_q
    return True


@inner
def locate_rows(
    M: Matrix,
    place: tuple[int, int, int, int],
    every: int,
    nodes: Points,
    scale: Points,
    along: Float32,
    count: Float32,
    moved: Float32,
    whole: Indices,
    phase: Float32,
) -> bool:
    """The same for rows that are `every` so many apart, and the last, displaced by a field.

    place: reference column and row of the first pixel, and how many columns and rows there are.
    """
    x0, y0, n, h = place
    near = True
    for r in range(rows_of(h, every)):
        y = y0 + min(every * r, h - 1)
        if nodes.size > 0:
            displace(nodes, scale, x0, y, n, along, count, moved)
        near &= locate(M, x0, y, n, count, moved, whole[r], phase[r])
    return near


@inlined
def rows_of(h: int, every: int) -> int:
    """How many of `h` rows are `every` so many apart, or the last."""
    return -(-(h - 1) // every) + 1


@inner
def bounds(whole: Indices, h: int, n: int, lines: Indices) -> tuple[int, int, int, int]:
    """First and last column and row of `h` rows of `n` positions; `lines` is memory to work in."""
    left, right, top, bottom = 2**30, OUTSIDE, 2**30, OUTSIDE
    for k in range(4):
        lines[k] = whole[0, k // 2]
    for v in range(1, h):
        for k in range(2):
            line, low, high = whole[v, k], lines[2 * k], lines[2 * k + 1]
            for i in range(n):
                low[i] = min(low[i], line[i])
                high[i] = max(high[i], line[i])
    for i in range(n):
        left, right = min(left, lines[0, i]), max(right, lines[1, i])
        top, bottom = min(top, lines[2, i]), max(bottom, lines[3, i])
    return left, right, top, bottom


@inner
def within(box: tuple[int, int, int, int], frame: Size) -> bool:
    """Whether positions of such bounds lie between pixels of the frame."""
    left, right, top, bottom = box
    return bool(left >= 0 and top >= 0 and right <= frame[1] - 2 and bottom <= frame[0] - 2)


@inner
def bounds_of_seen(whole: Indices, h: int, n: int) -> tuple[int, int, int, int]:
    """The same of the positions inside the frame; last < first if there are none."""
    left, right, top, bottom = 2**30, OUTSIDE, 2**30, OUTSIDE
    for v in range(h):
        x, y = whole[v, 0], whole[v, 1]
        for i in range(n):
            if x[i] != OUTSIDE:
                left, right = min(left, x[i]), max(right, x[i])
                top, bottom = min(top, y[i]), max(bottom, y[i])
    return left, right, top, bottom
