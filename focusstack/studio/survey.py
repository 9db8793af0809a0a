"""A look at every frame: a small picture of it, and how sharp it is where.

From both the page proposes, under the cursor, the frame to paint from: that which the composite was
taken from where a run has written that (``--source-map``), else the sharpest.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.errors import FocusstackError
from focusstack.geometry.coordinates import Rect
from focusstack.images.colour import to_float
from focusstack.images.read import read_picture
from focusstack.numeric.arrays import Float32, Image
from focusstack.retouch.blocks import AlignedBlocks, level_size, levels_of
from focusstack.studio.display import Display, as_jpeg

LONGEST = 1600
"""Pixels of the longer side on which sharpness is looked at: fine detail still shows, and a frame
takes a tenth of a second. Chosen, not measured."""

CELL = 16
"""Pixels of that picture along a side of a cell for which sharpness is told. Chosen, not
measured."""

THUMBNAIL = 192
"""Pixels of the longer side of a small picture. Chosen by eye."""

SECONDS_TO_SHOW = 0.5
"""Seconds that the rest of the first picture gets once its first block is asked for: loading the
compiler would hold it up. Chosen, not measured."""

STEPS = 4000.0
"""Codes for a detail energy (root mean square of the Laplacian) of white: keeps the faintest."""


class Survey:
    """Small pictures and sharpness of all frames, found in the background one by one.

    Parameters
    ----------
    blocks : AlignedBlocks
        The frames.
    names : sequence of str
        Of the frames, in focus order.
    crop : Rect
        The composite's place.
    display : Display
        How colours are shown.
    """

    def __init__(
        self, blocks: AlignedBlocks, names: Sequence[str], crop: Rect, display: Display
    ) -> None:
        self._blocks, self._display = blocks, display
        self.names = tuple(names)
        self.level = level_of(crop, LONGEST)
        width, height = level_size(crop, self.level)
        self.rows, self.columns = -(-height // CELL), -(-width // CELL)
        self._sharp = np.zeros((len(names), self.rows, self.columns), np.uint16)
        self._thumbnails: dict[int, bytes] = {}
        self._ended = threading.Event()
        self._starting, self._started = threading.Lock(), False
        self.done = 0

    def run(self) -> None:
        """Look at every frame; middle first, so that the strip fills where people look."""
        for index in range(len(self.names)):
            if self._ended.is_set():
                return
            try:
                small = self._blocks.whole(self.names[index], self.level)
            except FocusstackError:  # gone meanwhile: whoever asks for it is told
                continue
            self._sharp[index] = sharpness(to_float(small), self.rows, self.columns)
            self._thumbnails[index] = as_jpeg(self._display.shown(thumbnail(small)))
            self.done += 1

    def start(self) -> None:
        """Look at them in a thread of its own, soon; once, however often this is called."""
        with self._starting:
            if self._started:
                return
            self._started = True

        def run() -> None:
            self._ended.wait(SECONDS_TO_SHOW)
            self.run()

        threading.Thread(target=run, name="survey", daemon=True).start()

    def close(self) -> None:
        """Stop after the frame that is being looked at."""
        self._ended.set()

    def thumbnail(self, index: int) -> bytes | None:
        """Return the small picture of a frame as JPEG; None while there is none."""
        return self._thumbnails.get(index)

    def sharp(self) -> bytes:
        """Return sharpness of every frame, row and column, as little-endian 16 bits."""
        return self._sharp.astype("<u2").tobytes()


def level_of(crop: Rect, longest: int) -> int:
    """Return the first level no larger than so many pixels.

    Examples
    --------
    >>> level_of(Rect(0, 0, 6000, 4000), 1600)
    2
    """
    levels = range(levels_of(crop))
    return next((n for n in levels if max(level_size(crop, n)) <= longest), levels[-1])


def sharpness(image: Float32, rows: int, columns: int) -> NDArray[np.uint16]:
    """Return the energy of fine detail in cells of a picture, in codes.

    Parameters
    ----------
    image : (H, W[, 3]) float32 ndarray
        Encoded, 0..1.
    rows, columns : int
        How many cells there are.
    """
    grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    detail = np.square(cv2.Laplacian(grey, cv2.CV_32F))
    height, width = rows * CELL - grey.shape[0], columns * CELL - grey.shape[1]
    whole = cv2.copyMakeBorder(detail, 0, height, 0, width, cv2.BORDER_REPLICATE)
    mean = np.asarray(whole).reshape(rows, CELL, columns, CELL).mean((1, 3))
    codes = np.clip(np.rint(STEPS * np.sqrt(mean)), 0, 65535)
    return np.asarray(codes, np.uint16)


def thumbnail(image: Image) -> Image:
    """Return a picture made small."""
    height, width = image.shape[:2]
    scale = min(1.0, THUMBNAIL / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def taken_from(folder: Path, crop: Rect, rows: int, columns: int) -> bytes | None:
    """Return which frame the composite is taken from in each cell, as little-endian 16 bits.

    None if no run has written a source map, or one of another picture.
    """
    path = folder / "source-map.png"
    if not path.is_file():
        return None
    try:
        found = read_picture(path).pixels
    except FocusstackError:
        return None
    if found.shape != (crop.height, crop.width) or found.dtype not in (np.uint8, np.uint16):
        return None
    size = (columns, rows)
    small = cv2.resize(found, size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(small).astype("<u2").tobytes()
