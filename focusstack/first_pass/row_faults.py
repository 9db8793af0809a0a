"""What no lens draws: steps and streaks that follow the rows of a file to the pixel.

A file stores a picture row by row, or block by block. Where its data are damaged, what a decoder
makes of them begins and ends with a row: from one pixel to the next, along many pixels. Hardly any
edge of a scene is level to the pixel, and lenses spread the few that are. Looked for are

- *steps*: rows that differ from the next far more than that does from the one beyond, along many
  pixels. Sound frames have a few, where something straight lies level with the camera: they
  tell of damage only where a frame also shows what no other does.
- *streaks*: single rows that differ so from the rows above and below, which agree. A hair may look
  like that, but it goes on as it began; where bytes were overwritten, each pixel is another
  colour, or all are nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np

from focusstack.first_pass.coding_faults import Shift
from focusstack.first_pass.colour_noise import ColourNoise
from focusstack.numeric.arrays import Image, Indices, Mask

LEAST_STEP = 16
"""Codes, of 255, that a step has at least: less is hidden in texture. Held against ``python -m
benchmarks.adversary rotten`` and ``sound``."""

STEEP = 4
"""Times that a step exceeds the differences of the rows on its calmer side. Held against ``python
-m benchmarks.adversary sound``."""

STEP_LONG, STEP_SURE = 24, 20
"""Pixels along a row that a step is looked for in, and how many of them must have one. Held against
``python -m benchmarks.adversary sound``."""

STREAK_LONG, STREAK_SURE = 16, 13
"""As much for streaks. Held against ``python -m benchmarks.adversary sound``."""

RESTLESS = 0.65
"""Times its own size that a streak's difference from its surroundings changes by, from a pixel to
the next, in the median: random bytes come to 0.9 and more, what is thin and level to 0.46 in any of
120 sound frames (``python -m benchmarks.adversary sound``)."""

NOTHING = 0.6
"""Share of a streak's pixels that are 0 in all channels, from which on it was overwritten with
nothing: those that were come to 0.79 and more, sound ones to 0 (``python -m benchmarks.adversary
sound``)."""

SPARSE = 4
"""Every how many columns are looked at to find the rows that are looked at whole. Speed only
(``python -m benchmarks.speed``)."""

STRIP = 64
"""Rows that are looked through at once, so that they stay in the processor's cache. Speed only
(``python -m benchmarks.speed``)."""

MOST_LOOKED_AT = 1000
"""Streaks of a frame that are looked at closely, at most: what has more is drawn so. Chosen, not
measured."""

STREAKED = "single rows hold what no lens draws"
"""What is said of a frame with such streaks."""


Look: TypeAlias = Callable[[Sequence[Image]], tuple[Image, Image]]
"""Tells of four rows, or as many at once as are given, how far one is off, and what is usual."""


class RowFaults(NamedTuple):
    """What follows the rows of a file to the pixel.

    Attributes
    ----------
    streaks : int
        How many rows, or parts of rows, are overwritten.
    places : (N, 2) int32 ndarray
        Pixel ``(x, y)`` of the upright frame in the middle of each part of a step.
    turned : bool
        Whether rows of the file are columns of the frame.
    shift : Shift or None
        From where on a JPEG is of another tint.
    noise : ColourNoise or None
        Where colours change most from pixel to pixel, if only that can tell damage.
    """

    streaks: int
    places: Indices
    turned: bool = False
    shift: Shift | None = None
    noise: ColourNoise | None = None


NO_FAULTS = RowFaults(0, np.zeros((0, 2), np.int32))
"""What is known of a frame that nobody has looked at."""


def find_row_faults(pixels: Image, *, turned: bool = False) -> RowFaults:
    """Look along the rows of a frame, as its file stores them.

    Parameters
    ----------
    pixels : (H, W[, C]) ndarray
        The frame, upright: uint8, uint16 or float32. Not modified.
    turned : bool, optional
        Whether the file's rows are the frame's columns: EXIF orientation 5 to 8.

    Examples
    --------
    >>> frame = np.full((60, 90, 3), 90, np.uint8)
    >>> find_row_faults(frame).streaks
    0
    >>> frame[30, 20:60] = np.random.default_rng(0).integers(0, 256, (40, 3))
    >>> find_row_faults(frame).streaks
    1
    """
    rows = pixels.swapaxes(0, 1) if turned else pixels
    streaks, found = 0, [NO_FAULTS.places]
    if min(rows.shape[:2]) < STEP_LONG:
        return NO_FAULTS
    for top in range(0, len(rows) - 3, STRIP):
        part = _codes(rows[top : top + STRIP + 3])
        some = _some_columns(part)
        rows_with, there = _along(part, some, _step, STEP_LONG, STEP_SURE)
        y, x = np.nonzero(there)
        found.append(np.stack([x, rows_with[y] + top + 2], 1).astype(np.int32))
        if streaks < MOST_LOOKED_AT:
            streaks += _overwritten(part, some)
    places = np.concatenate(found)
    return RowFaults(streaks, places[:, ::-1] if turned else places, turned)


def _codes(rows: Image) -> Image:
    """Rows in codes of 255, each contiguous."""
    if rows.dtype == np.uint16:
        rows = (rows >> 8).astype(np.uint8)
    elif rows.dtype != np.uint8:
        rows = (np.clip(rows, 0, 1) * np.float32(255)).astype(np.uint8)
    return np.ascontiguousarray(rows)


def _some_columns(rows: Image) -> Image:
    """Every few columns of rows, which tell which rows are worth a closer look."""
    size = (rows.shape[1] // SPARSE, len(rows))
    return np.asarray(cv2.resize(rows, size, interpolation=cv2.INTER_NEAREST))


def _step(four: Sequence[Image]) -> tuple[Image, Image]:
    """How far the third of four rows is off the second, and what is usual on the calmer side."""
    a, b, c, d = four
    return cv2.absdiff(b, c), cv2.min(cv2.absdiff(a, b), cv2.absdiff(c, d))


def _streak(four: Sequence[Image]) -> tuple[Image, Image]:
    """How far the second of four rows is off those beside it, and those off each other."""
    a, b, c, _ = four
    return cv2.min(cv2.absdiff(a, b), cv2.absdiff(b, c)), cv2.absdiff(a, c)


def _along(part: Image, some: Image, look: Look, window: int, sure: int) -> tuple[Indices, Mask]:
    """Which rows, from the second on, may be far off along many pixels, and where they are.

    Parameters
    ----------
    part : (h, w[, C]) uint8 ndarray
        Rows of a frame.
    some : (h, w // SPARSE[, C]) uint8 ndarray
        Some of their columns.
    look : callable
        Tells of four rows how far one is off, and what is usual there.
    window, sure : int
        Of how many pixels in a row how many must be so, in any channel.

    Returns
    -------
    rows : (N,) int64 ndarray
        Few of 0 to h - 4.
    there : (N, w) bool ndarray
        Where they are far off.
    """
    height, width = len(part) - 3, part.shape[1]
    # Few rows have so many anywhere, which some of the columns tell.
    near = _beyond([some[k : k + height] for k in range(4)], look)
    few = sure // SPARSE - 1
    rows = np.flatnonzero((_counted(near, window // SPARSE) >= few).any(axis=1))
    if not len(rows):
        return rows, np.zeros((0, width), bool)
    there = _beyond([part[rows + k] for k in range(4)], look)
    return rows, _counted(there, window) >= sure


def _beyond(four: Sequence[Image], look: Look) -> Image:
    """1 where, in any channel, rows are far off, and far beyond what is usual there."""
    size, calm = (one.reshape(len(one), -1) for one in look(four))
    cv2.add(calm, calm, dst=calm)  # sums end at 255
    cv2.add(calm, calm, dst=calm)
    least = np.full((1, calm.shape[1]), LEAST_STEP - 1, np.uint8)
    over = np.asarray(cv2.compare(size, np.maximum(calm, least, out=calm), cv2.CMP_GT), np.uint8)
    if four[0].ndim == 3:
        # Of 255 in any channel, something is left in their weighted sum.
        over = np.asarray(cv2.cvtColor(over.reshape(four[0].shape), cv2.COLOR_RGB2GRAY))
    return np.minimum(over, np.uint8(1))


def _counted(there: Image, window: int) -> Image:
    """How many are set in a window along the row around each."""
    size = (window, 1)
    return np.asarray(
        cv2.boxFilter(there, cv2.CV_8U, size, normalize=False, borderType=cv2.BORDER_CONSTANT)
    )


def _overwritten(part: Image, some: Image) -> int:
    """Count the streaks in a part that were overwritten."""
    rows, streaks = _along(part, some, _streak, STREAK_LONG, STREAK_SURE)
    count = 0
    for y, streak in zip(rows, streaks, strict=True):
        ends = np.flatnonzero(np.diff(streak, prepend=False, append=False)).reshape(-1, 2)
        count += sum(_makes_no_sense(part[y : y + 3, a:b]) for a, b in _widened(ends))
    return count


def _widened(ends: Indices) -> Indices:
    """First and last pixels of streaks, from those of the middles of their windows."""
    half = STREAK_LONG // 2
    return np.maximum(ends + [[-half, half]], 0)


def _makes_no_sense(three: Image) -> bool:
    """Tell whether the middle one of three pieces of rows is random, or nothing at all."""
    above, streak, below = three.reshape(3, three.shape[1], -1).astype(np.int32)
    size = streak - (above + below) // 2
    change = np.abs(np.diff(size, axis=0)).max(axis=1)
    nothing = float((streak == 0).all(axis=1).mean())
    usual = float(np.median(np.abs(size).max(axis=1)))
    return nothing > NOTHING or float(np.median(change)) > RESTLESS * max(usual, 1.0)
