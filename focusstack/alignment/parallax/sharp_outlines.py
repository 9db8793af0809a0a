"""The outline of a near thing tells which end of the depths is the near one.

It is sharp in the frame that is focused on the near thing, whatever lies behind. So where depth
jumps, the frame of the near side shows more detail than the sharpness of both sides lets expect
(as occlusion is told from blur: J. Marshall, C. Burbeck, D. Ariely, J. Rolland and K. Martin,
"Occlusion edge blur: a cue to relative visual depth", JOSA A 13, 1996).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from focusstack.alignment.parallax.in_place import CELLS, NOISE, SHARP, cells, seen
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.geometry.parallax import SceneDepth, Viewpoint
from focusstack.numeric.arrays import Float32, Floats, Mask
from focusstack.numeric.jackknife import standard_deviations

JUMP = 0.25
"""Difference of depth, of the whole range 1, from which a place is an edge: more than a surface
slopes over the band, and half of what lies between a stem and a wall. Chosen, not measured."""

BAND, BESIDE = 9, 25
"""Widths, in reduced pixels, of the band that holds an edge and of that beside it: depth is off by
some pixels where it jumps. Chosen, not measured."""

SAME = 0.1
"""Depth within which what lies beside an edge is one of its sides. Chosen, not measured."""


def told_by_outlines(
    series: Series, poses: Poses, scene: SceneDepth, views: Sequence[Viewpoint | None]
) -> float:
    """Return how surely larger depths are nearer, in standard deviations; below 0, smaller ones.

    Parameters
    ----------
    series, poses, scene, views
        As for `focusstack.alignment.parallax.nearer_end.nearer_end`.
    """
    focus, energy = _energies(series, poses, scene, views)
    height, width = energy.shape[1:]
    nodes = cv2.resize(scene.grid, (width, height), interpolation=cv2.INTER_NEAREST)
    depth: Float32 = np.asarray(nodes, np.float32)
    low, high = _between(depth, BAND)
    far_low, far_high = _between(depth, BESIDE)
    edge: Mask = high - low > JUMP
    beside = (far_high - far_low > JUMP) & ~edge
    zones = (
        (edge, high, low),
        (beside & (depth > far_high - SAME), depth, far_low),
        (beside & (depth < far_low + SAME), far_high, depth),
    )
    cell, sums = cells(depth.shape), np.zeros((CELLS * CELLS, 3, 2))
    for k, (mask, *ends) in enumerate(zones):
        for end, there in enumerate(ends):
            amount = _at_depth(energy, focus, there)[mask]
            sums[:, k, end] = np.bincount(cell[mask], amount, CELLS * CELLS)
    return standard_deviations(sums, _excess)


def _energies(
    series: Series, poses: Poses, scene: SceneDepth, views: Sequence[Viewpoint | None]
) -> tuple[Floats, Floats]:
    """Depths of the planes of focus, rising, and the energy of detail in those frames."""
    placed = [(view.focus, k) for k in poses.kept if (view := views[k]) is not None]
    energies = []
    for _, frame in sorted(placed):
        view = None if frame == series.reference else views[frame]
        squared = np.square(seen(series, poses, scene, frame, view, SHARP, in_focus=True))
        squared = cv2.GaussianBlur(squared, (0, 0), 1.0)
        energies.append(np.maximum(squared - NOISE * np.median(squared), 0))
    return np.array([focus for focus, _ in sorted(placed)]), np.stack(energies)


def _between(depth: Float32, side: int) -> tuple[Float32, Float32]:
    """Least and largest depth around every place."""
    square = np.ones((side, side), np.uint8)
    return np.asarray(cv2.erode(depth, square)), np.asarray(cv2.dilate(depth, square))


def _at_depth(energy: Floats, focus: Floats, depth: Float32) -> Floats:
    """Energy in the frames that are focused on a depth, which differs from place to place."""
    place = np.interp(depth, focus, np.arange(len(focus)))
    before = np.clip(place.astype(int), 0, len(focus) - 2)
    y, x = np.ogrid[: depth.shape[0], : depth.shape[1]]
    share = place - before
    return np.asarray((1 - share) * energy[before, y, x] + share * energy[before + 1, y, x])


def _excess(sums: Floats) -> Floats:
    """How far edges are sharper in the frame of the larger depth than both sides let expect.

    From energies ``(..., 3, 2)`` at the edge, on the side of the larger depth and on the other, in
    the frames of the larger depth and of the smaller.
    """
    high, low = sums[..., 0], sums[..., 1]
    lean = (high - low) / np.maximum(high + low, 1e-24)
    return np.asarray(lean[..., 0] - 0.5 * (lean[..., 1] + lean[..., 2]))
