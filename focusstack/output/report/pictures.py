"""Small pictures for a page: reduced, in sRGB, 8 bit, as WebP of no more than so many bytes."""

from __future__ import annotations

import io
from contextlib import suppress
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageCms

from focusstack.images.colour import to_dtype, to_float
from focusstack.numeric.arrays import Float32, Image
from focusstack.resample.planes import Planes

QUALITIES = (74, 50, 28)
"""Qualities of WebP, the first tried first; below the last, pictures are made smaller instead."""

EFFORT = 0
"""Effort of WebP's encoder, 0 to 6: at 1 it takes a quarter longer for a thirtieth of the bytes."""

SKIPPED = 0.7
"""Share of the reduction that is done by leaving pixels out; a mean does the rest."""

SHRINKING = (0.3, 0.85)
"""Least and most that is left of a side when a picture is made smaller."""

LEAST_SIDE = 16
"""A picture is never made smaller than this to save bytes."""


def part(picture: Image | Planes, rows: slice, columns: slice) -> Float32:
    """Return some of a picture's pixels as encoded float32, without touching the others.

    Parameters
    ----------
    picture : (H, W[, 3]) ndarray of any supported dtype, or Planes
        Encoded; not modified.
    rows, columns : slice
        Which pixels.
    """
    if isinstance(picture, Planes):
        return Planes(picture.values[:, rows, columns].copy(), picture.flat).pixels()
    found = picture[rows, columns]
    return np.ascontiguousarray(found) if found.dtype == np.float32 else to_float(found)


def reduce_picture(picture: Image | Planes, side: int) -> Float32:
    """Return a picture made so small that no side is longer than `side`.

    Pixels are skipped first where enough remain for a mean, which saves most of the
    time that a large picture takes.

    Parameters
    ----------
    picture : (H, W[, 3]) ndarray of any supported dtype, or Planes
        Encoded; not modified.
    side : int
        In pixels.

    Returns
    -------
    (h, w[, 3]) float32 ndarray
        Encoded, 1 = white, not clipped. Never larger than `picture`.
    """
    height, width = picture.shape[:2]
    scale = min(1.0, side / max(height, width))
    step = max(1, int(SKIPPED / scale))
    every = slice(None, None, step)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if isinstance(picture, Planes):  # in 16 bits as far as it goes
        found = np.empty((len(picture.values), *size[::-1]), picture.values.dtype)
        for plane, small in zip(picture.values, found, strict=True):
            few = np.ascontiguousarray(plane[every, every])
            # What is left of the reduction is about two then, for which four pixels are enough.
            way = cv2.INTER_LINEAR if step > 1 else cv2.INTER_AREA
            cv2.resize(few, size, small, interpolation=way)
        return Planes(found, picture.flat).pixels()
    some = np.ascontiguousarray(picture[every, every])  # as small numbers as far as it goes
    if size != some.shape[1::-1]:
        some = np.asarray(cv2.resize(some, size, interpolation=cv2.INTER_AREA))
    return some if some.dtype == np.float32 else to_float(some)


def eight_bit(image: Float32, icc: bytes | None = None) -> Image:
    """Return encoded float values as 8-bit sRGB.

    Parameters
    ----------
    image : (H, W[, 3]) float32 ndarray
        Encoded as `icc` says.
    icc : bytes, optional
        Colour profile; sRGB if not given. A profile that cannot be used is not: reading the frame
        has told so.
    """
    pixels = to_dtype(image, np.dtype(np.uint8))
    change = _to_srgb(icc) if icc and image.ndim == 3 else None
    if change is None:
        return pixels
    return np.asarray(ImageCms.applyTransform(Pillow.fromarray(pixels), change))


@lru_cache(maxsize=4)
def _to_srgb(icc: bytes) -> ImageCms.ImageCmsTransform | None:
    with suppress(OSError, ImageCms.PyCMSError):
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if "srgb" not in ImageCms.getProfileDescription(profile).lower():
            return ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    return None


def webp(pixels: Image, most: int) -> bytes:
    """Encode an 8-bit picture in at most `most` bytes: less quality first, then fewer pixels.

    A picture of `LEAST_SIDE` is given whatever it takes.
    """
    while True:
        for quality in QUALITIES:
            data = _encode(pixels, quality)
            if len(data) <= most:
                return data
        left = np.clip(np.sqrt(most / len(data)), *SHRINKING)
        height, width = (round(n * left) for n in pixels.shape[:2])
        if min(height, width) < LEAST_SIDE:
            return data
        pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA))


def _encode(pixels: Image, quality: int) -> bytes:
    target = io.BytesIO()
    Pillow.fromarray(pixels).save(target, "WEBP", quality=quality, method=EFFORT)
    return target.getvalue()
