"""What of the scene something nearer hides from a frame that was taken from another place.

Depth is carried to where the frame sees it, layer by layer, and the nearest of what meets at one
place hides the rest (L. Williams, "Casting curved shadows on curved surfaces", SIGGRAPH 1978).
"""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.geometry.coordinates import Rect
from focusstack.geometry.field import Field
from focusstack.geometry.parallax import SceneDepth, Viewpoint
from focusstack.numeric.arrays import Float32, Floats, Image, Mask

LAYERS = 24
"""Layers that depth is cut into. What lies in one layer hides nothing of it: with as many, that is
a pixel and a half of a hand's 36. Chosen, not measured."""

APART_PX = 1.5
"""Pixels of the canvas by which a thing must be displaced against what it hides: beneath that
nothing is hidden but the outline itself. Chosen, not measured."""


def hidden_nodes(scene: SceneDepth, view: Viewpoint, more: Field | None = None) -> Mask | None:
    """Find where, in a frame, something nearer stands before what the reference sees.

    Parameters
    ----------
    scene : SceneDepth
        Which end is near has to be known.
    view : Viewpoint
        Of the frame.
    more : Field, optional
        Further displacement.

    Returns
    -------
    (rows, columns) bool ndarray or None
        At the nodes of depth; None if nothing is hidden, or that is not known.
    """
    length = float(np.hypot(*view.travel[:2]))
    if not scene.near or length < APART_PX:
        return None
    depth = scene.grid
    rows, columns = depth.shape
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    still, slope = (_in_nodes(scene, view, more, unit) for unit in (0.0, 1.0))
    slope -= still
    nearness = depth * np.float32(scene.near)
    nearest = np.full(depth.shape, -np.inf, np.float32)  # of what a frame shows, in its own place
    low, high = float(nearness.min()), float(nearness.max())
    edges = np.linspace(low, high, LAYERS + 1)[1:-1]
    layer = np.digitize(nearness, edges).astype(np.uint8)
    for number in range(LAYERS):
        here = layer == number
        if not here.any():
            continue
        middle = np.float32(np.median(nearness[here]))
        moved = still + slope * (middle * np.float32(scene.near))
        seen = cv2.remap(
            here.view(np.uint8), x - moved[..., 0], y - moved[..., 1], cv2.INTER_NEAREST
        )
        nearest[seen > 0] = middle  # layers come from far to near
    own = still + slope * depth[..., None]
    before = cv2.remap(
        nearest, x + own[..., 0], y + own[..., 1], cv2.INTER_NEAREST, borderValue=-np.inf
    )  # nothing is known of what lies beyond the canvas
    apart = max(APART_PX / length, 1.5 * (high - low) / LAYERS)
    hidden = np.asarray(before > nearness + np.float32(apart))
    return hidden if hidden.any() else None


def _in_nodes(scene: SceneDepth, view: Viewpoint, more: Field | None, depth: float) -> Floats:
    """Displacement ``(rows, columns, 2)`` of all that is at a `depth`, in nodes."""
    flat: Float32 = np.full(scene.grid.shape, depth, np.float32)
    rows, columns = flat.shape
    per_pixel = np.array(
        [(columns - 1) / (scene.canvas_width - 1), (rows - 1) / (scene.canvas_height - 1)],
        np.float32,
    )
    return np.asarray(scene.at_depth(flat, view, more).grid * per_pixel)


def in_pixels(nodes: Mask, canvas: tuple[int, int], rect: Rect) -> Image:
    """Bring a mask at nodes that divide a canvas evenly to the pixels of a part of it.

    Parameters
    ----------
    nodes : (rows, columns) bool ndarray
        Corners lie on corners.
    canvas : tuple of int
        Width and height.
    rect : Rect
        The part.

    Returns
    -------
    (height, width) uint8 ndarray
        0 or 1, of the nearest node.

    Examples
    --------
    >>> in_pixels(np.array([[True, False]] * 2), (4, 2), Rect(1, 0, 3, 1)).tolist()
    [[1, 0, 0]]
    """
    rows, columns = nodes.shape
    across, down = (columns - 1) / (canvas[0] - 1), (rows - 1) / (canvas[1] - 1)
    back = np.array([[across, 0, across * rect.x], [0, down, down * rect.y]])
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    size = (rect.width, rect.height)
    edge = cv2.BORDER_REPLICATE
    found = cv2.warpAffine(nodes.view(np.uint8), back, size, flags=flags, borderMode=edge)
    return np.asarray(found)
