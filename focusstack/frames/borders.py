"""Borders that another program has burnt into frames: wedges and bars of one colour at the edges.

A program that aligns or straightens frames leaves black, white or transparent where a moved frame
shows nothing. Such a border reaches the picture's edge, is of one colour but for what JPEG does to
it, and ends in a straight line beyond which the picture begins at once. Darkness is noisy, and what
is clipped ends where the scene says: neither ends in lines that agree with each other to a pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import cv2
import numpy as np

from focusstack.images.colour import full_scale
from focusstack.images.read import Picture
from focusstack.numeric.arrays import Floats, Image, Mask

NEARLY = 24 / 255
"""Difference of codes from the border's colour, as a share of full scale, that still counts as
border: JPEG rings by so much beside a bright edge. Chosen, not measured."""

PLAIN = 3 / 255
"""Difference of codes that is left of JPEG's ringing `RINGING` pixels from the border's edge, or of
noise: darkness has more. Chosen, not measured."""

RINGING = 17
"""Pixels from an edge within which JPEG rings: a block of subsampled chroma and one more. A
property of JPEG."""

JUMP = 40 / 255
"""Difference of codes by which the picture begins, `BEYOND` pixels inside its edge, in at least
half of the places: a scene's own edges are softer or no straight lines. Chosen, not measured."""

BEYOND = 3
"""Pixels inside a border's edge at which the picture has begun, whatever interpolated it."""

DEEPEST = 0.35
"""Share of the picture's side up to which a border reaches into it: beyond, it is a mask. Chosen,
not measured."""

STRAIGHT_PX = 1.5
"""Distance from a straight line of an edge that was drawn as one: rounding and ringing."""

LEAST_STRAIGHT = 0.6
"""Share of the places along a border's edge that must lie on its line: where the picture itself is
black beside a black border, it seems deeper. Chosen, not measured."""

LEAST_DEPTH = 2.0
"""Pixels of a border at its deepest: less is cut off with the warp's reach anyway."""

LEAST_LENGTH = 0.05
"""Share of a side along which a border must reach. Chosen, not measured: a shorter one is no wider
than a twentieth of that on a frame that a hand turned."""

AGREEING_DEG = 1.0
"""Degrees by which the lines of one frame may be turned differently: perspective bends a moved
frame's outline by less. Chosen, not measured."""

LEVEL_DEG = 0.05
"""Turn, in degrees, of a bar that stands for itself: it was drawn along the edge."""


def find_border(picture: Picture) -> Floats | None:
    """Find the lines inside which a frame shows something, where another program moved it.

    Parameters
    ----------
    picture : Picture
        As decoded.

    Returns
    -------
    (n, 3) float64 ndarray or None
        Rows ``(a, b, c)``, unit normals: pixels inside have ``a x + b y + c >= 0`` for each. None
        where there is no border.

    Examples
    --------
    >>> from focusstack.images.metadata import Metadata
    >>> pixels = np.random.default_rng(0).integers(60, 200, (120, 160)).astype(np.uint8)
    >>> pixels[:, :7] = 0
    >>> find_border(Picture(pixels, None, Metadata())).round(2)[0] + 0
    array([ 1. ,  0. , -6.5])
    """
    for distance in _distances(picture):
        lines = [_side(distance, side) for side in range(4)]
        found = [line for line in lines if line is not None]
        if found and _agree(found):
            return np.stack([*found, *_edges(lines, distance.shape)])
    return None


def outside(lines: Floats, size: tuple[int, int], margin: float = 0.0) -> Mask:
    """Mask ``(h, w)`` of the pixels beyond any of the lines, or within `margin` pixels of one."""
    x, y = np.arange(size[0], dtype=np.float32)[None], np.arange(size[1], dtype=np.float32)[:, None]
    found = np.zeros(size[::-1], bool)
    for a, b, c in lines.astype(np.float32):
        found |= a * x + b * y + c < margin
    return found


