"""The compiled loop that makes depth less steep just where a displacement by it folds or tears.

Import this module only when depth is to be bounded: loading the compiler takes a while.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np

from focusstack.geometry.loops.bounds import Bounds, Moves
from focusstack.numeric.arrays import Floats, Mask
from focusstack.runtime.compiler import compiled as compiled_for
from focusstack.runtime.compiler import inlined, inner, named, read_only, writable
from focusstack.runtime.once import once

STEEPEST = 1.9
"""Most that the slope of a cubic between nodes may be, for values within one, a cell: no place is
passed over that should be looked at. Half of 3, the sum of a slope's weights without their signs,
times 1.25, that of a value's."""


@once
def unfolding() -> Callable[..., None]:
    """Return `unfold`, compiled."""
    line = writable(np.float64, 1)  # members of a tuple are just of their type
    moves = named(Moves, line, line, *[numba.float64] * 3)
    return compiled_for(
        unfold,
        writable(np.float64, 2),
        read_only(np.float64, 2),
        read_only(np.float64, 3),
        moves,
        named(Bounds, *[numba.float64] * 6),
        read_only(np.float64, 4),
        numba.int64,
    )


@inlined
def _gentle(depth: Floats, other: Floats, moves: Moves, bounds: Bounds, r: int, c: int) -> bool:
    """Whether nothing in a cell can be too steep, by the range of the nodes around it."""
    low = high = depth[r, c]
    left = right = other[r, c, 0]
    top = bottom = other[r, c, 1]
    for i in range(max(r - 1, 0), min(r + 3, depth.shape[0])):
        for j in range(max(c - 1, 0), min(c + 3, depth.shape[1])):
            low, high = min(low, depth[i, j]), max(high, depth[i, j])
            left, right = min(left, other[i, j, 0]), max(right, other[i, j, 0])
            top, bottom = min(top, other[i, j, 1]), max(bottom, other[i, j, 1])
    # At the edge ghosts lie as far out again as the nodes within.
    edge = r == 0 or c == 0 or r == depth.shape[0] - 2 or c == depth.shape[1] - 2
    steep = STEEPEST * (3.0 if edge else 1.0)
    # Most pixels that unit depth moves in this cell, and that anything in it moves.
    across = max(abs(moves.across[c]), abs(moves.across[c + 1]))
    down = max(abs(moves.down[r]), abs(moves.down[r + 1]))
    slope = steep * (high - low)
    sideways, upright = (
        slope * across + steep * (right - left),
        slope * down + steep * (bottom - top),
    )
    here = max(abs(low), abs(high)) * 1.5 * abs(moves.ahead)
    a, d = sideways / moves.width + here, upright / moves.height + here
    twist = sideways / moves.height * upright / moves.width
    shear = slope * (across / moves.height + down / moves.width)
    less, more = (1 - a) * (1 - d) - twist, (1 + a) * (1 + d) + twist
    whole = a < 1 and d < 1 and less > bounds.least and more < bounds.most
    return bool(whole and shear < bounds.shear)


@inner
def _lessened(
    depth: Floats,
    give: Floats,
    bounds: Bounds,
    down: Floats,
    across: Floats,
    r: int,
    c: int,
    want: float,
    by_x: float,
    by_y: float,
) -> bool:
    """Change a measure by `want` that depth's slopes enter by so much, as little as may be.

    The least sum of squared changes of depth at 16 nodes, each over what it gives (Kaczmarz 1937).
    """
    rows, columns = depth.shape
    total = 0.0
    for i in range(max(r - 1, 0), min(r + 3, rows)):
        for j in range(max(c - 1, 0), min(c + 3, columns)):
            m, n = i - r + 1, j - c + 1
            change = by_x * down[0, m] * across[1, n] + by_y * down[1, m] * across[0, n]
            total += change * change * give[i, j]
    if total < 1e-18:
        return False
    for i in range(max(r - 1, 0), min(r + 3, rows)):
        for j in range(max(c - 1, 0), min(c + 3, columns)):
            m, n = i - r + 1, j - c + 1
            change = by_x * down[0, m] * across[1, n] + by_y * down[1, m] * across[0, n]
            moved = depth[i, j] + want / total * change * give[i, j]
            # Nothing is nearer or farther than all that there is.
            depth[i, j] = min(max(moved, bounds.nearest), bounds.farthest)
    return True


