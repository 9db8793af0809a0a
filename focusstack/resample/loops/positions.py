"""The compiled loops that say where in the frame the pixels of a tile lie.

Along a row of a tile positions are worked out in float32, relative to that of the row's first
pixel, which is exact: a shift of whole pixels stays one, and elsewhere rounding is far below the
step of 1/16384 pixel. Where a row of a tile spans much of the frame, or meets the horizon, every
pixel is worked out exactly instead.
"""

from __future__ import annotations

import math

import numpy as np

from focusstack.geometry.loops.field import cell_of
from focusstack.numeric.arrays import Floats
from focusstack.resample.loops.arguments import (
    Bounds,
    Box,
    Pixels,
    Positions,
    Stretch,
    Way,
    Workspace,
)
from focusstack.runtime.compiler import inlined, inner

PHASES = 16384.0
"""Steps per pixel to which positions are rounded: a shift of whole pixels stays one, and noise of
float32 is rounded away. Tables of 32 phases, as elsewhere, are off by 0.016 pixel."""


OUTSIDE = -(2**30)
"""Stands for the column of a position that the frame does not cover."""


WIDEST = 500.0
"""Most pixels that a row of a tile may span to be worked out relative to its first one: float32
then still resolves the phases."""


FARTHEST = 1e6
"""Pixels beyond the frame's corner from which on positions are worked out exactly: whole numbers of
32 bits then hold them."""


@inner
def displace(way: Way, space: Workspace, x: int, y: int, n: int) -> None:
    """Write the displacement of `n` pixels from reference ``(x, y)`` on to ``space.moved``."""
    nodes, scale, line, moved = way.nodes, way.scale, space.along, space.moved
    rows, cols = nodes.shape[0] - 3, nodes.shape[1] - 3
    # Down: all nodes' columns that the pixels need are brought to the height of the row.
    r, a, b, c, d = cell_of(y * scale[1], rows)
    first, last = cell_of(x * scale[0], cols)[0], cell_of((x + n - 1) * scale[0], cols)[0]
    for j in range(first, last + 4):
        for k in range(2):
            near = b * nodes[r + 1, j, k] + c * nodes[r + 2, j, k]
            line[k, j] = a * nodes[r, j, k] + near + d * nodes[r + 3, j, k]
    # Across: along a cell the displacement is a cubic, so that no pixel looks anything up.
    begin = 0
    half, step = np.float32(0.5), np.float32(scale[0])
    for q in range(first, last + 1):
        # The cell ends before the first pixel x + end whose grid coordinate reaches q + 1.
        end = n if q == last else min(n, max(begin, math.ceil((q + 1) / scale[0] - x)))
        # Place in the cell of the pixel x, from which those of all others follow.
        start = np.float32(x * scale[0] - q)
        for k in range(2):
            p0, p1, p2, p3 = line[k, q], line[k, q + 1], line[k, q + 2], line[k, q + 3]
            # Catmull-Rom: p1 + t (one + t (two + t three)), with slope (p2 - p0) / 2 at t = 0.
            one = half * (p2 - p0)
            two = p0 - np.float32(2.5) * p1 + np.float32(2) * p2 - half * p3
            three = half * (p3 - p0) + np.float32(1.5) * (p1 - p2)
            to, places = moved[k][begin:end], space.ordinals[begin:end]
            for i in range(to.size):
                t = start + places[i] * step
                # Beyond the canvas the displacement keeps the value at its edge.
                t = t if t > 0 else np.float32(0)
                t = t if t < 1 else np.float32(1)
                to[i] = p1 + t * (one + t * (two + t * three))
        begin = end


@inner
def locate_exactly(
    way: Way, space: Workspace, box: Box, frame: tuple[int, int], positions: Positions
) -> None:
    """Locate every pixel of a tile in float64; where the frame covers nothing, it is `OUTSIDE`.

    `box` is the tile in the reference, `frame` the frame's height and width.
    """
    height, width = frame[0], frame[1]
    across, down = space.moved[0], space.moved[1]
    for r in range(box.rows):
        y = box.v + r
        if way.nodes.size > 0:
            displace(way, space, box.u, y, box.columns)
        whole, phase = positions.whole[r], positions.phase[r]
        for i in range(box.columns):
            X, Y, w = _source(way.M, box.u + i + float(across[i]), y + float(down[i]))
            # To the nearest phase.
            X, Y = math.floor(X * PHASES + 0.5) / PHASES, math.floor(Y * PHASES + 0.5) / PHASES
            # In front of the horizon, and up to half a pixel beyond the outermost centres.
            seen = w > 0 and -0.5 <= X <= width - 0.5 and -0.5 <= Y <= height - 0.5
            X, Y = (X, Y) if seen else (0.0, 0.0)
            left, top = math.floor(X), math.floor(Y)
            whole[0, i] = np.int32(left) if seen else np.int32(OUTSIDE)
            whole[1, i] = np.int32(top)
            phase[0, i], phase[1, i] = np.float32(X - left), np.float32(Y - top)


@inlined
def _source(M: Floats, x: float, y: float) -> tuple[float, float, float]:
    """Source position of a reference position, and what it was divided by."""
    w = M[2, 0] * x + M[2, 1] * y + M[2, 2]
    X = (M[0, 0] * x + M[0, 1] * y + M[0, 2]) / w
    Y = (M[1, 0] * x + M[1, 1] * y + M[1, 2]) / w
    return X, Y, w


