"""What a fault in a JPEG's data leaves behind: all that is coded after it is of another tint.

A JPEG codes its pixels in units of 8 or 16 rows, from left to right and from top to bottom, and of
each the mean value as its difference from the one before. One wrong bit makes one difference wrong,
and with it the mean of all units up to the next restart marker or the end. The decoder soon is in
step again and has nothing to tell. What is left is a line along the edges of units, from the left
edge of the picture to the right, with one step down: below it everything is brighter, darker or of
another colour by one amount. Hardly anything in a scene is level so far, sharp to the pixel, and
on the edge of a unit.

The same with restart markers ends where the row does: then a strip of that row steps off those
above and below. The change across an edge is taken beyond what goes on beside it, and added up
along the line, which texture does not survive. Lines that lie off the edges of units tell what the
scene does by itself.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from focusstack.first_pass.block_maps import AGREEING, Seen
from focusstack.images.read import as_stored, in_file
from focusstack.numeric.arrays import Float32, Floats, Image, Indices

CELL = 8
"""Columns that are averaged: the width of a JPEG's smallest unit."""

LEAST = np.array([4.0, 2.0, 2.0], np.float32)
"""Codes, of 255, of luma and the two colour differences by which a line steps off, on average
along the whole width, at least. 162 sound frames of eight cameras come to 3.4 and 1.6 (``python -m
benchmarks.adversary sound``)."""

BEYOND = 2.5
"""Times that it steps off as far as the scene does anywhere else. The same sound frames come to 2.1
where it is more than a code (``python -m benchmarks.adversary sound``)."""

ELSEWHERE = (3, -3)
"""Rows off the edges of units where it is looked at what the scene does. Chosen, not measured."""

_FEWEST = 4
"""Cells of the shortest strip: 32 pixels."""

REACH = 3.0
"""Blocks above and below the edge of what is shifted that are compared with other frames. Chosen,
not measured: as many as a jump in the scene is from the line at most, if it is misplaced."""

OWN = 0.5
"""Share of what a frame steps off by that it must step off from others by, too: what is in the
scene, they show as well. Chosen, not measured: half way between none and all."""

FEWEST_BLOCKS = 2.0
"""Blocks' worth of change that must be seen for another frame to have a say. Chosen, not measured:
a strip of 32 pixels comes to that."""

_LUMA = np.array(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32
)
"""From red, green and blue to luma and colour differences as JPEG codes them."""


