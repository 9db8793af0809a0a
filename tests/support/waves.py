"""Pictures that are known between their pixels, and where a matrix brings them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from focusstack.geometry.coordinates import Rect, transform, translation
from focusstack.numeric.arrays import Float32, Floats, Matrix

SIZE = (200, 300)
"""Height and width."""


def rotation(degrees: float, zoom: float = 1.0, centre: tuple[float, float] = (150, 100)) -> Matrix:
    angle = np.deg2rad(degrees)
    c, s = zoom * np.cos(angle), zoom * np.sin(angle)
    about = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    H: Matrix = translation(*centre) @ about @ translation(-centre[0], -centre[1])
    return H


def perspective() -> Matrix:
    H = rotation(0.7, 1.02) @ translation(0.37, -0.61)
    H[2, :2] = 1e-5, -2e-5
    return H


def inverse(H: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(H), np.float64)


def positions(H: Matrix, rect: Rect) -> tuple[Floats, Floats]:
    """Frame positions ``(x, y)`` of the pixels of `rect`, each of its shape."""
    x, y = np.meshgrid(np.arange(rect.width) + rect.x, np.arange(rect.height) + rect.y)
    p = transform(inverse(H), np.stack([x.ravel(), y.ravel()], 1).astype(np.float64))
    return p[:, 0].reshape(x.shape), p[:, 1].reshape(x.shape)


def waves(x: Floats, y: Floats) -> Floats:
    """Waves of 4 to 40 pixels in all directions, about 0.2 to 0.8."""
    rng = np.random.default_rng(5)
    total = np.full(x.shape, 0.5)
    for period in (4.0, 6.0, 10.0, 17.0, 40.0):
        angle, phase = rng.uniform(0, np.pi), rng.uniform(0, 2 * np.pi)
        k = 2 * np.pi / period
        total += 0.002 * period * np.sin(k * (np.cos(angle) * x + np.sin(angle) * y) + phase)
    return total


def grid(size: tuple[int, int] = SIZE) -> tuple[Floats, Floats]:
    x, y = np.meshgrid(np.arange(size[1], dtype=float), np.arange(size[0], dtype=float))
    return x, y


def moved_by(result: Float32, truth: Floats) -> NDArray[np.float64]:
    """Shift ``(x, y)`` in pixels of `result` against `truth`, by least squares on the slope."""
    gx, gy = np.gradient(truth, axis=1), np.gradient(truth, axis=0)
    inside = np.s_[2:-2, 2:-2]
    A = np.stack([gx[inside].ravel(), gy[inside].ravel()], 1)
    return np.asarray(np.linalg.lstsq(A, (truth - result)[inside].ravel())[0], float)
