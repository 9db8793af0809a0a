"""Lines that end what a frame shows, such as borders burnt in by another program."""

from __future__ import annotations

import numpy as np

from focusstack.geometry.coordinates import REACH, transform
from focusstack.geometry.field import Field
from focusstack.numeric.arrays import Floats, Matrix

BESIDE_EDGE = REACH + 2
"""Pixels inside a border's line that are cut off with it: the warp's reach, and what interpolated
the edge or JPEG made of it."""


def farthest(field: Field | None) -> float:
    """How far a field displaces anything, at most, in pixels."""
    return 0.0 if field is None else float(np.abs(field.grid).max())


def moved_edges(lines: Floats, H: Matrix, width: int, height: int, reach: float) -> Floats:
    """Lines of a frame, `reach` pixels further in, as half planes of the canvas."""
    inner = lines - np.array([0, 0, reach])
    moved = inner @ np.linalg.inv(H)
    middle = transform(H, np.array([[(width - 1) / 2, (height - 1) / 2]]))[0]
    moved /= np.hypot(moved[:, 0], moved[:, 1])[:, None]
    return np.asarray(moved * np.sign(moved @ np.r_[middle, 1])[:, None])