class Shift(NamedTuple):
    """From where on a picture is of another tint, in the rows and columns of its file.

    Attributes
    ----------
    row : int
        First row of the unit in which it begins.
    column : int
        First column.
    unit : int
        Rows of a unit: left of `column`, it begins so many rows lower.
    strip : bool
        Whether it ends with the row of units, and does not begin left of `column` at all.
    codes : (C,) float32 ndarray
        By how much, in each channel, of 255.
    orientation : int
        EXIF orientation by which the file's pixels are turned upright.
    """

    row: int
    column: int
    unit: int
    strip: bool
    codes: Float32
    orientation: int = 1

    def covered(self, x: Floats, y: Floats, width: float) -> tuple[Floats, Floats]:
        """Return the share of square blocks that is shifted, and how far from its edge they lie.

        Parameters
        ----------
        x, y : (...) float64 ndarray
            Their centres, in pixels of the file.
        width : float
            Of the blocks, in pixels.

        Returns
        -------
        share : (...) float64 ndarray
            0 to 1.
        away : (...) float64 ndarray
            Rows below the upper edge of what is shifted; infinite beside a strip.
        """
        left = x < self.column
        away = y - (self.row + np.where(left & (not self.strip), self.unit, 0))
        share = np.clip(away / width + 0.5, 0, 1)
        if self.strip:
            share -= np.clip((away - self.unit) / width + 0.5, 0, 1)
            away = np.where(left, np.inf, away)
        return share, away

    def is_own(self, codes: Float32, seen: Seen, scale: float) -> bool:
        """Tell whether the frame alone steps off, and not what it shows; see `against`."""
        shares = sorted(self.against(codes, seen, scale))
        # The middle one: another frame may be damaged itself.
        return len(shares) >= AGREEING and shares[(len(shares) - 1) // 2] > OWN

    def against(self, codes: Float32, seen: Seen, scale: float) -> list[float]:
        """Return how much of the shift a frame shows against each of some others.

        Parameters
        ----------
        codes : (h, w, C) float32 ndarray
            Block means of the frame, of 255.
        seen : sequence of pairs of ndarray
            Those of the others, on the frame's blocks, and where they are known.
        scale : float
            Blocks per pixel of the frame.

        Returns
        -------
        list of float
            1 for all of it, 0 for nothing; none of those that hardly show the place.
        """
        height, width = codes.shape[:2]
        middles = np.meshgrid((np.arange(width) + 0.5) / scale, (np.arange(height) + 0.5) / scale)
        size = (width / scale, height / scale)
        x, y = in_file(middles[0], middles[1], size, self.orientation)
        share, away = self.covered(x, y, 1 / scale)
        beside = (away > -REACH / scale) & (away < REACH / scale + self.strip * self.unit)
        column = (x * scale).astype(np.int64)
        found = []
        for other, known in seen:
            at = beside & known
            change = _slopes((codes - other)[at], share[at], column[at])
            if change is not None:
                found.append(float(change @ self.codes / (self.codes @ self.codes)))
        return found


def _slopes(apart: Float32, share: Floats, column: Indices) -> Floats | None:
    """By how much each channel changes from 0 to 1 of a share, within columns; None if few do."""
    count = np.bincount(column)

    def within(values: Floats) -> Floats:
        return values - (np.bincount(column, values) / np.maximum(count, 1))[column]

    varying = within(share)
    size = float(varying @ varying)
    if size < FEWEST_BLOCKS:
        return None
    return np.array([within(channel) @ varying / size for channel in apart.T.astype(float)])


def find_shift(pixels: Image, unit: int, orientation: int = 1) -> Shift | None:
    """Look for the strongest shift of a JPEG.

    Parameters
    ----------
    pixels : (H, W[, 3]) uint8 ndarray
        The frame, upright. Not modified.
    unit : int
        Rows of its file that are coded at once: 8 or 16.
    orientation : int, optional
        EXIF orientation by which it has been turned upright.

    Examples
    --------
    >>> frame = np.random.default_rng(0).integers(80, 120, (64, 160, 3)).astype(np.uint8)
    >>> find_shift(frame, 16) is None
    True
    >>> frame[32:48, 80:] += 20
    >>> frame[48:] += 20
    >>> find_shift(frame, 16)[:4]
    (32, 80, 16, False)
    """
    stored = as_stored(pixels, orientation)
    found = _lines(stored, unit, 0)
    if found is None:
        return None
    enough = found.most >= LEAST[: len(found.most)]
    if not enough.any():
        return None
    others = [one.most for off in ELSEWHERE if (one := _lines(stored, unit, off)) is not None]
    usual = np.max(others, axis=0, initial=0.0)
    over = np.where(enough & (found.most > BEYOND * usual), found.most / LEAST[: len(enough)], 0)
    if not over.any():
        return None
    return found.shift(int(over.argmax()), unit, orientation)


def strongest_lines(pixels: Image, unit: int, orientation: int = 1) -> Float32:
    """Return how far the strongest line steps off, in luma and the two colour differences.

    Examples
    --------
    >>> strongest_lines(np.full((64, 160), 7, np.uint8), 16)
    array([0.], dtype=float32)
    """
    found = _lines(as_stored(pixels, orientation), unit, 0)
    return np.zeros(3, np.float32) if found is None else found.most


class _Lines(NamedTuple):
    """What adds up along every line of a picture.

    Attributes
    ----------
    steps : (R, N, C) float32 ndarray
        Change across each edge, cell by cell, in channels as they are decoded.
    sums : tuple of two (R, N, K) float32 ndarray
        Of lines that begin at each cell and go on to the end, and of strips, in luma and colour
        differences; signed, scaled so that they are equally noisy.
    """

    steps: Float32
    sums: tuple[Float32, Float32]

    @property
    def most(self) -> Float32:
        """The largest, of luma and of each colour difference."""
        sizes = [np.abs(one).max(axis=(0, 1)) for one in self.sums]
        return np.asarray(np.maximum(*sizes), np.float32)

    def shift(self, channel: int, unit: int, orientation: int) -> Shift:
        """Return the largest of a channel."""
        sizes = [np.abs(one[..., channel]) for one in self.sums]
        strip = bool(sizes[1].max() > sizes[0].max())
        r, n = np.unravel_index(int(sizes[strip].argmax()), sizes[strip].shape)
        edge = self.steps[r - 1] if r else np.zeros_like(self.steps[0])
        below = self.steps[r] if r < len(self.steps) else np.zeros_like(self.steps[0])
        if strip:
            codes = (edge[n:] - below[n:]).mean(axis=0) / 2
        else:
            along = ([edge[n:]] if r else []) + ([below[:n]] if r < len(self.steps) else [])
            codes = np.concatenate(along).mean(axis=0)
        codes = np.asarray(codes, np.float32)
        return Shift(int(r) * unit, int(n) * CELL, unit, strip, codes, orientation)


def _lines(stored: Image, unit: int, off: int) -> _Lines | None:
    """Add up the changes across rows that lie `off` from the edges of units."""
    height, cells = len(stored), stored.shape[1] // CELL
    rows = np.arange(unit, height - max(2, 1 + off), unit) + off
    if len(rows) < 2 or cells <= _FEWEST:
        return None
    steps = _steps(stored, rows, cells)
    seen = steps @ _LUMA.T if steps.shape[2] == 3 else steps
    none = np.zeros((1, *seen.shape[1:]), np.float32)
    # Where it begins in the first row of units, there is no edge above; in the last, none below.
    above, below = np.concatenate([none, seen]), np.concatenate([seen, none])
    behind = above[:, ::-1].cumsum(axis=1)[:, ::-1]
    before = below.cumsum(axis=1) - below
    ends = np.arange(cells, dtype=np.float32)[:, None]
    lengths = np.full((len(above), cells, 1), np.float32(cells))
    lengths[0], lengths[-1] = np.maximum(ends, 1), cells - ends
    lines = (behind + before) / np.sqrt(lengths * cells)
    strips = (behind - below[:, ::-1].cumsum(axis=1)[:, ::-1])[1:-1]
    long = cells - ends
    strips = np.where(long >= _FEWEST, strips / (2 * np.sqrt(long * cells)), 0)
    strips = np.concatenate([none, strips, none])
    return _Lines(steps, (np.asarray(lines, np.float32), np.asarray(strips, np.float32)))


def _steps(stored: Image, rows: Indices, cells: int) -> Float32:
    """Change across the upper edge of rows, beyond half of what goes on above and below it."""
    around = (rows[:, None] + np.arange(-2, 2)).ravel()
    cut = np.ascontiguousarray(stored[around, : cells * CELL])
    # Averaging rounds: by as much up as down, and far less than texture.
    small = cv2.resize(cut, (cells, len(around)), interpolation=cv2.INTER_AREA)
    four = np.asarray(small, np.float32).reshape(len(rows), 4, cells, -1)
    weights = np.array([0.5, -1.5, 1.5, -0.5], np.float32)
    return np.asarray(np.einsum("rkcn,k->rcn", four, weights), np.float32)
