"""The outlines of marks: how far each reaches from where it was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from focusstack.first_pass.marks.persistence import DARK, STEADY, Persistence
from focusstack.frames.proxies.proxy import Proxy
from focusstack.fusion.levels.validity import filled
from focusstack.numeric.arrays import Float32, Image, Mask, Points

SLOPE = 0.3
"""Share of a mark's height down to which it reaches at first: what is lower is looked at once the
scene behind it is known. Chosen, not measured."""

RIM = 5
"""Pixels around a mark, at the scale at which it was found, in which the band pass leaves a rim of
the other sign. Follows from its wider Gaussian, not measured."""

MOST = 0.5
"""Share of the peaks in a mark that must be the sensor's. Chosen, not measured: most."""

LEAST_SHARE = 0.25
"""Share of a mark's own strength from which on a pixel belongs to it. Chosen, not measured."""

LEAST = 0.008
"""Share of the light from which on a pixel belongs to a mark. Chosen, not measured; noise in the
median of some frames is less."""

SURROUNDED = 32
"""Pixels of a proxy around a mark that its continuation is taken from. Chosen, not measured: more
than the widest mark that is looked for."""

COARSE = 8
"""Pixels of a proxy to a cell of the grid on which surroundings are found."""

TURNS = 2
"""How often outlines are drawn: once with wide surroundings, and again with what is then known not
to be part of marks."""

SURE = 6.0
"""Standard errors, of about 1.5 times the median deviation each, from which on a difference is more
than noise. Chosen, not measured."""

GUARD = 2
"""Pixels of a proxy around a mark that are given up with it: the lens of the camera's own filters,
JPEG and reductions carry it so far. Chosen, not measured."""


