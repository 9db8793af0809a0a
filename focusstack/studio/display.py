"""Pictures as a browser shows them: 8 bits, sRGB, whatever profile they have."""

from __future__ import annotations

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageCms

from focusstack.geometry.coordinates import Rect, cut
from focusstack.images.profile import colours_of, name_of
from focusstack.numeric.arrays import Image
from focusstack.retouch.blocks import halved
from focusstack.retouch.working import rounded

Rgb = NDArray[np.uint8]
"""``(H, W, 3)``, sRGB."""


class Display:
    """From the codes of a picture to those that a browser shows.

    Parameters
    ----------
    icc : bytes or None
        The picture's profile; sRGB if None.

    Examples
    --------
    >>> Display(None).shown(np.full((1, 1), 65535, np.uint16)).tolist()
    [[[255, 255, 255]]]
    """

    def __init__(self, icc: bytes | None) -> None:
        self._way = _way_to_srgb(icc)
        self.profile = name_of(icc)

    @property
    def converts(self) -> bool:
        """Whether colours are converted on the way."""
        return self._way is not None

    def shown(self, image: Image) -> Rgb:
        """Return a picture of any depth, grey or colour, as a browser shows it."""
        eight = np.asarray(rounded(image, np.dtype(np.uint8)), np.uint8)
        if eight.ndim == 2:
            eight = np.asarray(cv2.cvtColor(eight, cv2.COLOR_GRAY2RGB), np.uint8)
        if self._way is None:
            return eight
        given = Pillow.fromarray(np.ascontiguousarray(eight))
        return np.asarray(ImageCms.applyTransform(given, self._way), np.uint8)


def _way_to_srgb(icc: bytes | None) -> ImageCms.ImageCmsTransform | None:
    """Return what converts; None where nothing is to be, or a profile is damaged."""
    if icc is None or icc[16:20] != b"RGB ":
        return None
    try:
        if colours_of(icc, 3) == colours_of(None, 3):
            return None
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.buildTransform(profile, srgb, "RGB", "RGB")
    except (ImageCms.PyCMSError, OSError):
        return None


def as_bytes(rgb: Rgb) -> bytes:
    r"""Return a picture as a canvas takes it: red, green, blue and full cover, row by row.

    Examples
    --------
    >>> as_bytes(np.array([[[1, 2, 3]]], np.uint8))
    b'\x01\x02\x03\xff'
    """
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA)).tobytes()


def as_jpeg(rgb: Rgb, quality: int = 85) -> bytes:
    """Return a picture as JPEG."""
    flags = [cv2.IMWRITE_JPEG_QUALITY, quality]
    done, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), flags)
    assert done
    return data.tobytes()


def shrunk(image: Image, rect: Rect, level: int) -> Image:
    """Return a part of a level of a picture, from the picture at full size.

    Parameters
    ----------
    image : (H, W[, 3]) ndarray
        At full size.
    rect : Rect
        The part, in pixels of the level.
    level : int
        How often it is halved.
    """
    height, width = image.shape[:2]
    x, y = rect.x << level, rect.y << level
    right = min(width, (rect.x + rect.width) << level)
    bottom = min(height, (rect.y + rect.height) << level)
    found = cut(image, Rect(x, y, right - x, bottom - y))
    for _ in range(level):
        found = halved(found)
    return found
