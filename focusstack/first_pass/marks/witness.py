"""Who is right: the sensor, at which detail stays, or the scene, with which it moves.

Detail of the scene is found again in another frame where the alignment says, and detail of the
sensor where it was. Both are asked of frames between which the scene has moved by more than the
detail is large; where no two such frames are, nothing can be told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from focusstack.geometry.coordinates import transform
from focusstack.numeric.arrays import Floats, Indices, Mask, Matrix, Points

APART_PX = 5.0
"""Movement of the scene, in pixels of the compared picture, that parts it from the sensor: most of
what the band pass lets through. Found with ``python -m benchmarks.alignment --only dust``."""

REACH = 8
"""Frames, in focus order, that are looked through for one in which the scene lies elsewhere:
farther away other things are sharp. Chosen, not measured."""

STIRRED_PX = 1.0
"""Movement of the scene below which sensor and scene are the same: what a mark then pulls is as
little. Chosen, not measured."""


@dataclass(frozen=True)
class Witness:
    """How detail is found again, at each of N places.

    Attributes
    ----------
    own : (N,) float64 ndarray
        Energy of the detail, over all frames that were compared.
    scene, sensor : (N,) float64 ndarray
        The same times what another frame shows at the same place of the scene, of the sensor.
    moved : (N,) float64 ndarray
        Median movement of the scene between the compared frames, pixels.
    frames : (N,) int64 ndarray
        How many frames could be compared.
    """

    own: Floats
    scene: Floats
    sensor: Floats
    moved: Floats
    frames: Indices

    def whole(self) -> tuple[float, float]:
        """Return how far the places are found again in the scene, and on the sensor: medians."""
        asked = self.own > 0
        if not asked.any():
            return 0.0, 0.0
        own = self.own[asked]
        scene, sensor = self.scene[asked] / own, self.sensor[asked] / own
        return float(np.median(scene)), float(np.median(sensor))


def question(
    look: Callable[[int, Points], Floats],
    size: tuple[int, int],
    matrices: Matrix,
    frames: Sequence[int],
    places: Points,
) -> Witness:
    """Look for the detail of every frame in another one, by scene and by sensor.

    Parameters
    ----------
    look : callable
        Detail ``(N,)`` of a frame index at places of it, as a share of the light.
    size : tuple of int
        Width and height of the pictures that are looked at.
    matrices : (n, 3, 3) ndarray
        Their pixels to canvas pixels, of each frame index.
    frames : sequence of int
        The frames, in focus order.
    places : (N, 2) ndarray
        Places of the sensor.
    """
    back = {k: np.asarray(np.linalg.inv(matrices[k]), float) for k in frames}
    limits = np.array(size, float) - 1
    asked, moved = {}, np.full((len(frames), len(places)), np.nan)
    for row, k in enumerate(frames):
        partner, distance = _partners(k, frames, matrices, back, places, limits)
        moved[row] = np.where(partner >= 0, distance, np.nan)
        asked[k] = partner
    here = np.zeros((len(frames), len(places)))
    there = np.zeros_like(here)
    for j, shown in enumerate(frames):
        which = [np.flatnonzero(asked[k] == shown) for k in frames]
        points = [transform(back[shown] @ matrices[k], places[w])
                  for k, w in zip(frames, which, strict=True)]  # fmt: skip
        seen = look(shown, np.concatenate([places, *points]))
        here[j], rest = seen[: len(places)], seen[len(places) :]
        for row, w in enumerate(which):
            there[row, w], rest = rest[: len(w)], rest[len(w) :]
    at = {k: row for row, k in enumerate(frames)} | {-1: 0}
    beside = np.stack([
        here[[at[int(j)] for j in asked[k]], np.arange(len(places))] for k in frames
    ])  # fmt: skip
    known = np.isfinite(moved)
    here, there, beside = (np.where(known, v, 0.0) for v in (here, there, beside))
    usual = np.zeros(len(places))
    some = known.any(0)
    usual[some] = np.nanmedian(moved[:, some], axis=0)
    return Witness(
        (here * here).sum(0), (here * there).sum(0), (here * beside).sum(0), usual, known.sum(0)
    )


def _partners(
    k: int,
    frames: Sequence[int],
    matrices: Matrix,
    back: dict[int, Matrix],
    places: Points,
    limits: Floats,
) -> tuple[Indices, Floats]:
    """Return the nearest frame in which the scene lies apart, or farthest, for each place.

    And how far it lies. -1 where no frame shows it.
    """
    partner = np.full(len(places), -1)
    moved = np.full(len(places), -1.0)
    at = frames.index(k)
    near = [j for j in frames if j != k and abs(frames.index(j) - at) <= REACH]
    for j in sorted(near, key=lambda j: (abs(frames.index(j) - at), j)):
        there = transform(back[j] @ matrices[k], places)
        inside = ((there >= 0) & (there <= limits)).all(1)
        distance = np.linalg.norm(there - places, axis=1)
        better = inside & (moved < APART_PX) & (distance > moved)
        partner[better], moved[better] = j, distance[better]
    return partner, moved


SENSOR = 0.6
"""Least share of a mark's detail that is found again at the same place of the sensor (``python -m
benchmarks.alignment --only dust``)."""

SCENE = 0.55
"""Largest share of what is found again on the sensor that may be found in the scene as well, where
nothing comes and goes: a mark that is larger than the scene's movement overlaps itself there
(``python -m benchmarks.alignment --only dust``)."""

UNSTEADY = 1.2
"""By how much that share is lower for each part of itself that a mark wavers by: what is less
steady must be told apart more clearly (``python -m benchmarks.alignment --only dust``, and ring,
balls and ant, where nothing is to be found)."""

TIMES = 3
"""Frames that must have been compared. Chosen, not measured."""


def belongs_to_sensor(found: Witness, wavering: Floats) -> Mask:
    """Tell which places are the sensor's, whatever the scene does.

    Parameters
    ----------
    found : Witness
        What was asked of N places.
    wavering : (N,) ndarray
        Standard deviation of the detail there over the frames, as a share of its mean.
    """
    own = np.maximum(found.own, 1e-12)
    scene, sensor = found.scene / own, found.sensor / own
    stirred = (found.moved >= STIRRED_PX) & (found.frames >= TIMES)
    apart = scene < (SCENE - UNSTEADY * wavering) * sensor
    return np.asarray(stirred & (sensor > SENSOR) & apart)
