"""Wrong pair fits, found by going round.

From one frame over a second to a third and back must lead to where one started. A repeated pattern
or another scene can give a pair fit with as many inliers as a true one; it cannot give three that
agree. After Zach, Klopschitz and Pollefeys, CVPR 2010.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from focusstack.alignment.features.sift import PairFit
from focusstack.geometry.coordinates import outline, transform
from focusstack.numeric.arrays import Matrix

CLOSED_SHARE = 0.01
"""Largest error of a closed triangle, as a share of the picture's diagonal: parallax and the
inaccuracy of far pairs stay well below, wrong fits far above (``python -m
benchmarks.alignment``)."""

LONELY_INLIERS = 30
"""Inliers that a frame's only link, which no triangle can confirm, must have at least: twice what
any other needs (``python -m benchmarks.alignment``, *other scene*)."""


def consistent(fits: Sequence[PairFit], count: int, size: tuple[int, int]) -> list[PairFit]:
    """Return the fits without those that more triangles contradict than confirm.

    Parameters
    ----------
    fits : sequence of PairFit
        In proxy pixels.
    count : int
        Number of frames.
    size : tuple of int
        Width and height of the proxies.
    """
    kept = {(f.first, f.second): f for f in fits}
    triangles = _triangles(kept, size)
    while True:
        votes = {pair: [0, 0] for pair in kept}
        for pairs, closed in triangles:
            for pair in pairs:
                votes[pair][closed] += 1
        # The most contradicted goes first: what it spoilt for others is then forgotten.
        worst = max(votes, key=lambda p: (votes[p][0] - votes[p][1], p), default=None)
        if worst is None or votes[worst][0] <= votes[worst][1]:
            break
        del kept[worst]
        triangles = [t for t in triangles if worst not in t[0]]
    links = np.bincount([k for pair in kept for k in pair], minlength=count)
    return [
        f
        for pair, f in kept.items()
        if count < 4 or min(links[list(pair)]) > 1 or len(f.p) >= LONELY_INLIERS
    ]


def _triangles(
    fits: dict[tuple[int, int], PairFit], size: tuple[int, int]
) -> list[tuple[tuple[tuple[int, int], ...], bool]]:
    """All triangles as three pairs, and whether they close."""
    neighbours: dict[int, set[int]] = {}
    for i, j in fits:
        neighbours.setdefault(i, set()).add(j)
        neighbours.setdefault(j, set()).add(i)
    found = []
    for i in sorted(neighbours):
        later = sorted(k for k in neighbours[i] if k > i)
        for j, k in combinations(later, 2):
            if k not in neighbours[j]:
                continue
            pairs = tuple((a, b) if (a, b) in fits else (b, a) for a, b in ((i, j), (j, k), (i, k)))
            found.append((pairs, _closes(fits, (i, j, k), size)))
    return found


def _closes(
    fits: dict[tuple[int, int], PairFit], corners: tuple[int, int, int], size: tuple[int, int]
) -> bool:
    """Whether two ways from the first to the third frame end at the same place."""
    i, j, k = corners
    p = outline(*size)
    round_about = transform(_matrix(fits, j, k), transform(_matrix(fits, i, j), p))
    off = np.linalg.norm(round_about - transform(_matrix(fits, i, k), p), axis=1)
    return bool(np.median(off) < CLOSED_SHARE * np.hypot(*size))


def _matrix(fits: dict[tuple[int, int], PairFit], i: int, j: int) -> Matrix:
    """First to second frame, whichever way round the pair was fitted."""
    if (i, j) in fits:
        return fits[i, j].matrix
    return np.asarray(np.linalg.inv(fits[j, i].matrix), float)
