"""Light on the desk: one broad window on the left, the room's own light, and reflections."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from focusstack.scene.solids import Distance, Values, openness, shade_of, unit
from focusstack.scene.surfaces import colour, smoothstep

WINDOW = unit(np.array([-0.66, 0.66, -0.12], np.float32))
"""Direction of the window's middle."""

WINDOW_LIGHT = colour(1.75, 1.60, 1.36)
ROOM_LIGHT = colour(0.46, 0.50, 0.57)
BOUNCE = colour(0.16, 0.10, 0.06)
"""Light that the table throws up."""


def diffuse(n: Values, p: Values, bodies: Sequence[Distance], softness: float = 0.16) -> Values:
    """Light that falls on surfaces.

    Parameters
    ----------
    n : (N, 3) float32 ndarray
        Unit normals.
    p : (N, 3) float32 ndarray
        Points on the surface.
    bodies : sequence of callable
        Bodies that may keep light away.
    softness : float, optional
        Half width of the window as seen from the desk, radians.

    Returns
    -------
    (N, 3) float32 ndarray
        Linear light; a white surface in full light is about 1.
    """
    facing = n @ WINDOW
    lit = smoothstep(-0.25, 1.0, facing) * shade_of(bodies, p + n * np.float32(0.004), WINDOW,
                                                    softness)  # fmt: skip
    # The light falls off across the desk, away from the window.
    lit = lit * np.exp(-0.22 * (p[:, 0] + 0.4)).astype(np.float32)
    sky = (0.55 + 0.45 * n[:, 1]) * openness(bodies, p, n)
    low = np.maximum(0.5 - 0.5 * n[:, 1], 0) * np.exp(-2.0 * np.maximum(p[:, 1], 0))
    return np.asarray(
        lit[:, None] * WINDOW_LIGHT + sky[:, None] * ROOM_LIGHT + low[:, None] * BOUNCE, np.float32
    )


def mirrored(rays: Values, n: Values, blur: float = 0.02) -> Values:
    """Light that a mirror with normals `n` sends back along `rays`: the window with its cross."""
    r = rays - 2 * (rays * n).sum(1)[:, None] * n
    side = unit(np.cross(WINDOW, np.array([0, 1, 0], np.float32)).astype(np.float32))
    up = np.cross(side, WINDOW).astype(np.float32)
    ahead = np.maximum(r @ WINDOW, 1e-3)
    u, v = (r @ side) / ahead, (r @ up) / ahead
    pane = smoothstep(0.34 + blur, 0.34 - blur, np.abs(u))
    pane = pane * smoothstep(0.42 + blur, 0.42 - blur, np.abs(v)) * (r @ WINDOW > 0)
    bars = smoothstep(0.025 - blur, 0.025 + blur, np.minimum(np.abs(u), np.abs(v)))
    room = 0.16 + 0.14 * smoothstep(-0.2, 0.9, r[:, 1])
    return np.asarray((7.0 * pane * bars)[:, None] * WINDOW_LIGHT + room[:, None] * ROOM_LIGHT,
                      np.float32)  # fmt: skip


def fresnel(rays: Values, n: Values) -> Values:
    """Share of light reflected by a varnish (Schlick's approximation, index 1.5)."""
    cosine = np.clip(-(rays * n).sum(1), 0, 1)
    return np.asarray(0.04 + 0.96 * (1 - cosine) ** 5, np.float32)


def film(light: Values) -> Values:
    """Compress scene light smoothly below 0.8, so that exposure changes clip nothing."""
    return np.asarray(0.8 * (1 - np.exp(-np.maximum(light, 0) / 0.8)), np.float32)
