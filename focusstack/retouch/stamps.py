"""Where a stroke covers, and how much: a brush drawn along a line, an outline with a soft edge.

The brush is not stamped dab by dab but swept: every pixel takes the most that any place of the line
covers it with. So the cover depends neither on how many points a device tells, nor on their order,
and whoever computes it from the same points gets the same.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from focusstack.geometry.coordinates import Rect
from focusstack.numeric.arrays import Float32
from focusstack.retouch.strokes import Point, Stroke

SOFTEST_EDGE = 1.0
"""Pixels over which the hardest brush fades: less would show stairs. Chosen, not measured."""

LEAST_RADIUS = 0.5
"""Pixels of the radius that the lightest touch leaves: a brush that covers nothing says nothing.
Chosen, not measured."""

SUBPIXEL = 4
"""Bits of the fraction with which corners of an outline are drawn."""


def cover(stroke: Stroke, within: Rect) -> tuple[Rect, Float32]:
    """Return the part of `within` that a stroke touches, and how much it covers there.

    Parameters
    ----------
    stroke : Stroke
        In the same pixels as `within`.
    within : Rect
        The picture.

    Returns
    -------
    rect : Rect
        Around all that is covered; of no pixels if nothing is.
    cover : (rect.height, rect.width) float32 ndarray
        0..1.

    Examples
    --------
    >>> dab = Stroke("paint", (Point(8, 8),), size=8, hardness=0.5)
    >>> rect, covered = cover(dab, Rect(0, 0, 32, 32))
    >>> rect, float(covered.max())
    (Rect(x=3, y=3, width=11, height=11), 1.0)
    """
    if stroke.kind == "fill":
        return _outline(stroke, within)
    return _swept(stroke, within)


def around(points: tuple[Point, ...], margin: float, within: Rect) -> Rect:
    """Return the part of `within` that lies at most `margin` pixels from a point."""
    x, y = [p.x for p in points], [p.y for p in points]
    left = max(within.x, int(np.floor(min(x) - margin)))
    top = max(within.y, int(np.floor(min(y) - margin)))
    right = min(within.x + within.width, int(np.ceil(max(x) + margin)) + 1)
    bottom = min(within.y + within.height, int(np.ceil(max(y) + margin)) + 1)
    return Rect(left, top, max(0, right - left), max(0, bottom - top))


def radius_at(stroke: Stroke, pressure: float) -> float:
    """Return the radius of the brush under a pressure, pixels."""
    return max(LEAST_RADIUS, stroke.size / 2 * pressure)


def _swept(stroke: Stroke, within: Rect) -> tuple[Rect, Float32]:
    """Cover of a brush drawn along its points."""
    rect = around(stroke.points, max(LEAST_RADIUS, stroke.size / 2) + 1, within)
    found = np.zeros((rect.height, rect.width), np.float32)
    if not found.size:
        return rect, found
    line = [*pairwise(stroke.points)] or [(stroke.points[0], stroke.points[0])]
    for first, second in line:
        _sweep(stroke, first, second, rect, found)
    found *= np.float32(stroke.opacity)
    return rect, found


def _sweep(stroke: Stroke, first: Point, second: Point, rect: Rect, found: Float32) -> None:
    """Raise the cover to what one piece of the line covers."""
    r0, r1 = radius_at(stroke, first.pressure), radius_at(stroke, second.pressure)
    part = around((first, second), max(r0, r1) + 1, rect)
    if not part.area:
        return
    x = np.arange(part.x, part.x + part.width, dtype=np.float32) - np.float32(first.x)
    y = np.arange(part.y, part.y + part.height, dtype=np.float32) - np.float32(first.y)
    dx, dy = second.x - first.x, second.y - first.y
    length = dx * dx + dy * dy
    if length > 0:  # how far along the piece each pixel lies, 0..1
        along = np.add.outer(y * np.float32(dy / length), x * np.float32(dx / length))
        np.clip(along, 0, 1, out=along)
        off_x, off_y = x[None] - along * np.float32(dx), y[:, None] - along * np.float32(dy)
        radius = np.float32(r0) + along * np.float32(r1 - r0)
    else:
        off_x, off_y = np.broadcast_arrays(x[None], y[:, None])
        radius = np.full(off_x.shape, r0, np.float32)
    distance = np.sqrt(off_x * off_x + off_y * off_y) / radius
    top = part.y - rect.y, part.x - rect.x
    view = found[top[0] : top[0] + part.height, top[1] : top[1] + part.width]
    np.maximum(view, faded(distance, radius, stroke.hardness), out=view)


def faded(distance: Float32, radius: Float32, hardness: float) -> Float32:
    """Return how much a brush covers at a distance from its middle, in radii.

    Full within `hardness`, from there a smooth step to the rim, `SOFTEST_EDGE` pixels at least.
    """
    inner = np.minimum(np.float32(hardness), np.maximum(1 - SOFTEST_EDGE / radius, 0))
    u = np.clip((distance - inner) / np.maximum(1 - inner, 1e-6), 0, 1)
    return np.asarray(1 - u * u * (3 - 2 * u), np.float32)


def _outline(stroke: Stroke, within: Rect) -> tuple[Rect, Float32]:
    """Cover of what lies inside an outline, fading over its feather, half of it inside."""
    margin = stroke.feather + 2
    rect = around(stroke.points, margin, within)
    found = np.zeros((rect.height, rect.width), np.float32)
    if not found.size:
        return rect, found
    # Drawn with room around, so that the edge of the picture is no edge of the outline.
    half = max(stroke.feather, SOFTEST_EDGE) / 2
    pad = int(np.ceil(half)) + 2
    drawn = np.zeros((rect.height + 2 * pad, rect.width + 2 * pad), np.uint8)
    corners = np.array([(p.x - rect.x + pad, p.y - rect.y + pad) for p in stroke.points])
    fixed = np.rint(corners * (1 << SUBPIXEL)).astype(np.int32)
    cv2.fillPoly(drawn, [fixed], 255, shift=SUBPIXEL)
    inside = cv2.distanceTransform(drawn, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform(255 - drawn, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    u = np.clip((inside - outside + half) / (2 * half), 0, 1)
    soft = (u * u * (3 - 2 * u) * stroke.opacity).astype(np.float32)
    return rect, np.ascontiguousarray(soft[pad : pad + rect.height, pad : pad + rect.width])
