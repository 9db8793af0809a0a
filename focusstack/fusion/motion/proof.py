"""Make sure, in finer pictures, that detail is elsewhere in another frame.

On the grid, blur is easily taken for movement: the rim of a blurred hair lies beside the hair, and
bristles look alike. Seen more closely, what has moved looks the same in its other place, and does
not look the same in its old place, however blurred. Beside what is blown out nothing is proven:
blur makes that larger, and its outline stays hard.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.numeric.arrays import Float32, Mask

Close = NDArray[np.uint8]
"""Luma ``(H, W)`` finer than the grid, in 255ths."""

BLOCK = 6
"""Cells across a block, of which one place is looked at. Benchmark:
``python -m benchmarks.fusion``, *ghost* and *lost*."""

MOST_BLOCKS = 200
"""Blocks that are looked at in a frame, at most; there are more cells in each if need be. The time
grows with their number. Chosen, not measured."""

PATCH = 12
"""Pixels of the finer picture on either side of a place that are compared. Benchmark:
``python -m benchmarks.fusion``, *ghost* and *lost*."""

AWRY = 3
"""Pixels of the finer picture by which the way on the grid may be wrong. Chosen, not measured:
about a cell."""

STILL = 1
"""Pixels of the finer picture within which detail is in its old place: alignment is not better than
that at its worst. Chosen, not measured."""

BLURS = (0.0, 1.5, 3.0, 6.0)
"""Standard deviations in pixels of the finer picture, of blur that may be all that has changed.
Chosen, not measured: each is about twice the one before."""

ALIKE = 0.8
"""Correlation of what has moved with itself in its other place. Benchmark:
``python -m benchmarks.fusion``, *ghost* and *lost*."""

BETTER = 0.5
"""What the correlation in the other place lacks of 1, by what it lacks in the old place. Benchmark:
``python -m benchmarks.fusion``, *ghost* and *lost*."""


BRIGHTEST = 1e-3
"""Share of a picture that is brighter than what may be white. Exposure evened out leaves white at
another code in each frame. Chosen, not measured."""

WHITE = 5
"""255ths beneath that which are white, too: compression changes some of it. Chosen, not
measured."""

LEAST_WHITE = 230
"""255ths that white has at least: frames exposed less differently than to lower it further are told
apart by their validity. Chosen, not measured."""

NO_CODE = 256
"""What no 8-bit code reaches."""

LEAST_BLOWN = 0.05
"""Share of a patch that is blown out beneath which its outline hardly matters. Chosen, not
measured."""

ROUNDING = 1e-3
"""Correlation that is lost by rounding to 255ths. Chosen, not measured."""

ENOUGH = 0.7
"""Share of the places looked at of what is connected from which on all of it has moved. Benchmark:
``python -m benchmarks.fusion``, *ghost* and *lost*."""


def proven(
    sure: Mask, way: Float32, detail: Float32, own: Close, other: Close
) -> tuple[Mask, Mask]:
    """Return which of the cells that seem to have moved have done so, and which were looked at.

    Parameters
    ----------
    sure : (h, w) bool ndarray
        Where detail seems to be elsewhere.
    way : (h, w, 2) float32 ndarray
        Cells to where it is.
    detail : (h, w) float32 ndarray
        How much there is.
    own, other : (H, W) uint8 ndarray
        Finer luma of both frames; a cell is a square of these pixels.

    Returns
    -------
    moved : (h, w) bool ndarray
        What has moved, with what is connected to it.
    found : (h, w) bool ndarray
        The part of it that moved in its own place.
    """
    found, asked = np.zeros_like(sure), np.zeros_like(sure)
    if not sure.any():
        return found, found
    rows, columns = np.nonzero(sure)
    side = BLOCK
    while True:
        keys = rows // side * sure.shape[1] + columns // side
        if len(np.unique(keys)) <= MOST_BLOCKS:
            break
        side *= 2
    order = np.lexsort((-detail[rows, columns], keys))
    _, first = np.unique(keys[order], return_index=True)
    scale, white = round(own.shape[0] / sure.shape[0]), _white(own)
    for start in order[first]:
        y, x = int(rows[start]), int(columns[start])
        asked[y, x] = True
        place = x * scale, y * scale
        if not _blown(own, place, white) and _moved(own, other, place, way[y, x] * scale):
            top, left = y // side * side, x // side * side
            found[top : top + side, left : left + side] = True
    found &= sure
    return _with_their_things(sure, found, asked), found


def _blown(picture: Close, place: tuple[int, int], white: int) -> bool:
    """Whether so much near a place is blown out that blur makes its outline harder and larger."""
    x, y = place
    near = picture[max(y - PATCH, 0) : y + PATCH + 1, max(x - PATCH, 0) : x + PATCH + 1]
    return bool((near >= white).mean() > LEAST_BLOWN)


def _white(picture: Close) -> int:
    """Code from which on light may be more than it looks; none is if the brightest is no white."""
    counts = cv2.calcHist([picture], [0], None, [256], [0, 256]).ravel()
    brighter = np.cumsum(counts[::-1], dtype=np.float64)[::-1]
    brightest = int(np.flatnonzero(brighter > BRIGHTEST * picture.size)[-1])
    return brightest - WHITE if brightest >= LEAST_WHITE else NO_CODE


def _with_their_things(sure: Mask, found: Mask, asked: Mask) -> Mask:
    """All that is connected, where enough of the places `asked` about are `found` to have moved."""
    count, labels = cv2.connectedComponents(sure.view(np.uint8))
    of = np.bincount(labels[asked], minlength=count)
    moved = np.bincount(labels[asked & found], minlength=count)
    return np.asarray(found | (sure & (moved > ENOUGH * of)[labels]))


def _moved(own: Close, other: Close, place: tuple[int, int], way: Float32) -> bool:
    """Whether what is in a place of one picture is elsewhere in the other."""
    x, y = place
    height, width = own.shape
    x, y = (min(max(v, PATCH), side - PATCH - 1) for v, side in ((x, width), (y, height)))
    if min(width, height) <= 2 * PATCH:
        return True  # too small to tell
    patch = own[y - PATCH : y + PATCH + 1, x - PATCH : x + PATCH + 1]
    there = _around(other, x + round(float(way[0])), y + round(float(way[1])), AWRY)
    here = _around(other, x, y, STILL)
    if there is None or here is None:
        return False
    best = _correlation(there, patch)
    if best < ALIKE:
        return False
    least = 1 - (1 - best + ROUNDING) / BETTER  # correlation from which on it may have stood still
    return all(
        _correlation(here, _soft(patch, blur)) < least
        and _correlation(_soft(here, blur), patch) < least
        for blur in BLURS
    )


def _around(picture: Close, x: int, y: int, more: int) -> Close | None:
    """Return a place with its surroundings; None if it is not in the picture."""
    reach = PATCH + more
    top, left = max(y - reach, 0), max(x - reach, 0)
    part = picture[top : y + reach + 1, left : x + reach + 1]
    return part if min(part.shape) > 2 * PATCH else None


def _correlation(part: Close, patch: Close) -> float:
    return float(cv2.matchTemplate(part, patch, cv2.TM_CCOEFF_NORMED).max())


def _soft(part: Close, blur: float) -> Close:
    return part if blur == 0 else np.asarray(cv2.GaussianBlur(part, (0, 0), blur), np.uint8)
