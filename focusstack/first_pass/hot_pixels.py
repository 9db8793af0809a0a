"""Hot pixels: single bright pixels of the sensor, too small for a proxy to show.

In a stack whose lens breathes each becomes a trail of coloured dots, since every frame puts it
elsewhere. A point of the scene moves; a hot pixel shines at the same pixel in nearly all frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Event, Lock

import cv2
import numpy as np

from focusstack.geometry.coordinates import transform
from focusstack.images.colour import full_scale
from focusstack.numeric.arrays import Image, Indices, Mask, Matrix

SPARED = 8
"""One frame in so many may lack a mark: it came late, was wiped off, or lies before white. Chosen,
not measured."""

FEWEST = 4
"""Frames without which nothing can be told to be in nearly all. Chosen, not measured."""

APART = 2
"""Pixels to those that a pixel is compared with: what a sensor's colour filters and JPEG make of a
single pixel reaches its neighbours. Not measured."""

OUTSHINES = 0.08
"""Share of full code by which a hot pixel is brighter than all eight pixels around: fainter ones
are not seen (``pytest tests/first_pass/test_hot_pixels.py``)."""

MOST = 20000
"""Pixels of a frame that are kept at most: what has more is texture, in which none shows. Chosen,
not measured."""

STIRRED_PX = 2.5
"""Pixels, at full size, that the scene must have moved by: a bright point of the scene has then
left its pixel. Follows from the point's size, not measured."""

STRIP = 64
"""Rows that are looked through at once, so that they stay in the processor's cache. Speed only
(``python -m benchmarks.speed``)."""


def bright_pixels(image: Image) -> Indices:
    """Return the pixels that outshine all eight that lie two pixels away, in any channel.

    Parameters
    ----------
    image : (H, W[, C]) ndarray
        A frame: uint8, uint16 or float32. Not modified.

    Returns
    -------
    (N,) int64 ndarray
        Index in the frame, row by row, rising; at most `MOST`.
    """
    height, width = image.shape[:2]
    if min(height, width) <= 2 * APART:
        return np.zeros(0, np.int64)
    channels = image.size // (height * width)
    rows = np.ascontiguousarray(image).reshape(height, width * channels)
    step, limit = APART * channels, OUTSHINES * full_scale(image.dtype)
    found = []
    for top in range(APART, height - APART, STRIP):
        end = min(top + STRIP, height - APART)
        above, below = rows[top - APART : end - APART], rows[top + APART : end + APART]
        beside = cv2.max(rows[top:end, : -2 * step], rows[top:end, 2 * step :])
        around = cv2.max(beside, cv2.max(above[:, step:-step], below[:, step:-step]))
        over = np.asarray(cv2.subtract(rows[top:end, step:-step], around))
        y, x = np.nonzero(over > limit)
        found.append((y + top) * width + (x + step) // channels)
    places = np.unique(np.concatenate(found))
    return places[outshining(image, places)][:MOST]


def outshining(image: Image, places: Indices) -> Mask:
    """Tell which pixels outshine all eight that lie two pixels away, in the same channel.

    Parameters
    ----------
    image : (H, W[, C]) ndarray
        A frame.
    places : (N,) int64 ndarray
        Index of the pixels, none of which may be nearer than two pixels to the border.
    """
    height, width = image.shape[:2]
    values = image.reshape(height * width, -1)
    most = np.full((len(places), values.shape[1]), -np.inf)
    for down in (-APART, 0, APART):
        for right in (-APART, 0, APART):
            if down or right:
                np.maximum(most, values[places + down * width + right], out=most)
    return np.asarray((values[places] - most > OUTSHINES * full_scale(image.dtype)).any(1))


class HotPixels:
    """Pixels that are bright in nearly all frames; the first frame tells where to look.

    Searching a frame takes a while, looking at some pixels of another nearly nothing. Frames may be
    shown from several threads, the first one among the first.

    Parameters
    ----------
    size : tuple of int
        Width and height of the frames.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._searched, self._lock = Event(), Lock()
        self._places = np.zeros(0, np.int64)
        self._times = np.zeros(0, np.int64)
        self._frames = 0

    def look(self, index: int, image: Image) -> None:
        """See frame `index`; frames that were read smaller tell nothing."""
        whole = image.shape[1::-1] == self._size
        if index == 0:
            try:
                if whole:
                    self._places = bright_pixels(image)
                    self._times = np.zeros(len(self._places), np.int64)
            finally:
                self._searched.set()
        self._searched.wait()
        if whole and len(self._places):
            bright = outshining(image, self._places)
            with self._lock:
                self._times += bright
                self._frames += 1

    def give_up(self) -> None:
        """Let nobody wait for a frame that cannot be read."""
        self._searched.set()

    def lasting(self) -> Indices:
        """Return the index of each pixel that was bright in nearly all frames."""
        if self._frames < FEWEST:
            return np.zeros(0, np.int64)
        return self._places[self._times >= self._frames - self._frames // SPARED]


def hot_mask(
    places: Indices, size: tuple[int, int], matrices: Mapping[int, Matrix]
) -> Image | None:
    """Return the mask ``(H, W)`` of those pixels from which the scene has moved away; None if none.

    Parameters
    ----------
    places : (N,) int64 ndarray
        Bright in nearly all frames.
    size : tuple of int
        Width and height of the frames.
    matrices : mapping of int to (3, 3) ndarray
        Frame pixel to reference pixel, of each used frame.
    """
    if not len(places):
        return None
    width, height = size
    points = np.stack([places % width, places // width], 1).astype(float)
    moved = np.stack([transform(H, points) for H in matrices.values()])
    far = np.ptp(moved, axis=0).max(1) >= STIRRED_PX
    if not far.any():
        return None
    mask = np.zeros((height, width), np.uint8)
    mask.reshape(-1)[places[far]] = 1
    return np.asarray(cv2.dilate(mask, np.ones((2 * APART + 1,) * 2, np.uint8)), np.uint8)
