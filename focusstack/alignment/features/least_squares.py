"""The similarity that leaves least between two pictures, by Gauss and Newton's steps."""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.numeric.arrays import Float32, Floats, Image, Matrix

ITERATIONS, SETTLED = 40, 1e-4
"""Steps at most with each size, and the share by which what is left must still shrink. Chosen, not
measured."""

LARGE, FEW = 100_000, 8
"""Pixels from which on a picture is large, and steps at most with those: smaller ones have left
less than a pixel. Bounds the time."""


def improve_similarity(a: tuple[Float32, Image], b: tuple[Float32, Image], H: Matrix) -> Matrix:
    """The similarity near `H` that leaves least between two pictures, but for brightness.

    Gauss and Newton's steps on shift, zoom, rotation, a factor and a summand, damped where they do
    not help (Lucas and Kanade, IJCAI 1981).
    """
    height, width = a[0].shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x -= np.float32((width - 1) / 2)
    y -= np.float32((height - 1) / 2)
    best, found, damping = np.inf, H, 1e-3
    step: Floats | None = None
    for _ in range(ITERATIONS if height * width < LARGE else FEW):
        tried = found if step is None else found @ _similarity(step, width, height)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moved = cv2.warpPerspective(b[0], tried, (width, height), flags=flags)
        seen = cv2.warpPerspective(b[1], tried, (width, height), flags=cv2.WARP_INVERSE_MAP)
        # What lies at an edge is mixed with what lies beyond.
        inner = cv2.erode(seen, np.ones((3, 3), np.uint8), borderValue=0)
        weight = np.asarray(a[1] & inner, np.float32)
        if weight.sum() < height * width / 4:
            break
        left = _left(a[0], moved, weight)
        if left < best:
            done = best - left < SETTLED * left
            best, found, damping = left, tried, damping / 10
            normal, target = _equations(a[0], np.asarray(moved, np.float32), weight, (x, y))
            if done:
                break
        else:
            damping *= 10
        damped = normal + np.diag(damping * normal.diagonal() + 1e-12)
        step = np.asarray(np.linalg.solve(damped, target)[:4], float)
    return np.asarray(found)


def _similarity(step: Floats, width: int, height: int) -> Matrix:
    """Shift, zoom and rotation about the middle."""
    tx, ty, zoom, turn = step
    x, y = (width - 1) / 2, (height - 1) / 2
    A = np.array([[1 + zoom, -turn], [turn, 1 + zoom]])
    return np.vstack([np.c_[A, np.array([x + tx, y + ty]) - A @ (x, y)], [0, 0, 1]])


def _left(a: Float32, moved: Image, weight: Float32) -> float:
    """Variance of one picture that a factor of the other does not explain, as a share."""
    total = weight.sum()
    one, other = (weight * (i - (weight * i).sum() / total) for i in (a, moved))
    mixed, own, theirs = (
        float((p * q).sum()) for p, q in ((one, other), (one, one), (other, other))
    )
    return 1 - max(mixed, 0.0) ** 2 / max(own * theirs, 1e-20)


def _equations(
    a: Float32, moved: Float32, weight: Float32, place: tuple[Float32, Float32]
) -> tuple[Floats, Floats]:
    """Normal equations of a step, then of the factor and the summand."""
    x, y = place
    gx, gy = (cv2.Sobel(moved, cv2.CV_32F, *d, ksize=3, scale=1 / 8) for d in ((1, 0), (0, 1)))
    columns = [gx, gy, gx * x + gy * y, gy * x - gx * y, moved, np.ones_like(moved)]
    # In units of the moved picture: its factor is fitted to the other's light.
    J = np.stack([(weight * c).ravel() for c in columns])
    total = weight.sum()
    one, other = a - (weight * a).sum() / total, moved - (weight * moved).sum() / total
    factor = float((weight * one * other).sum() / max(float((weight * other * other).sum()), 1e-12))
    J[:4] *= np.float32(factor)
    residual = (weight * (one - factor * other)).ravel()
    return (J @ J.T).astype(float), (J @ residual).astype(float)