@inlined
def _lacking(value: float, least: float, most: float, margin: float) -> float:
    """What a value lacks to lie between two, by a margin; 0 if it does."""
    if value < least:
        return least + margin - value
    if value > most:
        return most - margin - value
    return 0.0


@inner
def _settled(
    depth: Floats,
    give: Floats,
    other: Floats,
    moves: Moves,
    bounds: Bounds,
    down: Floats,
    across: Floats,
    r: int,
    c: int,
    v: float,
    u: float,
) -> bool:
    """Make one place of a cell less steep; whether it was settled already."""
    value = by_x = by_y = 0.0
    a = b = p = q = 0.0
    for i in range(max(r - 1, 0), min(r + 3, depth.shape[0])):
        for j in range(max(c - 1, 0), min(c + 3, depth.shape[1])):
            m, n = i - r + 1, j - c + 1
            here, right, below = (
                down[0, m] * across[0, n],
                down[0, m] * across[1, n] / moves.width,
                down[1, m] * across[0, n] / moves.height,
            )
            value += here * depth[i, j]
            by_x += right * depth[i, j]
            by_y += below * depth[i, j]
            a += right * other[i, j, 0]
            b += below * other[i, j, 0]
            p += right * other[i, j, 1]
            q += below * other[i, j, 1]
    # Pixels that unit depth moves here.
    x = moves.across[c] + moves.ahead * moves.width * u
    y = moves.down[r] + moves.ahead * moves.height * v
    # The Jacobian without depth's slopes; with them it is this plus (x, y) times (by_x, by_y), so
    # that its determinant grows by those times its adjugate times (x, y).
    a, q = 1 + a + value * moves.ahead, 1 + q + value * moves.ahead
    along_x, along_y = q * x - b * y, a * y - p * x
    found = a * q - b * p + by_x * along_x + by_y * along_y
    settled = True
    want = _lacking(found, bounds.least, bounds.most, bounds.margin)
    if want != 0:
        settled = not _lessened(
            depth,
            give,
            bounds,
            down,
            across,
            r,
            c,
            want,
            along_x / moves.width,
            along_y / moves.height,
        )
    # Across its own direction.
    want = _lacking(by_y * x - by_x * y, -bounds.shear, bounds.shear, bounds.margin)
    if want != 0:
        settled &= not _lessened(
            depth, give, bounds, down, across, r, c, want, -y / moves.width, x / moves.height
        )
    return settled


@inner
def _wake(waiting: Mask, r: int, c: int) -> None:
    """Mark all cells that the nodes around this one reach."""
    for i in range(max(r - 3, 0), min(r + 4, waiting.shape[0])):
        for j in range(max(c - 3, 0), min(c + 4, waiting.shape[1])):
            waiting[i, j] = True


def unfold(
    depth: Floats,
    give: Floats,
    other: Floats,
    moves: Moves,
    bounds: Bounds,
    weights: Floats,
    sweeps: int,
) -> None:
    """Make `depth` (rows, columns) less steep, node by node, where it is too steep.

    `give` (rows, columns) is how readily a node changes, `other` (rows, columns, 2) further
    displacement, `weights` (4, phases, 2, 4) those of four nodes for value and slope: within, at
    the first, at the last cell, and at one that is both.
    """
    rows, columns, phases = depth.shape[0] - 1, depth.shape[1] - 1, weights.shape[1]
    waiting = np.ones((rows, columns), np.bool_)
    for sweep in range(sweeps):
        still = True
        for count in range(rows * columns):
            # There and back, so that no direction is preferred.
            n = count if sweep % 2 == 0 else rows * columns - 1 - count
            r, c = n // columns, n % columns
            if not waiting[r, c]:
                continue
            waiting[r, c] = False
            if _gentle(depth, other, moves, bounds, r, c):
                continue
            down = weights[(r == 0) + 2 * (r == rows - 1)]
            across = weights[(c == 0) + 2 * (c == columns - 1)]
            for i in range(phases):
                for j in range(phases):
                    v, u = i / (phases - 1), j / (phases - 1)
                    if _settled(depth, give, other, moves, bounds, down[i], across[j], r, c, v, u):
                        continue
                    still = False
                    _wake(waiting, r, c)
        if still:
            break
