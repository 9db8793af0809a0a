"""Flat sheets in depth, and what a lens makes of them.

A scene is a list of sheets from back to front. A sheet is a picture with transparency on a plane in
space; in the picture of a pinhole camera the inverse depth of a plane is an affine function of the
pixel, so one sheet moves by one exact homography even when the camera moves sideways, and its
circle of confusion, proportional to the difference of inverse depths, is affine too.

Light is linear throughout. Each sheet is blurred on its own, colour (premultiplied) and alpha
alike, and then laid over what is behind it: a defocused foreground bleeds over the background, and
the background behind a sharp edge is the one that is really there.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import cv2
import numpy as np

from focusstack.geometry.coordinates import (
    Rect,
    normalised,
    outline,
    scaling,
    transform,
    translation,
)
from focusstack.numeric.arrays import Float32, Matrix
from focusstack.numeric.disc import disc

SAMPLES = 2
"""Samples per pixel and axis of a sheet's picture."""

MIDDLE_DEPTH = 0.5
"""Inverse depth that a camera moving sideways keeps in place."""


@dataclass(frozen=True)
class Sheet:
    """A picture on a plane.

    Attributes
    ----------
    pixels : (H, W, 4) float32 ndarray
        Premultiplied linear RGB and alpha, ``SAMPLES`` samples per reference pixel and axis.
    x, y : int
        Sample at which the picture begins; sample 0 is the first of reference pixel 0.
    depth : (3,) tuple of float
        ``a, b, c`` of the normalised inverse depth ``a x + b y + c`` at reference pixel ``(x, y)``;
        0 is the farthest of the scene, 1 the nearest.
    """

    pixels: Float32
    x: int
    y: int
    depth: tuple[float, float, float]

    def to_reference(self) -> Matrix:
        """Return the matrix from the picture's samples to reference pixels."""
        return np.asarray(scaling(1 / SAMPLES) @ translation(self.x, self.y), float)

    def shift(self, sway: tuple[float, float]) -> Matrix:
        """Return how a camera moving sideways shifts the sheet, reference pixel to pixel."""
        a, b, c = self.depth
        return np.asarray(np.eye(3) + np.outer([*sway, 0.0], [a, b, c - MIDDLE_DEPTH]), float)


def defocus(picture: Float32, radius: float) -> Float32:
    """Blur linear light by a disc of `radius` pixels; darkness is assumed outside the picture."""
    taps = disc(round(radius, 3))
    if taps.size == 1:
        return picture
    return np.asarray(cv2.filter2D(picture, -1, taps, borderType=cv2.BORDER_CONSTANT), np.float32)


def blur_levels(largest: float) -> list[float]:
    """Return radii from 0 to at least `largest`, close together where a step is visible."""
    levels = [0.0]
    while levels[-1] < largest:
        r = levels[-1]
        levels.append(r + (0.5 if r < 2 else 1.0 if r < 6 else 2.0))
    return levels


def defocus_tilted(picture: Float32, radius: Float32) -> Float32:
    """Blur each point of `picture` by its own disc, as a lens does.

    Every pixel is split over the two nearest of a list of radii, and each part is blurred with its
    radius and added. A surface that recedes looks narrower from one side of the lens than from the
    other: discs are brighter towards larger radii, by as much as these grow. (With even discs, what
    is out of focus would seem to move, by up to half a disc's growth over its own width.) Exact for
    a surface that does not hide itself, and light is neither lost nor gained.

    Parameters
    ----------
    picture : (H, W, C) float32 ndarray
        Premultiplied linear light.
    radius : (H, W) float32 ndarray
        Signed radius in pixels: negative behind the sharp plane.
    """
    low, high = float(radius.min()), float(radius.max())
    if high - low < 1e-3:
        return defocus(picture, abs(low + high) / 2)
    positive = blur_levels(float(np.abs(radius).max()))
    levels = [-r for r in positive[:0:-1]] + positive
    slopes = np.gradient(radius)
    out = np.zeros_like(picture)
    for i, level in enumerate(levels):
        before = levels[max(i - 1, 0)]
        after = levels[min(i + 1, len(levels) - 1)]
        if after < low or before > high:
            continue
        weight = np.interp(radius, [before, level, after], [i == 0, 1, i == len(levels) - 1])
        box = cv2.boundingRect((weight > 0).astype(np.uint8))
        if not box[2]:
            continue
        pad = disc(abs(level)).shape[0] // 2
        y0, y1 = max(box[1] - pad, 0), box[1] + box[3] + pad
        x0, x1 = max(box[0] - pad, 0), box[0] + box[2] + pad
        here = np.s_[y0:y1, x0:x1]
        part = picture[here] * weight[here][..., None].astype(np.float32)
        out[here] += defocus(part, abs(level))
        if level:
            for axis, slope in enumerate(slopes):
                out[here] += _defocused_unevenly(part * slope[here][..., None], level, axis)
    return out


