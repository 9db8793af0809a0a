"""A hand-held camera that focuses step by step: where it looks and how it exposes.

Lengths are pixels of a frame; the principal point is the frame's centre.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusstack.geometry.coordinates import normalised, translation
from focusstack.numeric.arrays import Matrix
from focusstack.scene.shooting import Shooting

FOCAL_LENGTH = 1.2
"""In frame widths: a normal lens, 45 degrees across."""

ZOOM_CENTRE = (0.07, -0.05)
"""Where breathing leaves a pixel in place, in frame widths from the frame's centre."""

STEADINESS = 0.5
"""Correlation of the hand's position from one frame to the next."""


@dataclass(frozen=True)
class Shot:
    """One frame: where its sharp plane, its camera and its exposure are.

    Attributes
    ----------
    focus : float
        Normalised inverse depth of the sharp plane, 0 far to 1 near.
    matrix : (3, 3) ndarray
        Frame pixel to reference pixel.
    sway : (2,) ndarray
        Sideways shift in pixels, from the farthest to the nearest depth, against the reference.
    exposure : (3,) ndarray
        Linear light recorded per unit of the reference frame's linear light, per channel.
    """

    focus: float
    matrix: Matrix
    sway: NDArray[np.float64]
    exposure: NDArray[np.float64]


def rotation(x: float, y: float, z: float) -> Matrix:
    """Return the rotation by `x`, then `y`, then `z` radians about the camera's axes."""
    cx, sx, cy, sy, cz, sz = np.cos(x), np.sin(x), np.cos(y), np.sin(y), np.cos(z), np.sin(z)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x, float)


def world_to_frame(size: tuple[int, int], angles: NDArray[np.float64], zoom: float) -> Matrix:
    """Return the mapping of an unmoved, unzoomed view to a frame: ``Z K R K⁻¹``.

    Parameters
    ----------
    size : tuple of int
        Width and height of a frame.
    angles : (3,) ndarray
        Rotation about x, y and z, radians.
    zoom : float
        Magnification about the zoom centre; 1 is none.
    """
    width, height = size
    cx, cy = (width - 1) / 2, (height - 1) / 2
    f = FOCAL_LENGTH * width
    K = np.array([[f, 0, cx], [0, f, cy], [0, 0, 1]])
    zx, zy = cx + ZOOM_CENTRE[0] * width, cy + ZOOM_CENTRE[1] * width
    Z = translation(zx, zy) @ np.diag([zoom, zoom, 1]) @ translation(-zx, -zy)
    return normalised(Z @ K @ rotation(*angles) @ np.linalg.inv(K))


def drift(rng: np.random.Generator, frames: int, channels: int) -> NDArray[np.float64]:
    """Return ``(frames, channels)`` of unit variance that wander as an unsteady hand does."""
    jitter = rng.standard_normal((frames, channels))
    path = np.empty_like(jitter)
    path[0] = jitter[0]
    for i in range(1, frames):
        path[i] = STEADINESS * path[i - 1] + np.sqrt(1 - STEADINESS**2) * jitter[i]
    return path


def focus_steps(frames: int) -> NDArray[np.float64]:
    """Return inverse depths from near to far that leave no depth farther than half a step."""
    return 1 - (np.arange(frames) + 0.5) / frames


def shots(rng: np.random.Generator, how: Shooting) -> list[Shot]:
    """Plan the frames of a stack."""
    frames, reference = how.frames, how.reference_index
    focus = focus_steps(frames)
    angles = how.shake * drift(rng, frames, 3)
    sway = drift(rng, frames, 2)
    widest = max(float(np.ptp(sway, axis=0).max()), 1e-9)
    sway = (sway - sway[reference]) / widest * how.parallax
    stops = how.ev * rng.uniform(-1, 1, (frames, 1))
    stops = stops + np.log2(1 + how.wb * rng.uniform(-1, 1, (frames, 3)))
    exposure = 2.0 ** (stops - stops[reference])
    # A lens extends a little more per step the nearer it focuses, hence the quadratic term.
    zoom = 1 + how.breathing * (focus + 0.15 * focus**2)
    views = [world_to_frame(how.size, a, z) for a, z in zip(angles, zoom, strict=True)]
    to_reference = [normalised(views[reference] @ np.linalg.inv(V)) for V in views]
    to_reference[reference] = np.eye(3)
    return [Shot(float(focus[i]), to_reference[i], sway[i], exposure[i]) for i in range(frames)]