def fill_border(pixels: Image, lines: Floats) -> Image:
    """Return a picture whose border repeats what is nearest inside: no edge is left to be seen."""
    empty = outside(lines, (pixels.shape[1], pixels.shape[0]), BEYOND)
    _, labels = cv2.distanceTransformWithLabels(
        empty.astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = np.zeros(int(labels.max()) + 1, np.int64)
    nearest[labels[~empty]] = np.flatnonzero(~empty.ravel())
    flat = pixels.reshape(-1, *pixels.shape[2:])
    filled = pixels.copy()
    filled[empty] = flat[nearest[labels[empty]]]
    return filled


def at_scale_of(lines: Floats, scale: float) -> Floats:
    """Lines for a picture `scale` times as large, pixel centres at integers."""
    a, b, c = lines.T
    return np.stack([a, b, c * scale - (a + b) * (0.5 * scale - 0.5)], 1)


def _distances(picture: Picture) -> Iterator[Image]:
    """How far each pixel is from being a border, in bytes; nothing where no side looks like one."""
    if picture.alpha is not None:
        yield np.asarray(picture.alpha > 0.5, np.uint8) * np.uint8(255)
        return
    pixels = picture.pixels
    sides = (pixels[:1], pixels[-1:], pixels[:, :1], pixels[:, -1:])
    for from_black in (True, False):
        if any(_looks_like_border(_distance(side, from_black=from_black)) for side in sides):
            yield _distance(pixels, from_black=from_black)


def _distance(pixels: Image, *, from_black: bool) -> Image:
    """How far the farthest channel is from black or white, in bytes."""
    planes = [pixels] if pixels.ndim == 2 else cv2.split(pixels)
    farthest = planes[0]
    for plane in planes[1:]:
        farthest = cv2.max(farthest, plane) if from_black else cv2.min(farthest, plane)
    small = cv2.convertScaleAbs(farthest, alpha=255 / full_scale(pixels.dtype))
    return np.asarray(small if from_black else 255 - small, np.uint8)


def _looks_like_border(side: Image) -> bool:
    return float((side <= 255 * NEARLY).mean()) > LEAST_LENGTH


def _edges(lines: list[Floats | None], shape: tuple[int, ...]) -> list[Floats]:
    """Lines just inside the sides without one: a border too shallow to be seen may be there."""
    height, width = shape
    sides = ((1, 0, 0), (0, 1, 0), (-1, 0, width - 1), (0, -1, height - 1))
    return [
        np.array([a, b, c - LEAST_DEPTH], float)
        for line, (a, b, c) in zip(lines, sides, strict=True)
        if line is None
    ]


def _side(distance: Image, side: int) -> Floats | None:
    """Line that ends the border at the left, top, right or bottom; None if there is none."""
    # Seen so that the border is at the top.
    turned = (
        np.rot90(distance, -1) if side == 0 else np.rot90(distance, 1) if side == 2 else distance
    )
    turned = turned[::-1] if side == 3 else turned
    found = _top(np.ascontiguousarray(turned[: max(8, int(DEEPEST * len(turned)))]))
    if found is None:
        return None
    slope, depth = found
    height, width = distance.shape
    # The line y = slope x + depth - ½ of the turned picture: inside is below.
    a, b, c = -slope, 1.0, 0.5 - depth
    if side == 0:  # turned x is height - 1 - y, turned y is x
        a, b, c = b, -a, c + a * (height - 1)
    elif side == 2:  # turned x is y, turned y is width - 1 - x
        a, b, c = -b, a, c + b * (width - 1)
    elif side == 3:  # turned y is height - 1 - y
        b, c = -b, c + b * (height - 1)
    return np.asarray(np.array([a, b, c], float) / np.hypot(a, b))


def _top(distance: Image) -> tuple[float, float] | None:
    """Slope of, and rows of border above, the line that ends a border at the top."""
    rows, columns = distance.shape
    bright = distance > 255 * NEARLY
    run = np.where(bright.any(0), bright.argmax(0), rows)
    x = np.arange(columns)
    here = np.flatnonzero((run > 0) & (run < rows))
    if len(here) < LEAST_LENGTH * columns:
        return None
    slope, depth = _line(x[here].astype(float), run[here].astype(float))
    deep = np.asarray(slope * x + depth, float)
    along = deep >= 1
    if along.sum() < LEAST_LENGTH * columns or deep[along].max() < LEAST_DEPTH:
        return None
    on_line = np.abs(run - deep)[along] <= STRAIGHT_PX
    if on_line.mean() < LEAST_STRAIGHT or (run < deep - STRAIGHT_PX)[along].mean() > 0.05:
        return None
    return (slope, depth) if _is_plain(distance, deep, along) else None


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """Line through most points of an edge: the best through any two of a few, then a mean."""
    few = np.unique(np.linspace(0, len(x) - 1, 14).round().astype(int))
    best = (0, 0.0, 0.0)
    for i, j in combinations(few, 2):
        slope = (y[j] - y[i]) / (x[j] - x[i])
        depth = y[i] - slope * x[i]
        best = max(best, (int((np.abs(slope * x + depth - y) <= STRAIGHT_PX).sum()), slope, depth))
    near = np.abs(best[1] * x + best[2] - y) <= STRAIGHT_PX
    slope, depth = np.polyfit(x[near], y[near], 1) if near.sum() > 2 else best[1:]
    return float(slope), float(depth)


def _is_plain(distance: Image, deep: Floats, along: Mask) -> bool:
    """Whether a border is of one colour, and the picture begins at once beyond it."""
    rows, columns = distance.shape
    y = np.arange(rows)[:, None]
    inside = (y < deep - RINGING) & along
    if inside.any() and (distance[inside] > 255 * PLAIN).mean() > 0.002:
        return False
    edge = (y < deep - 1) & along
    if edge.any() and (distance[edge] > 255 * NEARLY).mean() > 0.02:
        return False
    begins = np.minimum(np.ceil(deep[along]).astype(int) + BEYOND, rows - 1)
    jump = distance[begins, np.arange(columns)[along]]
    return bool((jump > 255 * JUMP).mean() >= 0.5)


def _agree(lines: list[Floats]) -> bool:
    """Whether the lines of a frame are turned alike, or the only one not at all."""
    turns = [np.degrees(np.arctan2(b, a)) for a, b, _ in lines]
    off = [(turn + 45) % 90 - 45 for turn in turns]
    if len(off) == 1:
        return bool(abs(off[0]) < LEVEL_DEG)
    return bool(max(off) - min(off) < AGREEING_DEG)
