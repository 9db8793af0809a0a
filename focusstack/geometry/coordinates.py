"""Coordinates.

Convention, everywhere in the package: ``(x, y)`` in pixels, x right, y down, **pixel centres at
integers**. Scaling an image by ``s`` maps ``p`` to ``(p + 0.5) * s - 0.5``. A matrix maps frame
pixels to reference-frame pixels; everything that moves a pixel (alignment, proxy scale, crop) is
composed into one matrix first, so that a picture is resampled once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from focusstack.numeric.arrays import Image, Matrix, Points

REACH = 2
"""How far inside the outermost pixel centres a sample must lie for the warp kernel to find all its
taps: its support is 3 pixels to each side, and the tap exactly 3 away weighs nothing."""


@dataclass(frozen=True)
class Rect:
    """An axis-aligned rectangle of whole pixels in reference-frame coordinates."""

    x: int
    y: int
    width: int
    height: int

    @property
    def area(self) -> int:
        """Number of pixels inside."""
        return self.width * self.height

    def corners(self) -> Points:
        """Centres of the four corner pixels, ``(4, 2)``, clockwise from the top left."""
        x1, y1 = self.x + self.width - 1, self.y + self.height - 1
        return np.array([[self.x, self.y], [x1, self.y], [x1, y1], [self.x, y1]], float)


def cut(image: Image, rect: Rect) -> Image:
    """Return the part of `image` inside `rect`, without copying.

    Examples
    --------
    >>> cut(np.arange(12).reshape(3, 4), Rect(1, 0, 2, 1))
    array([[1, 2]])
    """
    return image[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]


def identity() -> Matrix:
    """Return the matrix that moves nothing."""
    return np.eye(3)


def translation(x: float, y: float) -> Matrix:
    """Return the matrix that adds ``(x, y)``.

    Examples
    --------
    >>> transform(translation(3, -1), np.array([[10.0, 10.0]]))
    array([[13.,  9.]])
    """
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], float)


def scaling(s: float) -> Matrix:
    """Return the matrix of an image resize by `s`: ``(p + 0.5) * s - 0.5``.

    Examples
    --------
    >>> transform(scaling(2), np.array([[0.0, 10.0]]))
    array([[ 0.5, 20.5]])
    """
    half = 0.5 * (s - 1)
    return np.array([[s, 0, half], [0, s, half], [0, 0, 1]], float)


def normalised(H: Matrix) -> Matrix:
    """Scale `H` so that ``H[2, 2] = 1``."""
    return np.asarray(H / H[2, 2], float)


def transform(H: Matrix, points: Points) -> Points:
    """Map points through a matrix.

    Parameters
    ----------
    H : (3, 3) ndarray
        A homography.
    points : (N, 2) ndarray
        ``(x, y)`` in pixels.

    Returns
    -------
    (N, 2) float64 ndarray

    Examples
    --------
    >>> transform(np.diag([2.0, 2.0, 1.0]), np.array([[1.0, 3.0]]))
    array([[2., 6.]])
    """
    x, y = points[:, 0], points[:, 1]
    w = H[2, 0] * x + H[2, 1] * y + H[2, 2]
    u = (H[0, 0] * x + H[0, 1] * y + H[0, 2]) / w
    v = (H[1, 0] * x + H[1, 1] * y + H[1, 2]) / w
    return np.stack([u, v], axis=1)


def outline(width: int, height: int) -> Points:
    """Centres of an image's four corner pixels, clockwise from the top left."""
    return Rect(0, 0, width, height).corners()


def at_scale(H: Matrix, s: float) -> Matrix:
    """Re-express `H`, found on images resized by `s`, for the full-size images.

    Examples
    --------
    >>> float(at_scale(translation(3, 0), 0.5)[0, 2])  # 3 pixels of an image half as large
    6.0
    """
    return normalised(np.linalg.inv(scaling(s)) @ H @ scaling(s))


def zoom_and_rotation(H: Matrix, width: int, height: int) -> tuple[float, float]:
    """Return zoom (1 = none) and rotation (degrees, clockwise on screen) at the image centre."""
    c = np.array([[(width - 1) / 2, (height - 1) / 2]])
    p = transform(H, np.concatenate([c, c + [[1, 0]], c + [[0, 1]]]))
    J = np.stack([p[1] - p[0], p[2] - p[0]], axis=1)
    zoom = float(np.sqrt(abs(np.linalg.det(J))))
    angle = float(np.degrees(np.arctan2(J[1, 0] - J[0, 1], J[0, 0] + J[1, 1])))
    return zoom, angle
