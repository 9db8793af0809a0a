"""Tiles of a stack whose movement is known, with noise that they know of."""

from __future__ import annotations

import numpy as np

from focusstack.alignment.features.focus_order import pairs_in_order
from focusstack.alignment.tiles.matches import Matches, isotropic
from focusstack.geometry.coordinates import normalised, scaling, transform, translation
from focusstack.numeric.arrays import Floats, Matrix, Points

SIZE = (900, 600)
SIGMA = 0.1


def similarities(count: int, seed: int = 0) -> Matrix:
    """Matrices of a hand that zooms, shifts and turns a little."""
    rng = np.random.default_rng(seed)
    found = []
    for k in range(count):
        turn = rng.normal(0, 0.002)
        H = translation(*rng.normal(0, 4, 2)) @ scaling(1 + 0.004 * k)
        found.append(H @ np.array([[1, -turn, 0], [turn, 1, 0], [0, 0, 1]]))
    return np.stack([normalised(np.linalg.inv(found[0]) @ H) for H in found])


def bent(p: Points, amount: float) -> Floats:
    """Radial distortion by `amount` pixels at the corner."""
    d = (p - np.array(SIZE) / 2) / (0.5 * np.hypot(*SIZE))
    return np.asarray(p + amount * d * (d**2).sum(1, keepdims=True))


def tiles_between(H: Matrix, seed: int, distortion: Floats | None = None) -> list[Matches]:
    """Tiles of a grid in every pair, with noise of `SIGMA`, frames distorted by some pixels."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(24, SIZE[0], 48.0), np.arange(24, SIZE[1], 48.0))
    canvas = np.stack([x.ravel(), y.ravel()], 1)
    bend = np.zeros(len(H)) if distortion is None else distortion
    matches = []
    for i, j in pairs_in_order(range(len(H))):
        p, q = (bent(transform(np.linalg.inv(H[k]), canvas), float(bend[k])) for k in (i, j))
        noise = rng.normal(0, SIGMA, q.shape)
        matches.append(Matches(i, j, p, q + noise, isotropic(len(p), SIGMA)))
    return matches
