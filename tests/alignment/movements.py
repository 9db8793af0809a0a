"""Movements whose truth is known, and perfect matches between frames that moved so."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from focusstack.alignment.features.sift import PairFit
from focusstack.geometry.coordinates import normalised, transform, translation
from focusstack.numeric.arrays import Floats, Matrix

SIZE = (480, 360)


def inverse(H: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(H), float)


def grid() -> Floats:
    x, y = np.meshgrid(np.linspace(0, 479, 9), np.linspace(0, 359, 9))
    return np.stack([x.ravel(), y.ravel()], 1)


def rms(A: Floats, B: Matrix) -> float:
    """Distance in pixels between what two matrices make of a frame."""
    return float(np.sqrt(np.square(transform(A, grid()) - transform(B, grid())).sum(1).mean()))


def pair(first: int, second: int, truth: Sequence[Matrix], count: int = 40) -> PairFit:
    """Perfect matches between two frames whose matrices to a common frame are known."""
    rng = np.random.default_rng(100 * first + second)
    p = rng.uniform((20, 20), (460, 340), (count, 2))
    M = normalised(inverse(truth[second]) @ truth[first])
    return PairFit(first, second, p, transform(M, p), M)


def shifts(count: int) -> list[Matrix]:
    return [translation(3.0 * k, -2.0 * k) for k in range(count)]
