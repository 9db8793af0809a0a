"""What the loop that makes depth less steep is given.

Nothing here loads the compiler, which sees through named tuples at no cost.
"""

from __future__ import annotations

from typing import NamedTuple

from focusstack.numeric.arrays import Floats


class Moves(NamedTuple):
    """By how many pixels unit depth moves a frame, and how far its nodes are apart.

    Attributes
    ----------
    across : (columns,) float64 ndarray
        Pixels to the right, by column.
    down : (rows,) float64 ndarray
        Pixels down, by row.
    ahead : float
        By how much both grow a pixel.
    width, height : float
        Pixels from one node to the next.
    """

    across: Floats
    down: Floats
    ahead: float
    width: float
    height: float


class Bounds(NamedTuple):
    """Between what a displacement stays, and depth: see the constants of these names in `slope`."""

    least: float
    most: float
    shear: float
    margin: float
    nearest: float
    farthest: float
