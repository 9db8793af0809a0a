"""Which frame is to blame for what a wide search found elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from focusstack.alignment.quality.wide import Searched, search_scale
from focusstack.numeric.arrays import Floats

DISPLACED_PX = 2.5
"""Full-size pixels from which on something lies elsewhere: twice what the eye sees as double, and
more than what blurred tiles seem to move by (``python -m benchmarks.alignment``)."""

DISPLACED_SMALL_PX = 1.5
"""As much in pixels of the small pictures that are searched, which tell no less for certain
(``python -m benchmarks.alignment``)."""

SLID_SMALL_PX = 0.5
"""As much for tiles that are sharp at the same places in both frames, which tell a fraction of a
pixel (``python -m benchmarks.alignment``)."""

LEAST_SHARE = 0.01
"""Share of the places of a pair that must lie elsewhere to count: fewer are mishaps
(``python -m benchmarks.alignment``)."""

LEAST_OF_STACK = 0.015
"""Share of all places of neighbours that must lie elsewhere for the whole stack to be doubted:
single frames at the blurred ends of a sweep show hardly anything (``python -m
benchmarks.alignment``)."""

LEAST_TILES = 2
"""Places that must lie elsewhere: one may look like another by chance. Chosen, not measured."""

TELLING = 8
"""Places without which a pair says nothing. Chosen, not measured."""


@dataclass(frozen=True)
class Elsewhere:
    """What each frame shows elsewhere than where it was put.

    Attributes
    ----------
    share : (n,) float64 ndarray
        Share of a frame's places that lie elsewhere, as in the milder half of its pairs: a bad
        partner does not count; 0 where it is too small to mean anything.
    px : (n,) float64 ndarray
        How far these places are displaced, root mean square, full-size pixels; 0 where there are
        too few.
    lost : (n,) float64 ndarray
        Share of the places that nothing resembles, in the milder half of the pairs.
    stack : float
        Share of all places, of neighbours in focus, that lie elsewhere.
    """

    share: Floats
    px: Floats
    lost: Floats
    stack: float


def find_elsewhere(
    searched: Sequence[Searched], kept: Sequence[int], scale: float, width: int
) -> Elsewhere:
    """Blame frames for what a wide search found.

    Parameters
    ----------
    searched : sequence of Searched
        Of pairs of neighbours, and of neighbours' neighbours.
    kept : sequence of int
        The frames that have a place, in focus order: the result is in their order.
    scale : float
        Proxy pixels per full-size pixel.
    width : int
        Of the proxies.
    """
    row = {k: n for n, k in enumerate(kept)}
    small = search_scale(width)
    least = max(DISPLACED_PX * scale, DISPLACED_SMALL_PX / small)
    least_slid = max(DISPLACED_PX * scale, SLID_SMALL_PX / small)
    votes: list[list[tuple[float, float, float]]] = [[] for _ in kept]
    counted = np.zeros((2, 2))  # how many lie elsewhere, of how many: far off, and slid
    for pair in searched:
        length, slid = (np.linalg.norm(v, axis=1) for v in (pair.vectors, pair.slid))
        known = int(np.isfinite(length).sum())
        off, near = length[np.isfinite(length) & (length > least)], slid[slid > least_slid]
        if row[pair.second] - row[pair.first] == 1:
            counted += [[len(off), known], [len(near), len(slid)]]
        if known + int(pair.lost.sum()) < TELLING:
            continue
        far = np.concatenate([off, near])
        share = len(off) / max(known, 1) + len(near) / max(len(slid), 1)
        share = share if len(far) >= LEAST_TILES else 0.0
        px = float(np.sqrt(np.mean(far**2))) / scale if share > LEAST_SHARE else 0.0
        lost = float(pair.lost.sum()) / len(length)
        for k in (pair.first, pair.second):
            votes[row[k]].append((share if px else 0.0, px, lost))
    middle = np.array([_milder(v) for v in votes]).reshape(-1, 3)
    stack = float(np.sum(counted[:, 0] / np.maximum(counted[:, 1], 1)))
    return Elsewhere(middle[:, 0], middle[:, 1], middle[:, 2], stack)


def _milder(votes: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """The middle one of a frame's pairs, the milder of two: each of the three for itself."""
    if not votes:
        return 0.0, 0.0, 0.0
    one, two, three = (sorted(column)[(len(votes) - 1) // 2] for column in zip(*votes, strict=True))
    return one, two, three