def cores(found: Persistence, peaks: Points, size: tuple[int, int]) -> Image:
    """Mask ``(h, w)``, of proxies of a `size`, of the inner parts of the marks at `peaks`."""
    height, width = found.mean.shape
    mask = np.zeros((height + 2, width + 2), np.uint8)
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (1 << 8)
    for sign in (1, -1):
        hills = np.ascontiguousarray(sign * found.mean)
        for x, y in peaks.astype(int):
            top = float(hills[y, x])
            if top > 0 and not mask[y + 1, x + 1]:
                cv2.floodFill(hills, mask, (int(x), int(y)), 0, (1 - SLOPE) * top, 1e9, flags)
    inner = np.ascontiguousarray(mask[1:-1, 1:-1])
    return np.asarray(cv2.resize(inner, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def mostly(own: Mask, found: Persistence, peaks: Points) -> Mask:
    """Leave out of `own` what lies in a mark of which half the peaks are not in it.

    Parameters
    ----------
    own : (N,) bool ndarray
        Which peaks are the sensor's, each asked by itself.
    found : Persistence
        Where they were found.
    peaks : (N, 2) ndarray
        All peaks at that scale. Where a thing rests because the hand went round it, one of its many
        peaks may by chance look like the sensor's.
    """
    if not own.any():
        return own
    height, width = found.mean.shape
    _, label = cv2.connectedComponents(cores(found, peaks[own], (width, height)))
    columns, rows = peaks.astype(int).T
    of_mark = np.asarray(label, np.int64)[rows, columns]
    peaks_in, own_in = np.bincount(of_mark), np.bincount(of_mark, own.astype(float))
    return np.asarray(own & (own_in[of_mark] > MOST * peaks_in[of_mark]))


def widened(mask: Image, reach: int) -> Image:
    """Mask with everything within `reach` pixels of it."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(mask, kernel), np.uint8)


Part = tuple[slice, slice]
"""Rows and columns of a proxy."""


def without(luma: Float32, mask: Image, parts: Sequence[Part] | None = None) -> Float32:
    """Linear luma with a smooth continuation of its surroundings where `mask` is 1.

    Parameters
    ----------
    luma : (h, w) float32 ndarray
        Not modified.
    mask : (h, w) uint8 ndarray
        What to continue over.
    parts : sequence of (slice, slice), optional
        `surroundings` of the mask, if they are known.
    """
    found = luma
    for part in surroundings(mask) if parts is None else parts:
        if found is luma:
            found = luma.copy()
        found[part] = continued(luma[part], mask[part])
    return found


def continued(luma: Float32, mask: Image) -> Float32:
    """Return a part of a proxy with a smooth continuation of its surroundings at what is marked."""
    logarithm = np.log(np.maximum(luma, 0) + np.float32(DARK))
    smooth = filled(logarithm, np.equal(mask, 0).astype(np.float32))
    return np.where(mask > 0, np.exp(smooth) - np.float32(DARK), luma)


def surroundings(mask: Image) -> list[Part]:
    """Rows and columns of what is marked with its surroundings: all at once if that is much.

    Examples
    --------
    >>> mask = np.zeros((200, 300), np.uint8)
    >>> mask[100, 100] = 1
    >>> surroundings(mask)
    [(slice(64, 136, None), slice(64, 136, None))]
    """
    if not mask.any():
        return []
    height, width = mask.shape
    # Coarsely, which is much quicker: a box may be larger than it has to be.
    coarse = (-(-height // COARSE), -(-width // COARSE))
    padded = np.zeros((coarse[0] * COARSE, coarse[1] * COARSE), np.uint8)
    padded[:height, :width] = mask
    cells = padded.reshape(coarse[0], COARSE, coarse[1], COARSE).max((1, 3))
    side = 2 * (SURROUNDED // COARSE) + 1
    wide = np.asarray(cv2.dilate(cells, np.ones((side, side), np.uint8)), np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(wide)
    boxes = [
        (
            slice(COARSE * y, min(COARSE * (y + h), height)),
            slice(COARSE * x, min(COARSE * (x + w), width)),
        )
        for x, y, w, h, _ in stats[1:].tolist()
    ]
    area = sum((r.stop - r.start) * (c.stop - c.start) for r, c in boxes)
    return boxes if 2 * area < mask.size else [(slice(0, mask.shape[0]), slice(0, mask.shape[1]))]


def outlined(load: Callable[[int], Proxy], frames: Sequence[int], core: Image) -> Image:
    """Return the mask of all that belongs to marks, of which their inner parts are known.

    Parameters
    ----------
    load : callable
        Proxy of a frame index.
    frames : sequence of int
        The frames.
    core : (h, w) uint8 ndarray
        1 in the inner parts.
    """
    mask = widened(core, RIM)
    for _ in range(TURNS):
        if not mask.any():  # what was there is in no two frames the same
            break
        depth = _depth(load, frames, mask)
        mask = widened(_grown(depth, core), GUARD)
    return mask


def _depth(load: Callable[[int], Proxy], frames: Sequence[int], mask: Image) -> Float32:
    """What differs inside a mask from the surroundings in the same way in all frames, or 0.

    The median of logarithms of light.
    """
    rows, columns = np.nonzero(mask)
    parts = surroundings(mask)
    taken = np.empty((len(frames), len(rows)), np.float32)
    dark = np.float32(DARK)
    for line, k in enumerate(frames):
        luma = load(k).luma
        behind = without(luma, mask, parts)[rows, columns]
        taken[line] = np.log(luma[rows, columns] + dark) - np.log(behind + dark)
    usual = np.median(taken, axis=0)
    spread = np.median(np.abs(taken - usual), axis=0)
    # What the median of so many frames still wavers by.
    noise = SURE * float(np.median(spread)) / len(frames) ** 0.5
    sure = (spread < STEADY * np.abs(usual)) & (np.abs(usual) > max(LEAST, noise))
    depth = np.zeros(mask.shape, np.float32)
    depth[rows, columns] = np.where(sure, usual, 0)
    return depth


def _grown(depth: Float32, core: Image) -> Image:
    """All that is connected with an inner part and not much fainter."""
    whole = np.zeros(core.shape, np.uint8)
    for sign in (1, -1):
        height = sign * depth
        count, found = cv2.connectedComponents((height > 0).astype(np.uint8), connectivity=4)
        label = np.asarray(found, np.int64)
        top = np.zeros(count, np.float32)
        inside = core > 0
        np.maximum.at(top, label[inside], height[inside])
        top[0] = 0
        part = (height > LEAST_SHARE * top[label]) & (top[label] > 0)
        kernel = np.ones((3, 3), np.uint8)
        closed = cv2.morphologyEx(part.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
        whole |= np.asarray(closed, np.uint8)
    return whole
