"""What near things hide tells which end of the depths is the near one.

Where something nearer stands before a place, a frame from elsewhere shows something else there than
the reference does. With the ends exchanged the places that should be hidden are seen, and agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from focusstack.alignment.parallax.in_place import CELLS, cells, seen
from focusstack.alignment.tiles.measure import Round
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.geometry.occlusion import hidden_nodes
from focusstack.geometry.parallax import SceneDepth, Viewpoint
from focusstack.numeric.arrays import Floats
from focusstack.numeric.jackknife import standard_deviations

COMPARED = Round(0.5, 1.0, 4.0, 48)
"""How detail is seen that is compared: coarse enough that blur leaves some of it."""


def told_by_hiding(
    series: Series, poses: Poses, scene: SceneDepth, views: Sequence[Viewpoint | None]
) -> float:
    """Return how surely larger depths are nearer, in standard deviations; below 0, smaller ones.

    Parameters
    ----------
    series, poses, scene, views
        As for `focusstack.alignment.parallax.nearer_end.nearer_end`.
    """
    own = seen(series, poses, scene, series.reference, None, COMPARED)
    cell = cells(own.shape)
    sums = np.zeros((CELLS * CELLS, 2, 3))
    for frame in poses.kept:
        view = views[frame]
        if frame == series.reference or view is None:
            continue
        there = seen(series, poses, scene, frame, view, COMPARED)
        for end, near in enumerate((1, -1)):
            nodes = hidden_nodes(replace(scene, near=near), view)
            if nodes is not None:
                size = own.shape[1], own.shape[0]
                mask = cv2.resize(nodes.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
                a, b, number = own[mask], there[mask], cell[mask]
                for k, product in enumerate((a * b, a * a, b * b)):
                    sums[:, end, k] += np.bincount(number, product, CELLS * CELLS)
    return standard_deviations(sums, _disagreement)


def _disagreement(sums: Floats) -> Floats:
    """By how much frames agree less where the first end hides, from products ``(..., 2, 3)``."""
    scale = np.sqrt(np.maximum(sums[..., 1] * sums[..., 2], 1e-24))
    agreement = sums[..., 0] / scale
    return np.asarray(agreement[..., 1] - agreement[..., 0])