@inner
def locate_row(way: Way, space: Workspace, start: Stretch, row: Positions) -> bool:
    """Locate a row's pixels relative to the first one, wherever the frame ends.

    Parameters
    ----------
    way, space
        The displacement of the pixels is in ``space.moved``.
    start : Stretch
        The row in the reference.
    row : Positions
        Receives ``(2, n)``.

    Returns
    -------
    bool
        Whether that is possible; if not, `locate_exactly` has to do it.
    """
    M, count, n = way.M, space.ordinals, start.n
    across, down = space.moved[0], space.moved[1]
    last = n - 1
    du, dv = across[0], down[0]
    X, Y, w = _source(M, start.u + float(du), start.v + float(dv))
    X1, Y1, w1 = _source(M, start.u + last + float(across[last]), start.v + float(down[last]))
    # Neither end is behind the horizon or close to it.
    if not (w > 0 and w1 > 0.5 * w and w > 0.5 * w1):
        return False
    if not (abs(X1 - X) < WIDEST and abs(Y1 - Y) < WIDEST and abs(X) + abs(Y) < FARTHEST):
        return False
    left, top = math.floor(X), math.floor(Y)
    # A pixel (u, v) beyond the first lies at (X, Y) + (a u + b v, c u + d v) / (1 + g u + h v):
    # the homography about the first pixel, numerator and denominator divided by w there.
    a, b = np.float32((M[0, 0] - M[2, 0] * X) / w), np.float32((M[0, 1] - M[2, 1] * X) / w)
    c, d = np.float32((M[1, 0] - M[2, 0] * Y) / w), np.float32((M[1, 1] - M[2, 1] * Y) / w)
    g, h = np.float32(M[2, 0] / w), np.float32(M[2, 1] / w)
    fx, fy = np.float32(X - left), np.float32(Y - top)
    steps, step = np.float32(PHASES), np.float32(1 / PHASES)
    one, half = np.float32(1), np.float32(0.5)
    first_x, first_y = np.float32(left), np.float32(top)
    wx, wy, px, py = row.whole[0], row.whole[1], row.phase[0], row.phase[1]
    if g == 0 and h == 0:
        for i in range(n):
            # Pixel i lies i to the right, and is displaced so much more than the first one.
            u, v = count[i] + (across[i] - du), down[i] - dv
            px[i], py[i] = fx + (a * u + b * v), fy + (c * u + d * v)
    else:
        for i in range(n):
            u, v = count[i] + (across[i] - du), down[i] - dv
            r = one / (one + (g * u + h * v))
            px[i], py[i] = fx + (a * u + b * v) * r, fy + (c * u + d * v) * r
    for i in range(n):
        # To the nearest phase; then apart into the whole pixel and what is beyond it.
        p, q = np.floor(px[i] * steps + half) * step, np.floor(py[i] * steps + half) * step
        whole_p, whole_q = np.floor(p), np.floor(q)
        wx[i], wy[i] = np.int32(whole_p + first_x), np.int32(whole_q + first_y)
        px[i], py[i] = p - whole_p, q - whole_q
    return True


@inner
def locate_rows(way: Way, space: Workspace, box: Box, every: int, positions: Positions) -> bool:
    """Locate rows that are `every` so many apart, and the last, of a tile of the reference.

    Returns
    -------
    bool
        Whether that is possible for all of them; if not, `locate_exactly` has to do it.
    """
    near = True
    for r in range(rows_of(box.rows, every)):
        y = box.v + min(every * r, box.rows - 1)
        if way.nodes.size > 0:
            displace(way, space, box.u, y, box.columns)
        row = Positions(positions.whole[r], positions.phase[r])
        near &= locate_row(way, space, Stretch(box.u, y, box.columns), row)
    return near


@inlined
def rows_of(h: int, every: int) -> int:
    """How many of `h` rows are `every` so many apart, or the last."""
    return -(-(h - 1) // every) + 1


@inner
def bounds(whole: Pixels, h: int, n: int, extremes: Pixels) -> Bounds:
    """Bounds of `h` rows of `n` positions; `extremes` is memory to work in, see `Workspace`."""
    left, right, top, bottom = 2**30, OUTSIDE, 2**30, OUTSIDE
    # First every column of the tile for itself, which eight of them do at once.
    for k in range(4):
        line, start = extremes[k], whole[0, k // 2]
        for i in range(n):
            line[i] = start[i]
    for v in range(1, h):
        for k in range(2):
            line, low, high = whole[v, k], extremes[2 * k], extremes[2 * k + 1]
            for i in range(n):
                low[i] = min(low[i], line[i])
                high[i] = max(high[i], line[i])
    for i in range(n):
        left, right = min(left, extremes[0, i]), max(right, extremes[1, i])
        top, bottom = min(top, extremes[2, i]), max(bottom, extremes[3, i])
    return Bounds(left, right, top, bottom)


@inner
def within(box: Bounds, frame: tuple[int, int]) -> bool:
    """Whether positions of such bounds lie between pixels of a frame ``(height, width)``."""
    return bool(
        box.left >= 0 and box.top >= 0 and box.right <= frame[1] - 2 and box.bottom <= frame[0] - 2
    )


@inner
def bounds_of_seen(whole: Pixels, h: int, n: int) -> Bounds:
    """Bounds of the positions inside the frame; last < first if there are none."""
    left, right, top, bottom = 2**30, OUTSIDE, 2**30, OUTSIDE
    for v in range(h):
        x, y = whole[v, 0], whole[v, 1]
        for i in range(n):
            if x[i] != OUTSIDE:
                left, right = min(left, x[i]), max(right, x[i])
                top, bottom = min(top, y[i]), max(bottom, y[i])
    return Bounds(left, right, top, bottom)
