"""How much of its area a displacement leaves to what it moves: where it is torn or folded.

The Jacobian of ``x -> x + f(x)`` has the determinant 1 where area is kept, less where it is pressed
together, and 0 or less where the picture is folded over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

from focusstack.geometry.field import Field
from focusstack.numeric.arrays import Floats

T = TypeVar("T", float, Floats)

PHASES, CLOSE = np.linspace(0, 1, 5), np.linspace(0, 1, 17)
"""Places within a cell, along each axis, at which the determinant is looked at: first in all cells,
then in those where it was least. Between the first the field, one cubic, may have less by
`ROUNDING`; between the latter it is nearly straight, and has less by `UNSEEN` at most
(``pytest tests/geometry/test_determinant.py``)."""

UNSEEN = 0.005
"""What the determinant may be less than is told: between the places looked at closely, and for
numbers that a report rounds (``pytest tests/geometry/test_determinant.py``)."""

LOOKED_AT = 64
"""Cells that are looked at closely, those with the least determinants. Chosen, not measured: a
field as rough as chance has its least in the first five."""

LEAST = 0.5
"""Determinant that a displacement of a frame has at least: nothing is folded, nor pressed together
by more than one half. What the aligned frames promise, not measured."""

ROUNDING = 0.02
"""What the determinant may be less between the places where it is first looked at
(``pytest tests/geometry/test_determinant.py``)."""


def least_determinant(field: Field | None) -> float:
    """Return the least determinant of a displacement's Jacobian, over its whole canvas.

    Between the nodes as well, of the displacement as `resample` interpolates it.

    Parameters
    ----------
    field : Field or None
        Displacement in reference pixels; None for none.

    Returns
    -------
    float
        1 where nothing is displaced.

    Examples
    --------
    >>> narrower = np.zeros((2, 2, 2), np.float32)
    >>> narrower[:, 1, 0] = -30  # the right end of 101 pixels moves by 30 to the left
    >>> round(least_determinant(Field(narrower, 101, 101)), 3)
    0.7
    """
    if field is None or not field.grid.any():
        return 1.0
    nodes, per_pixel = field.nodes
    whole = _least_of_cells(nodes[None], per_pixel, PHASES)[0]
    if not np.isfinite(whole).all():
        return float("nan")
    rows, columns = np.unravel_index(
        np.argsort(whole, axis=None, kind="stable")[:LOOKED_AT], whole.shape
    )
    around = np.arange(4)
    cells = nodes[rows[:, None, None] + around[:, None], columns[:, None, None] + around]
    return float(min(whole.min(), _least_of_cells(cells, per_pixel, CLOSE).min()))


def _least_of_cells(nodes: Floats, per_pixel: Floats, phases: Floats) -> Floats:
    """The least determinant in each cell between nodes, ``(..., rows - 3, columns - 3)``.

    Parameters
    ----------
    nodes : (..., rows, columns, 2) ndarray
        Displacements, with one node more on every side than there are cells to look at.
    per_pixel : (2,) ndarray
        Cells per pixel along x and y.
    phases : (P,) ndarray
        Places within a cell, along each axis.
    """
    # All places across at once: an axis in front of the nodes'.
    here, change = cubic_weights(phases.reshape(-1, *(1,) * nodes.ndim))
    least: Floats | None = None
    for down in phases:
        value, slope = (_along(nodes, weights, -3) for weights in cubic_weights(down))
        # Derivatives of the displacement by x and by y, in pixels.
        by_x = _along(value, change, -2) * per_pixel[0]
        by_y = _along(slope, here, -2) * per_pixel[1]
        found = (1 + by_x[..., 0]) * (1 + by_y[..., 1]) - by_x[..., 1] * by_y[..., 0]
        lowest = found.min(axis=0)
        least = lowest if least is None else np.minimum(least, lowest)
    assert least is not None
    return np.asarray(least)


def cubic_weights(t: T) -> tuple[tuple[T, ...], tuple[T, ...]]:
    """Catmull-Rom weights of four nodes at `t` between the middle two, and their derivatives."""
    value = (
        t * (-0.5 + t * (1.0 - 0.5 * t)),
        1.0 + t * t * (-2.5 + 1.5 * t),
        t * (0.5 + t * (2.0 - 1.5 * t)),
        t * t * (-0.5 + 0.5 * t),
    )
    slope = (
        -0.5 + t * (2.0 - 1.5 * t),
        t * (-5.0 + 4.5 * t),
        0.5 + t * (4.0 - 4.5 * t),
        t * (-1.0 + 1.5 * t),
    )
    return value, slope


def _along(nodes: Floats, weights: Sequence[Floats | float], axis: int) -> Floats:
    """Weighted sums of four nodes in a row along an axis, counted from the last."""
    count = nodes.shape[axis] - 3
    total: Any = 0
    for k, weight in enumerate(weights):
        part: Any = (..., slice(k, k + count), *(slice(None),) * (-axis - 1))
        total = total + weight * nodes[part]
    return np.asarray(total)
