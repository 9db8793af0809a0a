"""Frames of a hand through a lens that bends lines."""

from __future__ import annotations

import numpy as np

from focusstack.geometry.coordinates import normalised, scaling, translation
from focusstack.numeric.arrays import Floats, Matrix

SIZE = (900, 600)
"""Width and height."""


def grid(step: float = 50.0) -> Floats:
    x, y = np.meshgrid(np.arange(0, SIZE[0], step), np.arange(0, SIZE[1], step))
    return np.stack([x.ravel(), y.ravel()], 1).astype(np.float64)


def hand(count: int, seed: int = 0) -> Matrix:
    """Matrices of a hand that shifts and turns, through a lens that breathes."""
    rng = np.random.default_rng(seed)
    found = [np.eye(3)]
    for k in range(1, count):
        turn = rng.normal(0, 0.004)
        H = translation(*rng.normal(0, 8, 2)) @ scaling(1 + 0.006 * k)
        found.append(H @ np.array([[1, -turn, 0], [turn, 1, 0], [0, 0, 1]]))
    return np.stack([normalised(H) for H in found])
