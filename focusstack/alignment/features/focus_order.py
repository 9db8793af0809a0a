"""Which frame follows which in focus, from the pictures alone.

Names cannot be trusted (`1, 10, 11, 2`; `near, far, center`), and only frames close in focus share
enough detail to be matched. Where a frame is sharp is a fingerprint of its focus: frames are
ordered so that this changes smoothly, by the Fiedler vector of their similarity graph
(spectral seriation: Atkins, Boman and Hendrickson, SIAM J. Comput. 1998).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from focusstack.numeric.arrays import Float32, Floats, Indices

OFFSETS = (1, 2, 4, 8)
"""How far apart, in focus order, frames are compared: near pairs have much in common, far ones keep
errors from adding up (``python -m benchmarks.alignment``, *sixty frames*)."""

LONGEST_MOVE = 40
"""Frames in the longest stretch that is moved as a whole when the order is tidied up: bounds the
time for hundreds of frames."""


def distances(signatures: Sequence[Float32]) -> Floats:
    """Mean absolute difference of every two sharpness signatures, ``(n, n)``."""
    flat = np.stack([s.ravel() for s in signatures]).astype(float)
    return np.stack([np.abs(flat - one).mean(1) for one in flat])


def focus_order(signatures: Sequence[Float32]) -> list[int]:
    """Return frame indices from one end of the focus range to the other.

    Every part of the picture becomes sharp once while focus passes through it: it rises to one
    peak and falls again. How much all parts rise and fall along an order, with a rise from
    nothing before its first and a fall to nothing after its last frame, is therefore smallest for
    the true one. An order that joins both blurred ends of a sweep and breaks it in the middle has
    short steps too, but its parts rise twice.

    The direction is decided by content too (the sharper half comes last), so that the result does
    not depend on the order in which the frames are given.

    Examples
    --------
    >>> place = np.arange(12)
    >>> focus_order([np.exp(-np.square(place - at) / 9.0) for at in (2, 8, 5, 11)])
    [3, 1, 2, 0]
    """
    n = len(signatures)
    if n < 3:
        return sorted(range(n), key=lambda i: float(signatures[i].mean()))
    between = distances(signatures)
    sharpness = np.array([s.mean() for s in signatures], float)
    nearest = np.sort(between + np.diag(np.full(n, np.inf)), axis=1)[:, 0]
    scale = 2 * max(float(np.median(nearest)), 1e-9)
    similarity = np.exp(-np.square(between / scale)) + 1e-9
    np.fill_diagonal(similarity, 0)
    degree = similarity.sum(1)
    root = 1 / np.sqrt(degree)
    _, vectors = np.linalg.eigh(np.eye(n) - root[:, None] * similarity * root[None, :])
    position = vectors[:, 1] * root
    first = [int(i) for i in np.argsort(position, kind="stable")]
    order = _uncross(first, _with_nothing(between, sharpness))
    rank = np.argsort(order) - (n - 1) / 2
    return order[::-1] if rank @ sharpness < 0 else order


def _with_nothing(between: Floats, sharpness: Floats) -> Floats:
    """Distances ``(n + 1, n + 1)`` with a last entry that stands for "nothing is sharp"."""
    ends = sharpness - sharpness.min()
    return np.block([[between, ends[:, None]], [ends[None, :], np.zeros((1, 1))]])


def _uncross(order: list[int], d: Floats) -> list[int]:
    """Shorten the path by reversing and by moving stretches (2-opt, Or-opt) until none helps.

    The path begins and ends at the last entry of `d`, which is not part of `order`.
    """
    path = np.array([len(d) - 1, *order, len(d) - 1])
    while (shorter := _reversed(path, d)) is not None or (shorter := _moved(path, d)) is not None:
        path = shorter
    return [int(i) for i in path[1:-1]]


def _reversed(path: Indices, d: Floats) -> Indices | None:
    """Reverse the stretch that shortens the path most; None if none does."""
    step = d[path[:-1], path[1:]]
    best, found = -1e-9, None
    for i in range(1, len(path) - 2):
        j = np.arange(i + 1, len(path) - 1)
        change = d[path[i - 1], path[j]] + d[path[i], path[j + 1]] - step[i - 1] - step[j]
        k = int(change.argmin())
        if change[k] < best:
            best, found = float(change[k]), (i, int(j[k]))
    if found is None:
        return None
    i, j_ = found
    return np.concatenate([path[:i], path[i : j_ + 1][::-1], path[j_ + 1 :]])


def _moved(path: Indices, d: Floats) -> Indices | None:
    """Move a stretch, either way round, to where it shortens the path most; None if none does."""
    step = d[path[:-1], path[1:]]
    best, found = -1e-9, None
    last = len(path) - 2
    for i in range(1, last + 1):
        for j in range(i, min(last, i + LONGEST_MOVE - 1) + 1):
            rest = np.concatenate([path[:i], path[j + 1 :]])
            without = d[path[i - 1], path[j + 1]] - step[i - 1] - step[j]
            here = d[rest[:-1], rest[1:]]
            for stretch in (path[i : j + 1], path[i : j + 1][::-1]):
                change = without - here + d[rest[:-1], stretch[0]] + d[stretch[-1], rest[1:]]
                k = int(change.argmin())
                if change[k] < best:
                    best = float(change[k])
                    found = np.concatenate([rest[: k + 1], stretch, rest[k + 1 :]])
    return found


def pairs_in_order(order: Sequence[int], offsets: Sequence[int] = OFFSETS) -> list[tuple[int, int]]:
    """Return pairs of frame indices that are `offsets` apart in `order`.

    Examples
    --------
    >>> pairs_in_order([3, 1, 2, 0], offsets=(1, 2))
    [(3, 1), (1, 2), (2, 0), (3, 2), (1, 0)]
    """
    n = len(order)
    return [(order[k], order[k + o]) for o in offsets for k in range(n - o)]
