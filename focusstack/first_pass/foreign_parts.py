"""Parts of a frame that show what no other frame does, and that rows of its file cut out.

Somebody who passed by is in one frame alone, too. So is what a frame alone has in focus: a thin
thing, spread over its surroundings in all others, is brighter or darker there than they are. But
whoever passes by has no outline that follows rows of pixels, and what does so by chance is thin.
Where a decoder went wrong, a part as thick as any has colours of nothing in the scene, or all that
comes after a row is brighter; and rows and blocks of the file bound it
(`focusstack.first_pass.row_faults`).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from focusstack.first_pass.block_maps import AGREEING, BlockMap, Seen, as_seen_from
from focusstack.first_pass.row_faults import RowFaults
from focusstack.frames.proxies.proxy import BLOCK
from focusstack.numeric.arrays import Float32, Floats, Mask, Matrix

FOREIGN = 12.0
"""Codes, of 255, by which a block is outside all that others show there and in the blocks around.
Defocus and parallax bring what is around, no more. Held against ``python -m benchmarks.adversary
sound``."""

THICK = 3
"""Blocks across that a part must be somewhere: 24 proxy pixels. Held against ``python -m
benchmarks.adversary sound``."""

LEAST_STEPS = 48
"""Proxy pixels of straight steps in and around a thick part, from which on it is damage: sound
frames have up to 15 there, damaged ones hundreds (``python -m benchmarks.adversary sound`` and
``rotten``)."""

LEAST_ALONG = 96
"""Proxy pixels of straight steps in one row, from which on it is asked whether all behind it is
brighter or darker. Where scenes have such steps, they come to 63 and less at which others do not
agree (``python -m benchmarks.adversary sound``)."""

BEHIND = 2
"""Blocks before and behind a row that are compared: as many as a JPEG's smallest units are high.
What has fewer beside it may be a border, burnt in by another program. Chosen, not measured."""

LEAST_SHIFT = 12.0
"""Codes, of 255, by which a frame steps off each of the others at a row: sound frames do by 4
(``python -m benchmarks.adversary sound``)."""


ALIKE = 0.3
"""Share by which shifts against the others may differ: what is a frame's own fault is as much
against each of them, to 0.14 in damaged frames; what blur or parallax make is not, by 0.46 at least
where it is large (``python -m benchmarks.adversary sound`` and ``rotten``)."""


def is_cut_out(
    maps: Sequence[BlockMap],
    matrices: Matrix,
    k: int,
    near: Sequence[int],
    faults: RowFaults,
    scale: float,
) -> bool:
    """Tell whether part of a frame shows what no other does, and rows of its file bound it.

    Parameters
    ----------
    maps : sequence of BlockMap
        Of all frames.
    matrices : (n, 3, 3) ndarray
        Proxy pixel to reference proxy pixel.
    k : int
        The frame.
    near : sequence of int
        Others.
    faults : RowFaults
        Of the frame.
    scale : float
        Proxy pixels per full-size pixel.
    """
    if len(faults.places) * scale < LEAST_STEPS:
        return False
    codes, at = maps[k].codes, np.asarray(faults.places * (scale / BLOCK), float)
    seen = [as_seen_from(maps, matrices, k, j) for j in near]
    if steps_at_thick_parts(foreign_blocks(codes, seen), at) * scale >= LEAST_STEPS:
        return True
    if faults.turned:
        codes, at = codes.swapaxes(0, 1), at[:, ::-1]
        seen = [(other.swapaxes(0, 1), known.T) for other, known in seen]
    return largest_shift(codes, seen, at, LEAST_ALONG / scale) >= LEAST_SHIFT


def foreign_blocks(codes: Float32, seen: Seen) -> Mask:
    """Return the blocks of a frame that are outside of all that others show there and around.

    Parameters
    ----------
    codes : (h, w, C) float32 ndarray
        Of the frame, of 255.
    seen : sequence of pairs of ndarray
        See `block_maps.Seen`.
    """
    low, high = np.full_like(codes, np.inf), np.full_like(codes, -np.inf)
    count, window = np.zeros(codes.shape[:2], int), np.ones((3, 3), np.uint8)
    for other, known in seen:
        least, most = (way(other, window).reshape(codes.shape) for way in (cv2.erode, cv2.dilate))
        np.minimum(low, least, out=low, where=known[..., None])
        np.maximum(high, most, out=high, where=known[..., None])
        count += known
    outside = np.maximum(codes - high, low - codes).max(axis=2) > FOREIGN
    return np.asarray(outside & (count >= AGREEING))


def steps_at_thick_parts(foreign: Mask, at: Floats) -> int:
    """Count the steps in and around parts that are somewhere thick; the most of any part.

    Parameters
    ----------
    foreign : (h, w) bool ndarray
        Blocks.
    at : (N, 2) float64 ndarray
        Steps ``(x, y)``, in blocks.
    """
    square = np.ones((THICK, THICK), np.uint8)
    thick = np.asarray(cv2.erode(foreign.view(np.uint8), square, borderValue=0)) > 0
    if not thick.any():
        return 0
    _, label = cv2.connectedComponents(foreign.view(np.uint8), connectivity=8)
    around = np.pad(label, 1)
    x, y = np.minimum(at.astype(np.int64), np.array(foreign.shape[::-1]) - 1).T + 1
    most = 0
    for part in np.unique(label[thick]):
        wide = cv2.dilate((around == part).view(np.uint8), square)
        most = max(most, int(np.count_nonzero(np.asarray(wide)[y, x])))
    return most


def largest_shift(codes: Float32, seen: Seen, at: Floats, least: float) -> float:
    """By how much a frame is brighter or darker behind a row with many steps than before it.

    Against each of the others, by much the same, in the median along the steps.

    Parameters
    ----------
    codes, seen
        As for `foreign_blocks`, rows of the file along the second axis.
    at : (N, 2) float64 ndarray
        Steps ``(x, y)``, in blocks: along the row, and where it is.
    least : float
        Steps that a row must have.
    """
    rows, which, count = np.unique(at[:, 1], return_inverse=True, return_counts=True)
    apart = [np.where(known[..., None], codes - other, np.nan) for other, known in seen]
    found = 0.0
    for row in np.flatnonzero(count >= least):
        columns = np.unique(at[which == row, 0].astype(np.int64))
        columns = columns[columns < codes.shape[1]]
        end, begin = int(rows[row]), int(np.ceil(rows[row]))
        if end < BEHIND or begin + BEHIND > len(codes):
            continue  # other programs leave borders
        before, behind = slice(end - BEHIND, end), slice(begin, begin + BEHIND)
        shifts = [_shift(one[before][:, columns], one[behind][:, columns]) for one in apart]
        known = [shift for shift in shifts if shift is not None]
        if len(known) >= AGREEING:
            each = np.array(known)
            least_of, most_of = np.abs(each).min(0), np.abs(each).max(0)
            own = ((each > 0).all(0) | (each < 0).all(0)) & (most_of < (1 + ALIKE) * least_of)
            found = max(found, float(least_of[own].max(initial=0)))
    return found


def _shift(before: Float32, behind: Float32) -> Floats | None:
    """Difference of two pieces along a row, channel by channel; None where half is not known."""
    change = behind.mean(axis=0) - before.mean(axis=0)
    change = change[np.isfinite(change[:, 0])]
    if 2 * len(change) < before.shape[1]:
        return None
    return np.asarray(np.median(change, axis=0), float)
