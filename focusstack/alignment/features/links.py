"""Which frames hang together: the graph of pair fits, its parts, and a start for the solve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from focusstack.alignment.features.sift import PairFit
from focusstack.geometry.coordinates import identity, normalised
from focusstack.numeric.arrays import Matrix


def chained(fits: Sequence[PairFit], start: int, count: int) -> list[Matrix | None]:
    """Matrices to frame `start`, each along its strongest chain of pair fits.

    A maximum spanning tree (Prim) by number of inliers: only a first guess, whose errors add up
    along the chain and are removed by the global solve.
    """
    found: list[Matrix | None] = [None] * count
    found[start] = identity()
    strongest = sorted(fits, key=lambda f: (-len(f.p), f.first, f.second))
    grown = True
    while grown:
        grown = False
        for f in strongest:
            a, b = found[f.first], found[f.second]
            if a is None and b is not None:
                found[f.first] = normalised(b @ f.matrix)
            elif b is None and a is not None:
                found[f.second] = normalised(a @ np.linalg.inv(f.matrix))
            else:
                continue
            grown = True
            break
    return found


def hub(fits: Sequence[PairFit], frames: Sequence[int], count: int) -> int:
    """Return the frame of `frames` that shares most with others: a safe start."""
    weight = np.zeros(count)
    for f in fits:
        weight[f.first] += len(f.p)
        weight[f.second] += len(f.p)
    return max(frames, key=lambda i: (weight[i], -i))
