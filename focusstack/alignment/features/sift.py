"""Feature points: the coarse registration that needs no starting value.

SIFT (Lowe, IJCV 2004) with the precise first octave, compared as RootSIFT (Arandjelović and
Zisserman, CVPR 2012), mutual nearest neighbours with a ratio test, and a homography by MAGSAC++
(Barath et al., CVPR 2020) that decides which matches are real. Tiles refine what is found here.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.geometry.coordinates import transform
from focusstack.numeric.arrays import Float32, Floats, Image, Matrix, Points

RATIO = 0.85
"""Distance of a match's descriptor over that of the second nearest, at most. Lowe takes 0.8; blur
makes descriptors alike, and the fit gives up wrong ones (``python -m benchmarks.alignment``)."""

MIN_INLIERS = 14
"""Matches without which a fit is chance: a homography fits any four. Frames of other scenes and
noise share fewer (``python -m benchmarks.alignment``, *other scene*)."""

MAX_ZOOM = 1.5
"""Zoom between two frames from which on their fit is wrong: more than lenses breathe. Chosen, not
measured."""

MAX_ROTATION_DEG = 30.0
"""Turn between two frames, in degrees, from which on their fit is wrong: more than a hand turns.
Chosen, not measured."""

CORNER, MANY = 15, 4000
"""Where there are so many FAST corners (Rosten and Drummond, ECCV 2006) of this contrast, there are
many keypoints too: it then pays to describe only those that are kept
(``python -m benchmarks.speed``)."""


@dataclass(frozen=True)
class Features:
    """Feature points of one proxy.

    Attributes
    ----------
    points : (N, 2) float64 ndarray
        Proxy pixels.
    descriptors : (N, 128) float32 ndarray
        RootSIFT, unit length.
    """

    points: Points
    descriptors: Float32


@dataclass(frozen=True)
class PairFit:
    """Two frames that share features.

    Attributes
    ----------
    first, second : int
        Frame indices.
    p, q : (N, 2) float64 ndarray
        Matching points in the first and second frame, inliers only.
    matrix : (3, 3) float64 ndarray
        First frame to second frame.
    others : tuple of two (M, 2) float64 ndarray
        Matches that the matrix does not explain: wrong ones, and what it cannot follow.
    """

    first: int
    second: int
    p: Points
    q: Points
    matrix: Matrix
    others: tuple[Points, Points] = (np.zeros((0, 2)), np.zeros((0, 2)))


def detect(proxy: Image, limit: int = 1000) -> Features:
    """Find features in a uint8 grey proxy, the strongest of every grid cell first.

    Parameters
    ----------
    proxy : (H, W) uint8 ndarray
        Encoded luma, contrast-normalised.
    limit : int, optional
        At most this many.

    Examples
    --------
    >>> blocks = np.kron(np.random.default_rng(0).integers(0, 256, (30, 40)), np.ones((8, 8)))
    >>> detect(blocks.astype(np.uint8), limit=50).descriptors.shape
    (50, 128)
    """
    sift = cv2.SIFT.create(contrastThreshold=0.015, enable_precise_upscale=True)
    every = None
    if len(cv2.FastFeatureDetector.create(CORNER).detect(proxy, None)) < MANY:
        # Both at once: describing alone blurs the picture anew, which is most of the work.
        found, every = sift.detectAndCompute(proxy, None)
    else:
        found = sift.detect(proxy, None)
    if not found:
        return Features(np.zeros((0, 2)), np.zeros((0, 128), np.float32))
    points = np.array([k.pt for k in found], float)
    strength = np.array([k.response for k in found])
    keep = spread(points, strength, proxy.shape[1], proxy.shape[0], limit)
    kept = sift.compute(proxy, [found[k] for k in keep])[1] if every is None else every[keep]
    roots = np.sqrt(kept / np.maximum(kept.sum(1, keepdims=True), 1e-6))
    return Features(points[keep], np.asarray(roots, np.float32))


def spread(
    points: Points, strength: Floats | Float32, width: int, height: int, limit: int
) -> NDArray[np.intp]:
    """Choose up to `limit` indices so that no part of the picture dominates.

    Each point gets its rank within its cell of a 12 x 8 grid; low ranks win everywhere first.
    """
    cell = (points[:, 0] * 12 / width).astype(int) + 12 * (points[:, 1] * 8 / height).astype(int)
    order = np.lexsort((points[:, 1], points[:, 0], -strength, cell))
    starts = np.r_[0, np.flatnonzero(np.diff(cell[order])) + 1]
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    best = order[np.lexsort((-strength[order], rank))][:limit]
    return np.sort(best)


def match(a: Features, b: Features) -> tuple[Points, Points]:
    """Return matching points: mutual nearest neighbours that pass the ratio test.

    Examples
    --------
    >>> found = Features(np.array([[3.0, 4], [9, 9]]), np.eye(2, 128, dtype=np.float32))
    >>> match(found, Features(found.points + 2, found.descriptors))[1].tolist()
    [[5.0, 6.0], [11.0, 11.0]]
    """
    if min(len(a.points), len(b.points)) < 2:
        return np.zeros((0, 2)), np.zeros((0, 2))
    likeness = a.descriptors @ b.descriptors.T
    best = likeness.argmax(1)
    rows = np.arange(len(best))
    top = likeness[rows, best]
    back = likeness.argmax(0)
    likeness[rows, best] = -1
    second = likeness.max(1)
    # distance² = 2 - 2 cos for unit vectors
    good = (back[best] == rows) & (1 - top < RATIO**2 * (1 - second))
    return a.points[good], b.points[best[good]]


def fit_pair(first: int, second: int, a: Features, b: Features, threshold: float) -> PairFit | None:
    """Match two frames and fit a homography robustly.

    Parameters
    ----------
    first, second : int
        Indices that the result carries.
    a, b : Features
        Of the two frames.
    threshold : float
        Largest distance of an inlier in proxy pixels.

    Returns
    -------
    PairFit or None
        None where the frames share too little to be sure.

    Examples
    --------
    >>> places = np.random.default_rng(0).uniform(0, 400, (60, 2))
    >>> a, b = (Features(places + k, np.eye(60, 128, dtype=np.float32)) for k in (0, 5))
    >>> fit_pair(0, 1, a, b, threshold=2).matrix.round(2)[:2, 2].tolist()
    [5.0, 5.0]
    """
    p, q = match(a, b)
    if len(p) < MIN_INLIERS:
        return None
    found, _ = cv2.findHomography(p, q, cv2.USAC_MAGSAC, threshold, maxIters=5000, confidence=0.999)
    M = np.asarray(found, float)  # NaN where there is none
    if M.shape != (3, 3):
        return None
    if not plausible(M, p):
        return None
    near = np.linalg.norm(transform(M, p) - q, axis=1) < threshold
    if near.sum() < max(MIN_INLIERS, 0.15 * len(p)):
        return None
    return PairFit(first, second, p[near], q[near], M, (p[~near], q[~near]))


def plausible(H: Matrix, points: Points) -> bool:
    """Tell whether `H` is a hand's movement: little zoom and rotation, no fold, at `points`."""
    centre = points.mean(0)
    p = transform(H, centre + np.array([[0, 0], [1, 0], [0, 1]]))
    J = np.stack([p[1] - p[0], p[2] - p[0]], axis=1)
    singular = np.linalg.svd(J, compute_uv=False)
    angle = np.degrees(np.arctan2(J[1, 0] - J[0, 1], J[0, 0] + J[1, 1]))
    return bool(
        np.linalg.det(J) > 0
        and singular[0] < MAX_ZOOM
        and singular[1] > 1 / MAX_ZOOM
        and abs(angle) < MAX_ROTATION_DEG
    )
