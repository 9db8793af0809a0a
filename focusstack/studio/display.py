"""Pictures as a browser shows them: 8 bits, sRGB, whatever profile they have."""

from __future__ import annotations

import io
import struct
from typing import Literal

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


Space = Literal["srgb", "display-p3"]
"""The colours in which a page draws, as canvases call them."""

_P3 = {
    b"rXYZ": (0.51512, 0.24120, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.15710, 0.06657, 0.78407),
}
"""Primaries of Display P3 seen under D50, by their tags (ICC registry, "Display P3")."""


def srgb_profile() -> bytes:
    """Return the profile of sRGB."""
    return bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def display_p3_profile() -> bytes:
    """Return the profile of Display P3: that of sRGB with other primaries.

    Examples
    --------
    >>> len(display_p3_profile()) == len(srgb_profile())
    True
    """
    found = bytearray(srgb_profile())
    (count,) = struct.unpack_from(">I", found, 128)
    for k in range(count):  # the table of tags: name, place, size (ICC.1:2022, 7.3)
        tag, place, _ = struct.unpack_from(">4sII", found, 132 + 12 * k)
        if tag in _P3:
            struct.pack_into(">3i", found, place + 8, *(round(v * 65536) for v in _P3[tag]))
    found[84:100] = bytes(16)  # the digest of what it was
    return bytes(found)


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
        self._icc = icc
        self._ways: dict[str, ImageCms.ImageCmsTransform | None] = {}
        self.profile = name_of(icc)

    @property
    def converts(self) -> bool:
        """Whether colours are converted on the way."""
        return self._way("srgb") is not None

    def shown(self, image: Image, space: Space = "srgb") -> Rgb:
        """Return a picture of any depth, grey or colour, as a browser shows it.

        Parameters
        ----------
        image : (H, W[, 3]) ndarray
            In the profile's colours.
        space : str, optional
            In which colours the page draws. A picture that is not converted is sRGB in any case.
        """
        eight = np.asarray(rounded(image, np.dtype(np.uint8)), np.uint8)
        if eight.ndim == 2:
            eight = np.asarray(cv2.cvtColor(eight, cv2.COLOR_GRAY2RGB), np.uint8)
        way = self._way(space)
        if way is None:
            return eight
        given = Pillow.fromarray(np.ascontiguousarray(eight))
        return np.asarray(ImageCms.applyTransform(given, way), np.uint8)

    def _way(self, space: Space) -> ImageCms.ImageCmsTransform | None:
        if space not in self._ways:
            self._ways[space] = _way_to(space, self._icc)
        return self._ways[space]


def _way_to(space: Space, icc: bytes | None) -> ImageCms.ImageCmsTransform | None:
    """Return what converts to a page's colours; None where nothing is to be."""
    if icc is None or icc[16:20] != b"RGB ":
        return None
    try:
        if colours_of(icc, 3) == colours_of(None, 3):
            return None
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        shown = io.BytesIO(srgb_profile() if space == "srgb" else display_p3_profile())
        return ImageCms.buildTransform(profile, ImageCms.ImageCmsProfile(shown), "RGB", "RGB")
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
