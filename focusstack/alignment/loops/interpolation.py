"""The compiled loops between the nodes of displacement fields and the tiles that see them.

Each tile sees the bilinear mean of four nodes in its second frame minus that in its first. Where it
lies tells which and how much of each: nothing larger than that need be read from memory.

Import this module only when fields are to be solved: loading the compiler takes a while.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from focusstack.numeric.arrays import Float32, Floats, Indices
from focusstack.runtime.compiler import compiled, inlined, named, read_only, writable
from focusstack.runtime.once import once

Shares = tuple[float, float, float, float]


class Cells(NamedTuple):
    """Places of tiles; as the attributes of `focusstack.alignment.fields.interpolation.Places`."""

    cells: Indices
    within: Float32
    columns: np.uint32


@inlined
def _shares(within: Float32) -> Shares:
    """Weights of a cell's nodes at a place in it: the upper ones, then the lower ones."""
    u, v = np.float64(within[0]), np.float64(within[1])
    both = u * v
    return 1 - u - v + both, u - both, v - both, both


@inlined
def _mean(values: Floats, at: int, columns: np.uint32, shares: Shares, k: int) -> float:
    """Number `k` of the nodes, at a place in the cell that begins at node `at`."""
    upper = shares[0] * values[at, k] + shares[1] * values[at + 1, k]
    below = at + columns
    return float(upper + shares[2] * values[below, k] + shares[3] * values[below + 1, k])


@inlined
def _add(out: Floats, at: int, columns: np.uint32, shares: Shares, x: float, y: float) -> None:
    """Give each node of the cell that begins at node `at` its share."""
    below = at + columns
    out[at, 0] += shares[0] * x
    out[at, 1] += shares[0] * y
    out[at + 1, 0] += shares[1] * x
    out[at + 1, 1] += shares[1] * y
    out[below, 0] += shares[2] * x
    out[below, 1] += shares[2] * y
    out[below + 1, 0] += shares[3] * x
    out[below + 1, 1] += shares[3] * y


@inlined
def _times(info: Float32, x: float, y: float) -> tuple[float, float]:
    return info[0, 0] * x + info[0, 1] * y, info[1, 0] * x + info[1, 1] * y


def _gather(tiles: Cells, values: Floats, out: Floats) -> None:
    """Mean of the nodes around each tile in its second frame minus that in its first."""
    cells, within, columns = tiles
    for t in range(len(cells)):
        shares, i, j = _shares(within[t]), cells[t, 0], cells[t, 1]
        for k in range(2):
            ends = _mean(values, i, columns, shares, k), _mean(values, j, columns, shares, k)
            out[t, k] = ends[1] - ends[0]


def _spread(tiles: Cells, info: Float32, rest: Floats, out: Floats) -> None:
    """Sums over tiles of information times a vector: the transpose of `_gather`."""
    cells, within, columns = tiles
    for t in range(len(cells)):
        shares = _shares(within[t])
        x, y = _times(info[t], rest[t, 0], rest[t, 1])
        _add(out, cells[t, 0], columns, shares, -x, -y)
        _add(out, cells[t, 1], columns, shares, x, y)


def _pull(tiles: Cells, info: Float32, values: Floats, out: Floats) -> None:
    """Sums of what tiles see times their information: `_gather` and `_spread` in one go."""
    cells, within, columns = tiles
    for t in range(len(cells)):
        shares, i, j = _shares(within[t]), cells[t, 0], cells[t, 1]
        # What the tile sees, then how much it pulls: the second frame one way, the first the other.
        x = _mean(values, j, columns, shares, 0) - _mean(values, i, columns, shares, 0)
        y = _mean(values, j, columns, shares, 1) - _mean(values, i, columns, shares, 1)
        x, y = _times(info[t], x, y)
        _add(out, i, columns, shares, -x, -y)
        _add(out, j, columns, shares, x, y)


def _square(tiles: Cells, info: Float32, out: Floats) -> None:
    """The diagonal of what `_pull` multiplies with: shares squared times information."""
    cells, within, columns = tiles
    for t in range(len(cells)):
        a, b, c, d = _shares(within[t])
        squares = a * a, b * b, c * c, d * d
        for f in range(2):
            _add(out, cells[t, f], columns, squares, info[t, 0, 0], info[t, 1, 1])


def _smooth(values: Floats, columns: int, slope: Floats, size: float, out: Floats) -> None:
    """Half the derivative of size times squared values plus slope times squared differences."""
    for n in range(len(values)):
        for k in range(2):
            own, total = values[n, k], size * values[n, k]
            if n >= 1:
                total += slope[n - 1, 0] * (own - values[n - 1, k])
            if n >= columns:
                total += slope[n - columns, 1] * (own - values[n - columns, k])
            if slope[n, 0] > 0:
                total += slope[n, 0] * (own - values[n + 1, k])
            if slope[n, 1] > 0:
                total += slope[n, 1] * (own - values[n + columns, k])
            out[n, k] = total


_WHOLE, _SHARE = numba.types.int64, numba.types.float64
# A tuple with names is passed as it is: its arrays must be writable, though none is written to.
_TILES = named(Cells, writable(np.uint32, 2), writable(np.float32, 2), numba.types.uint32)
_VECTORS, _INFO = read_only(np.float64, 2), read_only(np.float32, 3)
_OUT = writable(np.float64, 2)

gathering = once(lambda: compiled(_gather, _TILES, _VECTORS, _OUT))
"""Takes places of tiles, values of all nodes, and where to put what each tile sees of them."""

spreading = once(lambda: compiled(_spread, _TILES, _INFO, _VECTORS, _OUT))
"""Takes places of tiles, information and a vector of each, and where to add sums at all nodes."""

pulling = once(lambda: compiled(_pull, _TILES, _INFO, _VECTORS, _OUT))
"""Takes places of tiles, information of each, values of all nodes, and where to add sums."""

squaring = once(lambda: compiled(_square, _TILES, _INFO, _OUT))
"""Takes places of tiles, information of each, and where to add the diagonal of `pulling`."""

smoothing = once(lambda: compiled(_smooth, _VECTORS, _WHOLE, _VECTORS, _SHARE, _OUT))
"""Takes values of all nodes, how many lie in a row, factors ``(N, 2)`` of squared differences to
the next and to the one below (0 where there is none) and of squared values, and where to put half
the derivative of their sum."""
