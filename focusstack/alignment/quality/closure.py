"""Whether pairs of frames, taken alone, agree with the solution of the whole stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from focusstack.alignment.quality.residual import Left
from focusstack.geometry.coordinates import outline
from focusstack.numeric.arrays import Floats, Points
from focusstack.numeric.linear import fitted
from focusstack.numeric.robust import CUTOFF, mixed_weight, scale_of_vectors

LOOSE_PX = 3.0
"""How far a pair without tiles may close wrongly, in proxy pixels: keeps few tiles from being
extrapolated. Chosen, not measured: far more than pairs with many tiles ever close by."""


@dataclass(frozen=True)
class Closure:
    """How far one pair would move its frames against each other, were it asked alone.

    Attributes
    ----------
    first, second : int
        Frame indices.
    tiles : int
        How many tiles the pair has.
    px : float
        Root mean square movement at the picture's corners and middle, proxy pixels.
    """

    first: int
    second: int
    tiles: int
    px: float


def closures(left: Sequence[Left], size: tuple[int, int]) -> list[Closure]:
    """Fit a similarity to what is left of each pair.

    Parameters
    ----------
    left : sequence of Left
        Of all pairs under the final matrices; several of the same pair count as one.
    size : tuple of int
        Width and height of the canvas.
    """
    pairs: dict[tuple[int, int], list[Left]] = {}
    for one in left:
        pairs.setdefault((one.first, one.second), []).append(one)
    return [Closure(i, j, *_alone(pairs[i, j], size)) for i, j in sorted(pairs)]


def _alone(left: Sequence[Left], size: tuple[int, int]) -> tuple[int, float]:
    places = np.concatenate([one.places for one in left])
    vectors = np.concatenate([one.vectors for one in left])
    root = np.concatenate([one.root for one in left])
    white = np.einsum("nij,nj->ni", root, vectors)
    squared = np.square(white).sum(1)
    width = CUTOFF * max(scale_of_vectors(squared), 1.0)
    weight = np.sqrt(mixed_weight(squared / width**2))
    J = root @ _similarity(places, size) * weight[:, None, None]
    rows = np.concatenate([J.reshape(-1, 4), np.eye(4) / LOOSE_PX])
    target = np.concatenate([(white * weight[:, None]).ravel(), np.zeros(4)])
    found = fitted(rows, target)
    around = np.concatenate([outline(*size), outline(*size).mean(0, keepdims=True)])
    moved = _similarity(around, size) @ found
    return len(places), float(np.sqrt(np.square(moved).sum(1).mean()))


def _similarity(places: Points, size: tuple[int, int]) -> Floats:
    """Displacements ``(N, 2, 4)`` by shift, zoom and turn, each of one pixel at the corner."""
    u, v = ((places - np.array(size) / 2) / (0.5 * np.hypot(*size))).T
    one, none = np.ones_like(u), np.zeros_like(u)
    return np.stack([np.stack([one, none, u, -v], 1), np.stack([none, one, v, u], 1)], 1)
