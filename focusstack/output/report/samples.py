"""What the page shows of pixels, taken while the frames pass by once.

Of each frame a few ten kilobytes stay: a thumbnail, an overview, and places at full size in the
middle, at the edges and in the corners, where misalignment hides. The more frames, the smaller
these are, so that a page of fifty frames stays below five megabytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from focusstack.fusion.base import Fused
from focusstack.geometry.coordinates import Rect
from focusstack.images.colour import linearise
from focusstack.images.metadata import Metadata
from focusstack.numeric.arrays import Float32, Image
from focusstack.output.report.pictures import eight_bit, part, reduce_picture, webp
from focusstack.plan.model import StackPlan
from focusstack.resample.planes import Planes

FRAMES_BYTES = 2_500_000
"""Bytes of the pictures of all frames: a page, a third more, can be sent by mail."""

MOST_BYTES, LEAST_BYTES = 160_000, 8_000
"""Bytes of the pictures of one frame, at most and at least."""

COMPOSITE_SIDE, COMPOSITE_BYTES = 1600, 350_000

THUMBNAIL_SIDE, THUMBNAIL_BYTES = 176, 5_000

MAP_SIDE = 800
"""Longest side of depth and source map."""

LIGHT_GRID = (24, 16)
"""Columns and rows of the means by which exposures are compared."""

APART = 3
"""Step between pixels of the overview that its mean light is taken of, each way."""

LIT = 0.05
"""Linear light of the brightest place below which a stack is dim, and darkness beside that.

Chosen, not measured: four stops below white; any picture on a screen is brighter somewhere.
"""

DARK = 1e-3
"""Linear light, white at 1, below which a mean is noise.

