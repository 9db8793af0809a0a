"""Slopes that a picture can follow without being torn.

Where depth jumps, the displacement of a frame jumps, too: what lies before and what lies behind
are then folded over each other or torn apart, which no resampling can show. Between values that
differ by more than the way between them allows, a slope as steep as may be is laid. The largest
function below all values and slopes, and the least above, are both as steep at most (E. J.
McShane, "Extension of range of functions", Bull. AMS 40, 1934); their mean keeps to the middle.
Where nothing is too steep, all three are the values themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from focusstack.numeric.arrays import Float32

Ways = Mapping[tuple[int, int], Float32]
"""By how much the value may grow from a node to that so many rows and columns on, at each node."""

AROUND = tuple((i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j)


class Steepness(NamedTuple):
    """How steep a displacement may be, in pixels per pixel: an ellipse of slopes.

    Along the displacement it reaches from ``middle - along`` to ``middle + along``, across to
    ``across`` either way.
    """

    middle: float
    along: float
    across: float


DIRECTED = Steepness(0.28, 0.65, 0.6)
"""How steep a displacement along one direction may be: along it, what is pressed together is lost,
so that there it may fall by less than it may rise. With what cubics between nodes and the eight
directions around a node add, the determinant stays above `LEAST`
(``pytest tests/geometry/test_slope.py``)."""

ANY_WAY = Steepness(0.0, 0.3, 0.3)
"""How steep either part of a displacement in any direction may be, for the same."""


def directed_ways(
    across: Float32, down: Float32, spacing: tuple[float, float], share: float
) -> Ways:
    """Growth that may be for values that displace by `across` and `down` pixels a unit.

    Parameters
    ----------
    across : (columns,) ndarray
        Pixels to the right for one unit, by column.
    down : (rows,) ndarray
        Pixels down for one unit, by row.
    spacing : tuple of float
        Pixels from one node to the next: along x and along y.
    share : float
        Of `DIRECTED`.
    """
    right, below = across[None, :].astype(float), down[:, None].astype(float)
    squared = right**2 + below**2
    still = squared < 1e-12  # a millionth of a pixel at most: nothing is steep
    found = {}
    for i, j in AROUND:
        x, y = j * spacing[0], i * spacing[1]
        # The way along the displacement of a unit, and across it.
        with_it, beside = right * x + below * y, right * y - below * x
        reach = np.hypot(DIRECTED.along * with_it, DIRECTED.across * beside)
        grown = share * (DIRECTED.middle * with_it + reach) / np.where(still, 1, squared)
        found[i, j] = np.where(still, 1e9, np.minimum(grown, 1e9)).astype(np.float32)
    return found


def even_ways(shape: tuple[int, int], spacing: tuple[float, float], share: float) -> Ways:
    """Growth that may be for values that are pixels, in whatever direction.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    spacing : tuple of float
        Pixels from one node to the next: along x and along y.
    share : float
        Of `ANY_WAY`.
    """
    steep = share * ANY_WAY.along
    return {
        (i, j): np.full(shape, steep * np.hypot(j * spacing[0], i * spacing[1]), np.float32)
        for i, j in AROUND
    }


def bounded(values: Float32, ways: Ways) -> Float32:
    """Values that are nowhere too steep; where none was, they are the same to the bit.

    Parameters
    ----------
    values : (rows, columns) float32 ndarray
        Not modified.
    ways : Ways
        From `directed_ways` or `even_ways`.

    Returns
    -------
    (rows, columns) float32 ndarray
        The given one if nothing is too steep.

    Examples
    --------
    >>> step = np.tile(np.float32([0, 0, 0, 9, 9, 9]), (2, 1))
    >>> bounded(step, even_ways((2, 6), (10.0, 10.0), 1))[0].tolist()
    [0.0, 1.5, 3.0, 6.0, 7.5, 9.0]
    """
    above, below = _envelope(values, ways), _lower(values, ways)
    if np.array_equal(above, values) and np.array_equal(below, values):
        return values
    middle = np.float32(0.5) * above + np.float32(0.5) * below
    return np.asarray(np.where(above == below, values, middle), np.float32)


def _lower(values: Float32, ways: Ways) -> Float32:
    """The largest function that is nowhere too steep nor above `values`."""
    return -_envelope(-values, {(i, j): ways[-i, -j] for i, j in ways})


def _envelope(values: Float32, ways: Ways) -> Float32:
    """The least function that is nowhere too steep nor below `values`."""
    found, before = values.copy(), values
    # A path visits no node twice, so that there are no more rounds than nodes.
    for _ in range(values.size):
        for (i, j), way in ways.items():
            here, there = _beside(found.shape, i, j)
            np.maximum(found[here], found[there] - way[here], out=found[here])
        if np.array_equal(found, before):
            break
        before = found.copy()
    return found


def _beside(shape: tuple[int, ...], i: int, j: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Nodes that have one `i` rows down and `j` columns on, and those."""
    pairs = zip(shape, (i, j), strict=True)
    spans = [(slice(max(0, -k), n - max(0, k)), slice(max(0, k), n + min(0, k))) for n, k in pairs]
    return tuple(a for a, _ in spans), tuple(b for _, b in spans)
