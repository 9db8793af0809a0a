"""Solid bodies by their signed distance, and rays that find them.

World coordinates: x right, y up from the table top, z away from the camera. Points are ``(N, 3)``
float32 arrays; a distance function returns ``(N,)``, negative inside.

References
----------
J. C. Hart, "Sphere tracing: a geometric method for the antialiased ray tracing of implicit
surfaces", The Visual Computer 12, 1996.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = NDArray[Any]
"""float32 points, colours ``(..., 3)`` or numbers ``(...)``."""

Distance: TypeAlias = Callable[[Values], Values]
"""Signed distance of ``(N, 3)`` points."""

Paint: TypeAlias = Callable[[Values], Values]
"""Linear reflectance ``(N, 3)`` of points on a surface."""

STEPS = 90
"""Steps after which a ray is taken to graze past."""


REACH = 1.8
"""Longest shadow, along the light."""

NEARBY = 0.3
"""Distance within which a body dims the light of a point."""


@dataclass(frozen=True)
class Solid:
    """A body that stands on the table.

    Attributes
    ----------
    distance : callable
        Signed distance in world coordinates.
    paint : callable
        Reflectance in world coordinates.
    centre, radius
        A sphere that holds the body.
    gloss : float
        Strength of the mirror-like coat, 0 to 1.
    metal : bool
        Whether reflections take the paint's colour.
    """

    distance: Distance
    paint: Paint
    centre: tuple[float, float, float]
    radius: float
    gloss: float = 0.2
    metal: bool = False

    def roughly(self, p: Values) -> Values:
        """Signed distance, exact up to `NEARBY` and never more than the true one beyond."""
        far = norm(p - np.asarray(self.centre, np.float32)) - np.float32(self.radius)
        close = far < NEARBY
        if close.any():
            far[close] = self.distance(p[close])
        return far


def norm(v: Values) -> Values:
    """Length of the vectors in the last axis."""
    return np.asarray(np.sqrt(np.einsum("...i,...i->...", v, v)), np.float32)


def unit(v: Values) -> Values:
    """Vectors of length 1."""
    return v / np.maximum(norm(v), np.float32(1e-9))[..., None]


def turned(p: Values, at: Sequence[float], yaw: float = 0.0, lean: float = 0.0) -> Values:
    """Return world points in the coordinates of a body.

    Parameters
    ----------
    p : (N, 3) float32 ndarray
        World points.
    at : sequence of float
        The body's origin.
    yaw : float, optional
        Rotation about the vertical, degrees, clockwise seen from above.
    lean : float, optional
        Backward lean, degrees.
    """
    q = p - np.asarray(at, np.float32)
    c, s = np.float32(np.cos(np.radians(yaw))), np.float32(np.sin(np.radians(yaw)))
    x, z = c * q[:, 0] - s * q[:, 2], s * q[:, 0] + c * q[:, 2]
    c, s = np.float32(np.cos(np.radians(lean))), np.float32(np.sin(np.radians(lean)))
    y, z = c * q[:, 1] + s * z, c * z - s * q[:, 1]
    return np.stack([x, y, z], 1)


def ball(q: Values, radius: float) -> Values:
    """Distance to a sphere about the origin."""
    return norm(q) - np.float32(radius)


def _largest(d: Values) -> Values:
    return np.asarray(np.maximum(np.maximum(d[:, 0], d[:, 1]), d[:, 2]), np.float32)


def box(q: Values, half: Sequence[float], rounding: float) -> Values:
    """Distance to a box about the origin with half sizes `half` and rounded edges."""
    d = np.abs(q) - (np.asarray(half, np.float32) - np.float32(rounding))
    return norm(np.maximum(d, 0)) + np.minimum(_largest(d), 0) - np.float32(rounding)


def drum(q: Values, radius: float, half: float, rounding: float) -> Values:
    """Distance to an upright cylinder about the origin with rounded rims."""
    r = np.hypot(q[:, 0], q[:, 2]) - np.float32(radius - rounding)
    d = np.stack([r, np.abs(q[:, 1]) - np.float32(half - rounding)], 1)
    return (
        norm(np.maximum(d, 0)) + np.minimum(np.maximum(d[:, 0], d[:, 1]), 0) - np.float32(rounding)
    )


def ring(q: Values, radius: float, thickness: float) -> Values:
    """Distance to a torus in the plane z = 0."""
    d = np.stack([np.hypot(q[:, 0], q[:, 1]) - np.float32(radius), q[:, 2]], 1)
    return norm(d) - np.float32(thickness)


def melted(a: Values, b: Values, width: float) -> Values:
    """Distance to the union of two bodies with a fillet of about `width`."""
    h = np.clip(0.5 + 0.5 * (b - a) / width, 0, 1)
    return np.asarray(b + (a - b) * h - width * h * (1 - h), np.float32)


def normals(distance: Distance, p: Values, step: float = 1e-3) -> Values:
    """Outward unit normals at points on a surface."""
    corners = np.array([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]], np.float32)
    slope = [k * distance(p + k * np.float32(step))[:, None] for k in corners]
    return unit(np.asarray(sum(slope), np.float32))


def march(
    distance: Distance,
    origin: Values,
    rays: Values,
    span: tuple[float, float],
    pixel: float,
) -> tuple[Values, Values]:
    """Follow rays to a surface.

    Parameters
    ----------
    distance : callable
        The body.
    origin : (3,) float32 ndarray
        Where the rays begin.
    rays : (N, 3) float32 ndarray
        Unit directions.
    span : tuple of float
        Distances to begin and to give up at.
    pixel : float
        Width of a sample per unit of distance.

    Returns
    -------
    reach : (N,) float32 ndarray
        Distance along the ray to the surface, or to where it passes nearest.
    cover : (N,) float32 ndarray
        Share of the sample that the body covers: 1 on a hit, less where the ray just misses.
    """
    n = len(rays)
    travelled = np.full(n, span[0], np.float32)
    nearest, reach = np.full(n, np.inf, np.float32), np.full(n, span[0], np.float32)
    active = np.arange(n)
    for _ in range(STEPS):
        t = travelled[active]
        d = distance(origin + t[:, None] * rays[active])
        miss = d / (t * np.float32(pixel))
        closer = miss < nearest[active]
        nearest[active[closer]], reach[active[closer]] = miss[closer], t[closer]
        travelled[active] = t + d * np.float32(0.9)
        active = active[(miss > 0.1) & (travelled[active] < span[1])]
        if not active.size:
            break
    return reach, np.clip(np.float32(1.1) - nearest, 0, 1)


def shade_of(bodies: Sequence[Distance], p: Values, towards: Values, softness: float) -> Values:
    """Share of a broad light that reaches points: 1 in full light, 0 in full shadow.

    Parameters
    ----------
    bodies : sequence of callable
        What may stand in the way.
    p : (N, 3) float32 ndarray
        Points, a little off their own surface.
    towards : (3,) float32 ndarray
        Unit direction of the light's middle.
    softness : float
        Half width of the light as seen from a point, radians.
    """
    light = np.ones(len(p), np.float32)
    for distance in bodies:
        t = np.full(len(p), 0.01, np.float32)
        active = np.arange(len(p))
        for _ in range(40):
            s = t[active]
            d = distance(p[active] + s[:, None] * towards)
            lit = 0.5 + 0.5 * d / (np.float32(softness) * s)
            light[active] = np.minimum(light[active], lit)
            t[active] = s + np.clip(np.abs(d), 0.012, 0.3)
            active = active[(light[active] > 0) & (t[active] < REACH)]
            if not active.size:
                break
    light = np.clip(light, 0, 1)
    return np.asarray(light * light * (3 - 2 * light), np.float32)


def openness(bodies: Sequence[Distance], p: Values, n: Values) -> Values:
    """Share of the sky that points with normals `n` see, from distances a little way out."""
    hidden = np.zeros(len(p), np.float32)
    for weight, step in ((0.5, 0.02), (0.35, 0.06), (0.3, 0.14), (0.2, 0.28)):
        near = np.full(len(p), step, np.float32)
        for distance in bodies:
            near = np.minimum(near, distance(p + np.float32(step) * n))
        hidden += np.float32(weight) * (1 - np.maximum(near, 0) / np.float32(step))
    return np.asarray(np.clip(1 - hidden, 0.08, 1), np.float32)
