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


LONGEST_MOVE = 40
"""Longest stretch of frames that is moved as a whole when the order is tidied up."""


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
    """Shorten the path by reversing and by moving stretches (2-opt, Or-opt) until none helps."""
    while (shorter := _reversed(order, d) or _moved(order, d)) is not None:
        order = shorter
    return order


def _steps(order: list[int], d: Points) -> Points:
    """Distances along the path, with a free step before its first and after its last frame."""
    return np.asarray(np.r_[0.0, d[order[:-1], order[1:]], 0.0], float)


def _reversed(order: list[int], d: Points) -> list[int] | None:
    """Reverse the stretch that shortens the path most; None if none does."""
    n = len(order)
    step, path = _steps(order, d), np.array(order)
    best, found = -1e-9, None
    for i in range(n - 1):
        j = np.arange(i + 1, n)
        before = d[path[i - 1], path[j]] if i else np.zeros(len(j))
        after = np.r_[d[path[i], path[i + 2 :]], 0.0]
        change = before + after - step[i] - step[j + 1]
        k = int(change.argmin())
        if change[k] < best:
            best, found = float(change[k]), (i, i + 1 + k)
    if found is None:
        return None
    first, last = found
    return order[:first] + order[first : last + 1][::-1] + order[last + 1 :]


def _moved(order: list[int], d: Points) -> list[int] | None:
    """Move a stretch, either way round, to where it shortens the path most; None if none does."""
    n = len(order)
    best, found = -1e-9, None
    for i in range(n):
        for j in range(i, min(n - 1 + (i > 0), i + LONGEST_MOVE)):
            rest = np.array(order[:i] + order[j + 1 :])
            if not len(rest):
                continue
            step = _steps(order, d)
            gap = d[order[i - 1], order[j + 1]] if i > 0 and j < n - 1 else 0.0
            without = gap - step[i] - step[j + 1]
            between = np.r_[0.0, d[rest[:-1], rest[1:]], 0.0]
            for head, tail in ((order[i], order[j]), (order[j], order[i])):
                change = without - between
                change[1:] += d[rest, head]
                change[:-1] += d[tail, rest]
                k = int(change.argmin())
                if change[k] < best:
                    stretch = order[i : j + 1] if head == order[i] else order[i : j + 1][::-1]
                    best, found = (
                        float(change[k]),
                        [*rest[:k].tolist(), *stretch, *rest[k:].tolist()],
                    )
    return found


def pairs_in_order(order: Sequence[int], offsets: Sequence[int] = OFFSETS) -> list[tuple[int, int]]:
    """Return pairs of frame indices that are `offsets` apart in `order`."""
    n = len(order)
    return [(order[k], order[k + o]) for o in offsets for k in range(n - o)]