Chosen, not measured: three and a half times the light of the darkest 8-bit code that is not black.
"""

COLUMNS = 3
"""Places side by side in the picture that holds them all."""

NINTHS = (
    *("top left", "top", "top right"),
    *("left", "centre", "right"),
    *("bottom left", "bottom", "bottom right"),
)
"""Names of the places, row by row."""


@dataclass(frozen=True)
class Budget:
    """What the pictures of one frame may take.

    Attributes
    ----------
    overview_side, place_side : int
        Longest side of the overview, and side of a place at full size, in pixels.
    overview_bytes, places_bytes : int
        For the overview, and for all places together.
    """

    overview_side: int
    place_side: int
    overview_bytes: int
    places_bytes: int


def budget(frames: int) -> Budget:
    """Return what each of so many frames may take."""
    share = int(np.clip(FRAMES_BYTES / max(frames, 1), LEAST_BYTES, MOST_BYTES))
    side, place = (1000, 240) if frames <= 16 else (800, 192) if frames <= 60 else (640, 128)
    return Budget(side, place, share // 2, share - share // 2)


@dataclass(frozen=True)
class Place:
    """A square of the common area that is shown at full size.

    Attributes
    ----------
    name : str
        What it is called.
    rect : Rect
        In pixels of the aligned frames.
    px : float or None
        By how much tiles disagree there, full-size pixels; None where they found nothing, as on a
        blank wall.
    """

    name: str
    rect: Rect
    px: float | None = None


def places(plan: StackPlan, side: int) -> list[Place]:
    """One place in each ninth of the common area, row by row: where tiles disagree most.

    Where that is at the rim of a blank wall, the place lies to the side where there is something.

    Parameters
    ----------
    plan : StackPlan
        With a map of residuals. Where that is empty, the places lie in the middle, at the edges
        and in the corners.
    side : int
        Of a place, in pixels; less if three do not fit side by side.
    """
    width, height = plan.crop.width, plan.crop.height
    side = max(1, min(side, width // 3, height // 3))
    cells = _cells(plan)
    found = []
    for k, name in enumerate(NINTHS):
        row, column = divmod(k, 3)
        inside = [c for c in cells if c[1:] == (row, column)]
        x, y = (column / 2 * (width - side), row / 2 * (height - side))
        if inside:
            x, y = (v - side / 2 for v in _towards_detail(max(inside)[0], cells, plan))
        left, top = (int(np.clip(v, 0, n - side)) for v, n in ((x, width), (y, height)))
        px = max(inside)[0][0] if inside else None
        found.append(Place(name, Rect(left, top, side, side), px))
    return found


def _towards_detail(
    cell: tuple[float, float, float],
    cells: Sequence[tuple[tuple[float, float, float], int, int]],
    plan: StackPlan,
) -> tuple[float, float]:
    """Middle of a cell and of those around it with something to measure, but in the cell still."""
    assert plan.residual_map_px is not None
    rows, columns = plan.residual_map_px.shape
    wide, high = plan.canvas[0] / columns, plan.canvas[1] / rows
    _, x, y = cell
    middles = np.array([one[1:] for one, _, _ in cells])
    near = np.all(np.abs(middles - (x, y)) < (1.5 * wide, 1.5 * high), axis=1)
    away = middles[near].mean(axis=0) - (x, y)
    away_x, away_y = np.clip(away, (-wide / 2, -high / 2), (wide / 2, high / 2))
    return x + float(away_x), y + float(away_y)


def _cells(plan: StackPlan) -> list[tuple[tuple[float, float, float], int, int]]:
    """Cells of the map of residuals: ``(px, x, y)`` of its middle, and the ninth it lies in.

    Positions are those in aligned frames; cells whose middle is cropped away are left out.
    """
    found = plan.residual_map_px
    if found is None:
        return []
    crop, cells = plan.crop, []
    rows, columns = found.shape
    for r, c in np.argwhere(np.isfinite(found)):
        x = (c + 0.5) / columns * plan.canvas[0] - crop.x
        y = (r + 0.5) / rows * plan.canvas[1] - crop.y
        if 0 <= x < crop.width and 0 <= y < crop.height:
            ninth = int(3 * y / crop.height), int(3 * x / crop.width)
            cells.append(((float(found[r, c]), float(x), float(y)), *ninth))
    return cells


@dataclass(frozen=True)
class Sample:
    """What stays of an aligned frame, or of the composite.

    Attributes
    ----------
    thumbnail, overview, places : bytes
        WebP pictures: small, larger, and all places at full size, `COLUMNS` side by side.
    light : (rows, columns, C) float32 ndarray
        Linear light, mean over the cells of a coarse grid.
    """

    thumbnail: bytes
    overview: bytes
    places: bytes
    light: Float32


def sample(
    picture: Image | Planes, metadata: Metadata | None, shown: Sequence[Place], size: Budget
) -> Sample:
    """Take what the page shows of a picture in the common area.

    Parameters
    ----------
    picture : (H, W[, 3]) ndarray of any supported dtype, or Planes
        Encoded; not modified.
    metadata : Metadata or None
        With the colour profile, if there is one.
    shown : sequence of Place
        What to show at full size.
    size : Budget
        How large.
    """
    icc = metadata.icc if metadata else None
    small = reduce_picture(picture, size.overview_side)
    # Single pixels, not means: those of encoded values would tell detail from blur.
    some = np.ascontiguousarray(small[::APART, ::APART])
    light = linearise(some, metadata.transfer if metadata else None)
    means = np.asarray(cv2.resize(light, LIGHT_GRID, interpolation=cv2.INTER_AREA), np.float32)
    return Sample(
        thumbnail(small, icc),
        webp(eight_bit(small, icc), size.overview_bytes),
        webp(eight_bit(_sheet(picture, shown), icc), size.places_bytes),
        means if means.ndim == 3 else means[..., None],
    )


def thumbnail(pixels: Image, icc: bytes | None) -> bytes:
    """Return a picture as a thumbnail."""
    return webp(eight_bit(reduce_picture(pixels, THUMBNAIL_SIDE), icc), THUMBNAIL_BYTES)


def composite(pixels: Image, icc: bytes | None) -> bytes:
    """Return the composite as the page shows it first."""
    return webp(eight_bit(reduce_picture(pixels, COMPOSITE_SIDE), icc), COMPOSITE_BYTES)


def _sheet(picture: Image | Planes, shown: Sequence[Place]) -> Float32:
    """All places in one picture, row by row."""
    side = shown[0].rect.width
    rows = -(-len(shown) // COLUMNS)
    sheet = np.zeros((rows * side, COLUMNS * side, *picture.shape[2:]), np.float32)
    for k, place in enumerate(shown):
        r, (y, x) = place.rect, divmod(k, COLUMNS)
        there = part(picture, slice(r.y, r.y + side), slice(r.x, r.x + side))
        sheet[y * side : (y + 1) * side, x * side : (x + 1) * side] = there
    return sheet


@dataclass(frozen=True)
class Maps:
    """Depth and origin of the composite, few pixels of them.

    Attributes
    ----------
    depth : (h, w) float32 ndarray
        Focus index.
    confidence : (h, w) float32 ndarray
        0..1: how sure that is.
    source : (h, w) uint16 ndarray
        Index of the frame that weighs most.
    """

    depth: Float32
    confidence: Float32
    source: Image


def maps(fused: Fused) -> Maps:
    """Return every so many-th pixel: means would mix what lies behind each other."""
    step = -(-max(fused.source.shape) // MAP_SIDE)
    some = np.s_[::step, ::step]
    return Maps(fused.depth[some].copy(), fused.confidence[some].copy(), fused.source[some].copy())


def brightness(samples: Sequence[Sample]) -> Float32:
    """How bright each frame is against the middle one of all, place by place.

    Compared are the same places of the scene, whose mean hardly changes with focus; the middle
    (median) over all places is told.

    Parameters
    ----------
    samples : sequence of Sample
        Of the aligned frames.

    Returns
    -------
    (n, C) float32 ndarray
        In stops; NaN where everything is black.
    """
    light = np.stack([s.light for s in samples])
    dark = max(DARK * min(1.0, float(light.max()) / LIT), float(np.finfo(np.float32).tiny))
    lit = np.min(light, axis=0) > dark
    stops = np.log2(np.maximum(light, dark))
    stops -= np.median(stops, axis=0)
    found = np.full((len(samples), light.shape[-1]), np.nan, np.float32)
    for c in range(light.shape[-1]):
        seen = np.asarray(lit[..., c])
        if seen.any():
            found[:, c] = np.median(stops[:, seen, c], axis=1)
    return found
