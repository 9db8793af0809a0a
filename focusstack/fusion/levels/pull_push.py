"""Fill what is not known from the nearest surroundings that are.

S. J. Gortler, R. Grzeszczuk, R. Szeliski and M. F. Cohen, "The Lumigraph", SIGGRAPH 1996, call it
pull-push: sums and weights are pulled up a pyramid until some are known everywhere, and what is
known is pushed down again into the gaps of each finer level.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from focusstack.fusion.levels.laplacian import down, level_shapes, up
from focusstack.numeric.arrays import Float32

Filling: TypeAlias = Callable[[Float32, Float32, Float32], Float32]
"""Makes a level from its sums, its weights, and the coarser level at its size."""


def pull_push(
    total: Float32,
    weight: Float32,
    levels: int,
    filling: Filling,
    *,
    least: float = 0.0,
    otherwise: float = 0.0,
) -> Float32:
    """Return weighted means, where there is weight, and a smooth continuation of them elsewhere.

    Parameters
    ----------
    total : (H, W[, C]) float32 ndarray
        Weighted sums.
    weight : (H, W) float32 ndarray
        Their weights.
    levels : int
        How often both are halved.
    filling : callable
        Decides between a level's own means and the coarser ones.
    least : float, optional
        Weight, summed over the coarsest level, up to which nothing is known at all.
    otherwise : float, optional
        Value everywhere in that case.
    """
    weights, sums = [weight], [total]
    for _ in range(levels):
        weights.append(down(weights[-1]))
        sums.append(down(sums[-1]))
    known = float(weights[-1].sum())
    mean = np.full_like(sums[-1], sums[-1].sum() / known if known > least else otherwise)
    for share, value in zip(reversed(weights), reversed(sums), strict=True):
        coarser = mean if mean.shape == value.shape else up(mean, value.shape)
        mean = filling(value, share, coarser)
    return mean


def halvings(height: int, width: int) -> int:
    """Return how often a picture can be halved until its shorter side has less than 16 pixels."""
    return len(level_shapes(height, width, most=32)) - 1
