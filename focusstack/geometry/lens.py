"""Lenses that bend straight lines: radial distortion, and how it changes with focus.

A pixel recorded at ``p`` would lie at ``c + (p - c) (1 + a r² + b r⁴)`` without distortion, with
``c`` the picture's centre and ``r`` the distance from it in half diagonals (the radial terms of
Brown's model: D. C. Brown, "Close-range camera calibration", Photogrammetric Engineering 37(8),
1971). ``(a, b)`` is called the bend. Focusing moves groups of glass, so that each frame of a stack
has a bend of its own.

Matrices map straightened pixels to straightened pixels. The canvas is the reference frame as the
camera recorded it, bend and all; what a frame's own bend, against the reference's, adds to its
matrix is a smooth displacement.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from focusstack.geometry.coordinates import transform
from focusstack.geometry.field import Field
from focusstack.numeric.arrays import Floats, Matrix, Points

Bend = Sequence[float] | Floats
"""``(a, b)``."""

STRAIGHT = (0.0, 0.0)
"""The bend of a perfect lens."""

NODES = 65
"""Nodes of the displacement along the longer side. Between them it is cubic, as distortion is.
Chosen: more cost memory."""

STRONGEST_BEND = 0.2
"""Sum of both terms beyond which nothing is a lens of a camera, and the inverse does not converge
everywhere. Half of it is the most that alignment believes. Follows from the inverse; wide lenses
bend by 0.05."""

INVERSIONS = 6
"""Steps of the inverse: each squares the error, which is at most about the bend at first."""

LEAST_SLOPE = 0.1
"""Least slope that Newton's method takes, so that steps stay finite beyond the picture, where a
bend turns back and has no inverse."""


def straightened(points: Points, bend: Bend, size: tuple[int, int]) -> Points:
    """Where recorded pixels would lie without distortion.

    Parameters
    ----------
    points : (N, 2) ndarray
        Pixels as recorded, which may lie outside the picture.
    bend : pair of float
        Radial terms ``a`` and ``b``, over half diagonals.
    size : tuple of int
        Width and height of the picture.

    Returns
    -------
    (N, 2) float64 ndarray
    """
    a, b = bend
    if a == b == 0:
        return points
    centre, d, r2 = _from_centre(points, size)
    return np.asarray(centre + d * (1 + r2 * (a + r2 * b)), float)


def recorded(points: Points, bend: Bend, size: tuple[int, int]) -> Points:
    """Bend pixels to where a lens records them; `straightened` is the inverse.

    By Newton's method for the distance from the centre alone, to a millionth of a pixel.

    Parameters
    ----------
    points, bend, size
        As for `straightened`.

    Returns
    -------
    (N, 2) float64 ndarray
    """
    a, b = bend
    if a == b == 0:
        return points
    centre, d, r2 = _from_centre(points, size)
    share = np.ones(r2.shape)
    for _ in range(INVERSIONS):
        t = r2 * share * share
        off = share * (1 + t * (a + t * b)) - 1
        share -= off / np.maximum(1 + t * (3 * a + 5 * t * b), LEAST_SLOPE)
        np.clip(share, 0.5, 2, out=share)
    return np.asarray(centre + d * share, float)


def _from_centre(points: Points, size: tuple[int, int]) -> tuple[Floats, Floats, Floats]:
    """The picture's centre, the way from there, and its square ``(N, 1)`` in half diagonals."""
    centre = (np.array(size) - 1) / 2
    away = points - centre
    return centre, away, np.square(away / (0.5 * np.hypot(*size))).sum(1, keepdims=True)


def on_canvas(
    points: Points, H: Matrix, bend: Bend, canvas_bend: Bend, size: tuple[int, int]
) -> Points:
    """Pixels of the reference at which pixels ``(N, 2)`` of a frame lie.

    Parameters
    ----------
    points : (N, 2) ndarray
        Pixels of the frame as it was recorded.
    H : (3, 3) ndarray
        From straightened frame pixels to straightened reference pixels.
    bend, canvas_bend : pair of float
        Of the frame and of the reference.
    size : tuple of int
        Width and height of both.
    """
    return recorded(transform(H, straightened(points, bend, size)), canvas_bend, size)


def displacement(
    H: Matrix, bend: Bend, canvas_bend: Bend, size: tuple[int, int], more: Field | None = None
) -> Field | None:
    """Field by which a frame's matrix must be completed; `more` if the lens adds nothing.

    Parameters
    ----------
    H, bend, canvas_bend, size
        As for `on_canvas`.
    more : Field, optional
        Displacement on the canvas that is not the lens's: parallax, movement.

    Returns
    -------
    Field or None
        ``f`` with ``inv(H) (x + f(x))`` the recorded pixel of the frame for canvas pixel ``x``.
    """
    same = np.array_equal(bend, canvas_bend)
    if same and (not np.any(bend) or np.array_equal(H, np.eye(3))):
        return more
    rows, columns = (max(2, round(NODES * n / max(size))) for n in size[::-1])
    if more is not None:
        rows, columns = (max(a, b) for a, b in zip((rows, columns), more.grid.shape, strict=False))
    x, y = np.meshgrid(np.linspace(0, size[0] - 1, columns), np.linspace(0, size[1] - 1, rows))
    places: Points = np.stack([x.ravel(), y.ravel()], 1).astype(np.float64)
    moved = places if more is None else np.asarray(places + more.at(places), float)
    pixels = transform(np.asarray(np.linalg.inv(H), float), straightened(moved, canvas_bend, size))
    found = transform(H, recorded(pixels, bend, size)) - places
    return Field(found.reshape(rows, columns, 2).astype(np.float32), *size)
