"""Which end of the depths is the near one: what displacement alone does not tell.

Depth and travel may both change their signs and displace everything as before. But near things hide
what is behind them, and where they do, a frame from another place shows something else than the
reference. With the ends exchanged the places that should be hidden are seen, and agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from focusstack.alignment.tiles.measure import Round, detail_in, on_canvas
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.geometry.coordinates import at_scale
from focusstack.geometry.occlusion import hidden_nodes
from focusstack.geometry.parallax import SceneDepth, Viewpoint
from focusstack.numeric.arrays import Floats

COMPARED = Round(0.5, 1.0, 4.0, 48)
"""How detail is seen that is compared: coarse enough that blur leaves some of it."""

CLEAR = 0.1
"""Correlation by which frames must agree less where one end hides what is behind it. A rendered
walk differs by 0.2; where stems or leaves are fine it is less than half of that, and nothing is
said. Chosen, not measured: the wrong end would hide what all frames show."""


def nearer_end(
    series: Series, poses: Poses, scene: SceneDepth, views: Sequence[Viewpoint | None]
) -> int:
    """Find which end of the depths hides the other.

    Parameters
    ----------
    series : Series
        The frames.
    poses : Poses
        Where they lie at depth zero.
    scene : SceneDepth
        In proxy pixels.
    views : sequence of Viewpoint or None
        Of all frames.

    Returns
    -------
    int
        1 if larger depths are nearer, -1 if smaller ones are, 0 if that is not clear.
    """
    sums = np.zeros((2, 3))
    own = _seen(series, poses, scene, series.reference, None)
    for frame in poses.kept:
        view = views[frame]
        if frame == series.reference or view is None:
            continue
        nodes = [hidden_nodes(replace(scene, near=end), view) for end in (1, -1)]
        if all(mask is None for mask in nodes):
            continue
        there = _seen(series, poses, scene, frame, view)
        products = np.stack([own * there, own * own, there * there])
        for end, mask in enumerate(nodes):
            if mask is not None:
                size = own.shape[1], own.shape[0]
                hidden = cv2.resize(mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST)
                sums[end] += products[:, hidden > 0].sum(1)
    agree = [float(both / max(np.sqrt(a * b), 1e-12)) for both, a, b in sums]
    if not sums[:, 1:].all() or abs(agree[0] - agree[1]) < CLEAR:
        return 0
    return 1 if agree[0] < agree[1] else -1


def _seen(
    series: Series, poses: Poses, scene: SceneDepth, frame: int, view: Viewpoint | None
) -> Floats:
    """Detail of a frame where it lies on the canvas, 0 where it tells nothing."""
    detail = detail_in(series, frame, COMPARED)
    height, width = detail.luma.shape
    field = poses.field(frame, None if view is None else scene.displacement(view))
    field = field and field.reduced(COMPARED.scale, width, height)
    H = at_scale(poses.matrices[frame], 1 / COMPARED.scale)
    seen = on_canvas(detail, H, series.gains[frame], field)
    return np.asarray(seen.luma * (seen.usable > 0), float)
