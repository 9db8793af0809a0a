"""Colours that change from pixel to pixel as in no other frame.

A WebP without losses tells each pixel by its difference from those beside it, and proves nothing: a
wrong bit makes noise of what follows, in strong colours, until the decoder is in step again. What a
lens draws is smooth beside that, in colour above all: brightness changes at once at an edge, but
red, green and blue change together. Where a scene glitters so all the same, clipped in one colour,
other frames glitter as well, and their blocks have the same mean values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from focusstack.numeric.arrays import Float32, Image, Mask

LEAST = 55.0
"""Codes, of 255, by which colours bend from pixel to pixel, on average over one of `WINDOWS`: of 62
rotten files of which no decoder had told, 59 came to 63 and more, 57 to 92. Of eleven stacks of
cameras, nine have at most 48, two with glitter 91 and 114, where `BEYOND` decides (``python -m
benchmarks.adversary sound``)."""

BEYOND = 1.6
"""Times what others show at most, one of them not counted: rotten frames come to 1.8 and more,
sound ones that reach `LEAST` to 1.2 (``python -m benchmarks.adversary sound`` and ``rotten --only
webp``)."""

WINDOWS = ((16, 4), (4, 16), (8, 8))
"""Columns and rows in which it is averaged: noise may follow either, few pixels wide. Chosen, not
measured."""

_MOST = 120
"""Codes that a single pixel counts at most, so that a few do not make up for calm ones."""

_STRIP = 128
"""Rows that are looked through at once, to hold little memory."""


class ColourNoise(NamedTuple):
    """How much colours change from pixel to pixel where they do most.

    Attributes
    ----------
    codes : float
        Of 255.
    x, y : int
        Pixel of the upright frame in the middle of that place.
    """

    codes: float
    x: int
    y: int

    def is_own(self, others: Sequence[ColourNoise], foreign: Mask, scale: float) -> bool:
        """Tell whether a frame alone is so restless, where it also shows what no other does.

        Parameters
        ----------
        others : sequence of ColourNoise
            Of frames near it in focus; the most restless one may be damaged, too.
        foreign : (h, w) bool ndarray
            Blocks of the frame that are outside of all that others show there and around.
        scale : float
            Blocks per pixel of the frame.
        """
        usual = usual_codes([other.codes for other in others])
        if self.codes < LEAST or usual is None or self.codes < BEYOND * usual:
            return False
        r, c = int(self.y * scale), int(self.x * scale)
        return bool(foreign[max(0, r - 1) : r + 2, max(0, c - 1) : c + 2].any())


def usual_codes(others: Sequence[float]) -> float | None:
    """Codes that all other frames but one come to at most; None if there is no more than one.

    Examples
    --------
    >>> usual_codes([30.0, 90.0, 40.0]), usual_codes([30.0])
    (40.0, None)
    """
    return sorted(others)[-2] if len(others) > 1 else None


def find_colour_noise(pixels: Image) -> ColourNoise:
    """Look for the place where colours change most from pixel to pixel.

    Parameters
    ----------
    pixels : (H, W[, 3]) uint8 ndarray
        The frame, upright. Not modified.

    Examples
    --------
    >>> frame = np.full((90, 120, 3), 90, np.uint8)
    >>> find_colour_noise(frame).codes
    0.0
    >>> frame[40:48, 60:92] = np.random.default_rng(0).integers(0, 256, (8, 32, 3))
    >>> found = find_colour_noise(frame)
    >>> found.codes > LEAST, 60 <= found.x < 92, 40 <= found.y < 48
    (True, True, True)
    """
    found = ColourNoise(0.0, 0, 0)
    high = max(rows for _, rows in WINDOWS)
    if pixels.ndim < 3 or min(pixels.shape[:2]) <= high:
        return found
    for top in range(0, len(pixels) - high, _STRIP):
        bends = _bends(pixels[top : top + _STRIP + high + 2])
        for bend in bends:
            for columns, rows in WINDOWS:
                mean = cv2.blur(bend, (columns, rows), borderType=cv2.BORDER_CONSTANT)
                _, most, _, (x, y) = cv2.minMaxLoc(mean)
                if most > found.codes:
                    found = ColourNoise(float(most), x + 1, top + y + 1)
    return found


def _bends(rows: Image) -> tuple[Float32, Float32]:
    """Second differences of colour along rows and along columns, the larger of the two colours."""
    red, green, blue = cv2.split(rows.astype(np.int16))
    colours = np.stack([red - green, blue - green])
    found = []
    for axis in (1, 2):
        size = np.abs(np.diff(colours, 2, axis=axis)).max(axis=0)
        found.append(np.minimum(size, _MOST).astype(np.float32))
    return found[0], found[1]
