"""What the compiled loops of the alignment are given, by name. It loads no compiler."""

from __future__ import annotations

from typing import NamedTuple

from focusstack.numeric.arrays import Floats, Indices, Matrix, Points

BENDS = 2
"""Numbers a lens bends a frame by, see `focusstack.geometry.lens`."""

ENTRIES = 9 + BENDS
"""Numbers a frame's position is made of: its matrix, row by row, and its bend."""


class Projections(NamedTuple):
    """Where all frames lie.

    Attributes
    ----------
    matrices : (n, 3, 3) float64 ndarray
        Straightened pixel to straightened reference pixel.
    bends : (n, BENDS) float64 ndarray
        The lens's bend in each frame.
    lens : (3,) float64 ndarray
        The picture's centre, and the inverse square of its half diagonal; 0 for models without a
        bend.
    """

    matrices: Matrix
    bends: Floats
    lens: Floats


class Pairs(NamedTuple):
    """Matches of some pairs; attributes as those of `focusstack.alignment.matrices.packed.Flat`."""

    frames: Indices
    starts: Indices
    p: Points
    q: Points
    root: Floats


class Sides(NamedTuple):
    """Left and right sides of each pair's equations.

    ``(pairs, 2 ENTRIES, 2 ENTRIES)`` and ``(pairs, 2 ENTRIES)``.
    """

    left: Floats
    right: Floats
