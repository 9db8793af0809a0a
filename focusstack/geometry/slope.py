"""Slopes that a picture can follow without being torn.

Where depth jumps, the displacement of a frame jumps, too: what lies before and what lies behind
are then folded over each other or torn apart, which no resampling can show. Just there, depth is
made less steep: place by place, and as little as the determinant asks for, until no place is too
steep (projections onto half spaces, S. Kaczmarz, Bull. Acad. Polon. Sci. 1937). Only the slope
along the displacement presses together or pulls apart. What is sharp in the frame keeps its depth,
what is blurred gives way.

Where that does not end, an envelope serves: between values that differ by more than the way
between them allows, a slope as steep as may be is laid. The largest function below all values and
slopes, and the least above, are both as steep at most (E. J. McShane, "Extension of range of
functions", Bull. AMS 40, 1934); their mean keeps to the middle.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from focusstack.geometry.determinant import LEAST, PHASES, ROUNDING, cubic_weights
from focusstack.geometry.loops.bounds import Bounds, Moves
from focusstack.numeric.arrays import Float32, Floats

Ways = Mapping[tuple[int, int], Float32]
"""By how much the value may grow from a node to that so many rows and columns on, at each node."""

AROUND = tuple((i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j)
"""Rows and columns to the eight nodes around one."""


ANY_WAY = 0.3
"""How steep, in pixels per pixel, a displacement in any direction may be where an envelope bounds
it: with what cubics between nodes add, the determinant stays above `LEAST`
(``pytest tests/geometry/test_slope.py``)."""

SPARES = (2 * ROUNDING, 5 * ROUNDING)
"""By how much the determinant is to be above `LEAST` where it is looked at, tried in turn until it
is above that in between as well. The first is enough for all but rough depth."""

MARGIN = 0.01
"""By how much a determinant is made better than it has to be, so that it comes to rest. The tile
residual of a rendered stack with parallax differs by 0.006 px at most at twice and half."""

MOST = 2.0
"""Determinant of a displacement at most: a gap that something near leaves is filled by what is
beside it, drawn out twofold at most."""

SHEAR = 1.0
"""How fast, in pixels per pixel, a displacement may change across its direction: this folds
nothing, but scraps of depth that are off are not to be cut out of what is around them."""

SWEEPS = 100
"""How often places are gone over. A rendered stack with parallax takes 21
(``pytest tests/geometry/test_slope.py``)."""

STIFFEST = 0.25
"""How readily a node gives way that is in the plane of focus, as a share of one that is a slab
before or behind; from there it grows with the square of the distance, as blur takes detail away."""

SLACKEST = 25.0
"""How readily a node gives way that is far from the plane of focus: five slabs, where nothing but
blur is left."""


def yielding(depth: Float32, focus: float, slab: float) -> Floats:
    """How readily nodes give way: what is sharp hardly, what is blurred easily.

    Parameters
    ----------
    depth : (rows, columns) float32 ndarray
        Relative inverse depth.
    focus, slab : float
        That of the plane of focus, and from one frame's plane to the next.

    Returns
    -------
    (rows, columns) float64 ndarray
        From `STIFFEST` to `SLACKEST`.
    """
    away = (depth.astype(float) - focus) / max(slab, 1e-9)
    return np.asarray(np.minimum(STIFFEST + away**2, SLACKEST))


def unfolded(
    depth: Float32, give: Floats, moves: Moves, other: Floats, spare: float = SPARES[0]
) -> Float32:
    """Depth that displaces a frame without folding it, tearing it apart or shearing it.

    Parameters
    ----------
    depth : (rows, columns) float32 ndarray
        Not modified.
    give : (rows, columns) float64 ndarray
        From `yielding`.
    moves : Moves
        Of the frame.
    other : (rows, columns, 2) float64 ndarray
        Further displacement, pixels.
    spare : float, optional
        By how much the determinant is to be above `LEAST` at the places that are looked at.

    Returns
    -------
    (rows, columns) float32 ndarray
        The same to the bit wherever nothing is too steep.
    """
    # Loads the compiler, which takes a while.
    from focusstack.geometry.loops.slope import unfolding

    found = depth.astype(float)
    ends = float(found.min()), float(found.max())
    bounds = Bounds(LEAST + spare, MOST, SHEAR, MARGIN, *ends)
    unfolding()(found, give, other, moves, bounds, _phase_weights(), SWEEPS)
    return found.astype(np.float32)


def _phase_weights() -> Floats:
    """Weights ``(4, phases, 2, 4)`` of four nodes for value and slope, at the looked-at places.

    Within, at the first cell, at the last, and for one that is both: a ghost there is twice the
    node at the edge less the one within.
    """
    found = np.array([[cubic_weights(t) for t in PHASES]] * 4)
    for edge in (found[1], found[3]):
        edge[..., 1:3] += edge[..., :1] * (2, -1)
        edge[..., 0] = 0
    for edge in (found[2], found[3]):
        edge[..., 1:3] += edge[..., 3:] * (-1, 2)
        edge[..., 3] = 0
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
    steep = share * ANY_WAY
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
        From `even_ways`.

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
