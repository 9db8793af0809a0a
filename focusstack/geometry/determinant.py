"""How much of its area a displacement leaves to what it moves: where it is torn or folded.

The Jacobian of ``x -> x + f(x)`` has the determinant 1 where area is kept, less where it is pressed
together, and 0 or less where the picture is folded over.
"""

from __future__ import annotations

import numpy as np

from focusstack.geometry.field import Field
from focusstack.numeric.arrays import Floats

PHASES = np.linspace(0, 1, 5)
"""Places within a cell, along each axis, at which the determinant is looked at. Between them the
field is one cubic: looking closer finds less by `ROUNDING` at most
(``pytest tests/geometry/test_determinant.py``)."""

LEAST = 0.5
"""Determinant that a displacement of a frame has at least: nothing is folded, nor pressed together
by more than one half. What the aligned frames promise, not measured."""

ROUNDING = 0.02
"""What the determinant may be less between the places where it is looked at, and for numbers that a
report rounds (``pytest tests/geometry/test_determinant.py``)."""


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
    least = np.float64(np.inf)
    for down in PHASES:
        value, slope = (_along_rows(nodes, weights) for weights in cubic_weights(down))
        for across in PHASES:
            here, change = cubic_weights(across)
            # Derivatives (rows - 1, columns - 1, 2) of the displacement by x and by y, in pixels.
            by_x = _along_columns(value, change) * per_pixel[0]
            by_y = _along_columns(slope, here) * per_pixel[1]
            found = (1 + by_x[..., 0]) * (1 + by_y[..., 1]) - by_x[..., 1] * by_y[..., 0]
            least = np.minimum(least, found.min())  # no number stays none
    return float(least)


def cubic_weights(t: float) -> tuple[tuple[float, ...], tuple[float, ...]]:
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


def _along_rows(nodes: Floats, weights: tuple[float, ...]) -> Floats:
    count = len(nodes) - 3
    return np.asarray(sum(w * nodes[k : k + count] for k, w in enumerate(weights)))


def _along_columns(nodes: Floats, weights: tuple[float, ...]) -> Floats:
    count = nodes.shape[1] - 3
    return np.asarray(sum(w * nodes[:, k : k + count] for k, w in enumerate(weights)))