def _defocused_unevenly(picture: Float32, radius: float, axis: int) -> Float32:
    """Blur with a disc times -1 to 1 from one rim to the other, rows first; of signed `radius`."""
    taps = disc(round(abs(radius), 3))
    reach = taps.shape[0] // 2
    across = np.arange(-reach, reach + 1, dtype=np.float32) / np.float32(-radius)
    uneven = taps * (across[:, None] if axis == 0 else across)
    return np.asarray(cv2.filter2D(picture, -1, uneven, borderType=cv2.BORDER_CONSTANT), np.float32)


def _area(corners: np.ndarray, margin: int, within: Rect) -> Rect:
    """Whole pixels around `corners` and `margin`, clipped to `within`; may be empty."""
    x0 = max(floor(corners[:, 0].min()) - margin, within.x)
    y0 = max(floor(corners[:, 1].min()) - margin, within.y)
    x1 = min(ceil(corners[:, 0].max()) + margin + 1, within.x + within.width)
    y1 = min(ceil(corners[:, 1].max()) + margin + 1, within.y + within.height)
    return Rect(x0, y0, max(x1 - x0, 0), max(y1 - y0, 0))


def _seen(sheet: Sheet, view: Matrix, rect: Rect) -> Float32:
    """Picture of `sheet` in `rect` of a frame: one interpolation, then means over the samples."""
    place = scaling(SAMPLES) @ translation(-rect.x, -rect.y) @ view @ sheet.to_reference()
    samples = cv2.warpPerspective(
        sheet.pixels,
        normalised(place),
        (rect.width * SAMPLES, rect.height * SAMPLES),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return np.asarray(
        cv2.resize(samples, (rect.width, rect.height), interpolation=cv2.INTER_AREA), np.float32
    )


def frame_depth(sheet: Sheet, view: Matrix, rect: Rect) -> Float32:
    """Return the inverse depth of the sheet's plane at each pixel of `rect` of a frame."""
    back = np.linalg.inv(view)
    x = np.arange(rect.width) + rect.x
    y = (np.arange(rect.height) + rect.y)[:, None]
    rows = [back[i, 0] * x + back[i, 1] * y + back[i, 2] for i in range(3)]
    a, b, c = sheet.depth
    return np.asarray((a * rows[0] + b * rows[1]) / rows[2] + c, np.float32)


def compose(
    sheets: list[Sheet],
    view: Matrix,
    size: tuple[int, int],
    *,
    focus: float = 0.0,
    blur: float = 0.0,
    sway: tuple[float, float] = (0.0, 0.0),
) -> tuple[Float32, Float32]:
    """Photograph `sheets`.

    Parameters
    ----------
    sheets : list of Sheet
        From back to front; the first ones cover the view.
    view : (3, 3) ndarray
        Reference pixel to frame pixel.
    size : tuple of int
        Width and height of the frame.
    focus : float, optional
        Inverse depth of the sharp plane.
    blur : float, optional
        Radius in pixels of the disc of a point one unit of inverse depth away from `focus`.
    sway : tuple of float, optional
        Sideways shift in pixels per unit of inverse depth.

    Returns
    -------
    light : (H, W, 3) float32 ndarray
        Linear light.
    depth : (H, W) float32 ndarray
        Inverse depth of what is in front.
    """
    width, height = size
    margin = ceil(blur) + 1
    whole = Rect(-margin, -margin, width + 2 * margin, height + 2 * margin)
    light = np.zeros((whole.height, whole.width, 4), np.float32)
    depth = np.zeros((whole.height, whole.width), np.float32)
    for sheet in sheets:
        move = view @ sheet.shift(sway)
        h, w = sheet.pixels.shape[:2]
        corners = transform(move @ sheet.to_reference(), outline(w, h))
        rect = _area(corners, margin, whole)
        if rect.area == 0:
            continue
        picture = np.clip(_seen(sheet, move, rect), 0, None)
        plane = frame_depth(sheet, move, rect)
        here = np.s_[rect.y + margin : rect.y + margin + rect.height,
                     rect.x + margin : rect.x + margin + rect.width]  # fmt: skip
        depth[here] = np.where(picture[..., 3] >= 0.5, plane, depth[here])
        if blur:
            picture = defocus_tilted(picture, (plane - np.float32(focus)) * np.float32(blur))
        light[here] = picture + np.maximum(1 - picture[..., 3:], 0) * light[here]
    inner = np.s_[margin : margin + height, margin : margin + width]
    colour = light[inner][..., :3] / np.maximum(light[inner][..., 3:], np.float32(1e-6))
    return np.asarray(colour, np.float32), depth[inner]
