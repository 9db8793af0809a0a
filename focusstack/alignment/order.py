"""Which frame follows which in focus, from the pictures alone.

Names cannot be trusted (`1, 10, 11, 2`; `near, far, center`), and only frames close in focus share
enough detail to be matched. Where a frame is sharp is a fingerprint of its focus: frames are
ordered so that this changes smoothly, by the Fiedler vector of their similarity graph
(spectral seriation: Atkins, Boman and Hendrickson, SIAM J. Comput. 1998).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from focusstack.typing import Float32, Points

OFFSETS = (1, 2, 4, 8)
"""How far apart, in focus order, frames are compared."""


def distances(signatures: Sequence[Float32]) -> Points:
    """Root mean square difference of every two sharpness signatures, ``(n, n)``."""
    flat = np.stack([s.ravel() for s in signatures]).astype(float)
    flat -= flat.mean(1, keepdims=True)
    square = (flat**2).mean(1)
    product = flat @ flat.T / flat.shape[1]
    return np.asarray(np.sqrt(np.maximum(square[:, None] + square[None, :] - 2 * product, 0)))


def focus_order(signatures: Sequence[Float32]) -> list[int]:
    """Return frame indices from one end of the focus range to the other.

    The direction is decided by content too (the sharper half comes last), so that the result does
    not depend on the order in which the frames are given.
    """
    n = len(signatures)
    if n < 3:
        return sorted(range(n), key=lambda i: float(signatures[i].mean()))
    d = distances(signatures)
    nearest = np.sort(d + np.diag(np.full(n, np.inf)), axis=1)[:, 0]
    scale = 2 * max(float(np.median(nearest)), 1e-9)
    similarity = np.exp(-np.square(d / scale)) + 1e-9
    np.fill_diagonal(similarity, 0)
    degree = similarity.sum(1)
    root = 1 / np.sqrt(degree)
    _, vectors = np.linalg.eigh(np.eye(n) - root[:, None] * similarity * root[None, :])
    position = vectors[:, 1] * root
    if position @ np.array([s.mean() for s in signatures]) < 0:
        position = -position
    return _uncross([int(i) for i in np.argsort(position, kind="stable")], d)


def _uncross(order: list[int], d: Points) -> list[int]:
    """Shorten the path by reversing stretches (2-opt) until none helps."""
    n, better = len(order), True
    while better:
        better = False
        for i in range(n - 1):
            for j in range(i + 1, n):
                before = after = 0.0
                if i > 0:
                    before += d[order[i - 1], order[i]]
                    after += d[order[i - 1], order[j]]
                if j < n - 1:
                    before += d[order[j], order[j + 1]]
                    after += d[order[i], order[j + 1]]
                if after < before - 1e-9:
                    order[i : j + 1] = order[i : j + 1][::-1]
                    better = True
    return order


def pairs_in_order(order: Sequence[int], offsets: Sequence[int] = OFFSETS) -> list[tuple[int, int]]:
    """Return pairs of frame indices that are `offsets` apart in `order`."""
    n = len(order)
    return [(order[k], order[k + o]) for o in offsets for k in range(n - o)]
