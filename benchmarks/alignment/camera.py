"""Where each frame of a stack looks, and the exact way from a frame's pixel to the subject."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.alignment.kinds import Kind
from focusstack.exposure.shading import Shading
from focusstack.geometry.coordinates import transform
from focusstack.numeric.arrays import Floats, Matrix, Points
from focusstack.scene.camera import drift, focus_steps, world_to_frame

PARALLAX_AT = 2000.0
"""Width of a frame, in pixels, for which `Kind.parallax` is meant."""


@dataclass(frozen=True)
class View:
    """One frame's camera.

    Attributes
    ----------
    size : tuple of int
        Width and height of a frame.
    to_subject : (3, 3) ndarray
        Undistorted frame pixel to subject pixel, for what lies at inverse depth 0.5.
    distortion : float
        An undistorted pixel lies ``1 + distortion r²`` times as far from the centre, with r the
        distance over the half diagonal.
    sway : (2,) ndarray
        Sideways shift in subject pixels from inverse depth 0 to 1.
    focus : float
        Inverse depth of the sharp plane.
    """

    size: tuple[int, int]
    to_subject: Matrix
    distortion: float
    sway: Floats
    focus: float

    def undistorted(self, p: Points) -> Floats:
        """Undistorted pixel of recorded pixels ``(N, 2)``."""
        if not self.distortion:
            return p
        centre, radius = self._lens()
        d = p - centre
        r2 = (d**2).sum(-1, keepdims=True) / radius**2
        return np.asarray(centre + d * (1 + self.distortion * r2), float)

    def distorted(self, p: Points) -> Floats:
        """Recorded pixel of undistorted pixels: the inverse, by Newton-like steps."""
        q = p.copy()
        for _ in range(20):
            q = q - (self.undistorted(q) - p)
        return q

    def subject(self, p: Points, depth: Floats | float = 0.5) -> Floats:
        """Subject pixels that recorded pixels ``(N, 2)`` show, at inverse `depth`."""
        shift = np.asarray(depth, float).reshape(-1, 1) - 0.5
        return transform(self.to_subject, self.undistorted(p)) - self.sway * shift

    def recorded(self, s: Floats, depth: Floats | float = 0.5) -> Points:
        """Recorded pixels at which subject pixels ``(N, 2)`` at inverse `depth` appear."""
        shift = np.asarray(depth, float).reshape(-1, 1) - 0.5
        back = np.asarray(np.linalg.inv(self.to_subject), float)
        return self.distorted(transform(back, s + self.sway * shift))

    def _lens(self) -> tuple[Floats, float]:
        width, height = self.size
        return np.array([(width - 1) / 2, (height - 1) / 2]), 0.5 * float(np.hypot(width, height))


def views(kind: Kind, size: tuple[int, int], rng: np.random.Generator) -> list[View]:
    """Cameras of all frames of `kind`, focused from near to far."""
    focus = focus_steps(kind.frames)
    angles = drift(rng, kind.frames, 3) * (kind.tilt, kind.tilt, kind.roll)
    sway = drift(rng, kind.frames, 2)
    widest = max(float(np.ptp(sway, axis=0).max()), 1e-9)
    sway = sway / widest * kind.parallax * size[0] / PARALLAX_AT
    # A lens extends a little more per step the nearer it focuses, hence the quadratic term.
    zoom = 1 + kind.breathing * (focus + 0.15 * focus**2)
    return [
        View(
            size,
            np.asarray(np.linalg.inv(world_to_frame(size, a, z)), float),
            kind.distortion + kind.distortion_change * (f - 0.5),
            s,
            float(f),
        )
        for a, z, s, f in zip(angles, zoom, sway, focus, strict=True)
    ]


def exposures(kind: Kind, rng: np.random.Generator) -> Floats:
    """Exposure ``(frames, 3)`` of each frame and channel; the stack's mean is 1."""
    ev = rng.uniform(-1, 1, (kind.frames, 1))
    if kind.frames > 1:  # the whole range is used, whatever the dice say
        ev = 2 * (ev - ev.min()) / max(float(np.ptp(ev)), 1e-9) - 1
    return np.asarray(2.0 ** (kind.ev * ev + 0.03 * rng.uniform(-1, 1, (kind.frames, 3))))


def fall_offs(kind: Kind) -> list[Shading]:
    """What would make each frame's light even, focused from near to far."""
    t = np.linspace(-0.5, 0.5, kind.frames)
    return [
        Shading(kind.vignetting * a, 0.0, kind.lamp * a, kind.lamp * (2 * a * a - 0.25)) for a in t
    ]


def curves(kind: Kind) -> Floats:
    """Exponent ``(frames,)`` that makes each frame's light linear."""
    return np.asarray(1 + kind.curve * np.linspace(-0.5, 0.5, kind.frames))
