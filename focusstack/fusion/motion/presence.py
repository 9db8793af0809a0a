"""Find what is somewhere in some frames and elsewhere, or nowhere, in others.

Somebody walks through the picture, or a leaf lies somewhere else after a gust: too far to be found
again by its detail. What gives it away is the light of whole areas. A lens out of focus only
spreads light, so the mean over a window changes no more than that over a window of twice the size
differs from it. A change beyond that is no matter of focus. Frames are compared that follow each
other in focus, whose blur differs least, and in linear light, which is what a lens spreads.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.levels.laplacian import down, reduced, up
from focusstack.fusion.motion.observation import LEAST_VALIDITY
from focusstack.fusion.motion.regions import encoded
from focusstack.numeric.arrays import Float32, Mask
from focusstack.runtime.strips import with_channels

MOST_ACROSS = 96
"""Windows across the picture, at most: what is smaller than some four of them is not found.
Benchmark: ``python -m benchmarks.fusion``, *ghost*."""

LEAST_LEVEL = 3
"""Finest level of the frames' pyramid that windows are taken from: eight pixels, beneath which
texture is no area. Chosen, not measured."""

FEWEST_ACROSS = 12
"""Windows across the shorter side, beneath which nothing is said. Chosen, not measured."""

SPREAD, SMALL_SPREAD = 2.0, 3.0
"""Times the difference from a window of twice the size that defocus may change a window's light;
and for windows of half the size, beside which more blur is large. Defocus of rendered discs up
to 16 pixels stays below (tests/fusion/motion/test_presence.py). Benchmark:
``python -m benchmarks.fusion``, *ghost*."""

LEAST_CHANGE, SMALL_CHANGE = 8 / 255, 12 / 255
"""Encoded change, 0..1, that is not a remaining difference of exposure, for windows and for
those of half the size. Benchmark: ``python -m benchmarks.fusion``, *ghost*."""

LEAST_DIFFERENCE = 5 / 255
"""Encoded difference, 0..1, around a change that belongs to it: five 8-bit steps. Benchmark:
``python -m benchmarks.fusion``, *ghost*."""

REACH = 2.5
"""Windows around a sure change in which its outline lies. Benchmark:
``python -m benchmarks.fusion``, *ghost*."""

GAP = 2.0
"""Windows between places on either side of a gap that is closed: what is in two places, one over
the other, is one spot. Benchmark: ``python -m benchmarks.fusion``, *ghost*."""

LEAST_LUMA = np.float32(2 / 255)
"""Encoded luma, 0..1, beneath which colour is not asked for: two 8-bit steps, where ratios are
mostly noise. Chosen, not measured."""


def windows_level(shape: tuple[int, int], level: int) -> int | None:
    """Return how often the grid is halved for the windows; None if the picture is too small.

    Parameters
    ----------
    shape : tuple of int
        ``(h, w)`` of the grid.
    level : int
        Pyramid level that the grid is.
    """
    halvings = 0
    while max(shape) > MOST_ACROSS or level + halvings < LEAST_LEVEL:
        shape = ((shape[0] + 1) // 2, (shape[1] + 1) // 2)
        halvings += 1
    return halvings if min(shape) >= FEWEST_ACROSS else None


def linear_light(fine: Float32, signal: Float32, colour: Float32 | None) -> Float32:
    """Return the linear light ``(h, w, C)`` of a frame on the grid.

    It is taken for the square of encoded values, before what is finer than the grid is averaged;
    that suffices for comparing.

    Parameters
    ----------
    fine : (H, W[, C]) float32 ndarray
        Encoded signal on a finer level: luma, or all channels.
    signal : (h, w[, C]) float32 ndarray
        The same on the grid.
    colour : (h, w, 2) float32 ndarray or None
        Differences of red and blue from luma on the grid; their squares are averaged with it.
    """
    light = _averaged(fine, signal.shape)
    if colour is None:
        return with_channels(light)
    luma = np.maximum(signal, LEAST_LUMA)
    ratios = [(np.maximum(luma + colour[..., c], 0) / luma) ** 2 for c in (0, 1)]
    return np.dstack([light, *(light * ratio for ratio in ratios)])


def _averaged(fine: Float32, shape: tuple[int, ...]) -> Float32:
    """Squares of a signal, with its sign, reduced to `shape`."""
    if fine.shape[:2] == shape[:2]:
        return np.asarray(fine * np.abs(fine))
    from focusstack.fusion.loops.presence import halve_light  # loads the compiler

    half = [(side + 1) // 2 for side in fine.shape[:2]]
    planes = []
    for c in range(with_channels(fine).shape[2]):
        plane = np.empty(half, np.float32)
        halve_light()(np.ascontiguousarray(with_channels(fine)[..., c]), plane)
        planes.append(reduced(plane, shape))
    return planes[0] if fine.ndim == 2 else np.dstack(planes)


def changed(before: Float32, now: Float32, age: Float32, known: Mask, halvings: int) -> Mask:
    """Return where a frame shows something else than another one, beyond what defocus does.

    Parameters
    ----------
    before, now : (h, w, C) float32 ndarray
        Linear light of both.
    age : (h, w) float32 ndarray
        How many frames apart they are.
    known : (h, w) bool ndarray
        Where they can be compared.
    halvings : int
        From the grid to the larger windows.
    """
    seeds = np.zeros(now.shape[:2], np.uint8)
    first, second = before, now
    for halving in range(halvings + 1):
        if halving:
            first, second = with_channels(down(first)), with_channels(down(second))
        if halving < halvings - 1:
            continue
        sure = _beyond_defocus(first, second, _to(age, first.shape), small=halving < halvings)
        sure &= _to(known.astype(np.float32), first.shape) > LEAST_VALIDITY
        if sure.any():
            grown = cv2.resize(
                sure.view(np.uint8), seeds.shape[::-1], interpolation=cv2.INTER_NEAREST
            )
            seeds |= np.asarray(grown)
    if not seeds.any():
        return np.zeros(seeds.shape, bool)
    return whole(outlined(seeds, before, now, age, halvings), 2**halvings) & known


def _beyond_defocus(before: Float32, now: Float32, age: Float32, *, small: bool) -> Mask:
    """Windows whose light differs by more than defocus can do."""
    spread, least = (SMALL_SPREAD, SMALL_CHANGE) if small else (SPREAD, LEAST_CHANGE)
    allowed = np.maximum(_unevenness(before), _unevenness(now)) * np.float32(spread)
    change = np.abs(encoded(before) - encoded(now))
    return np.asarray((change - age[..., None] * allowed).max(axis=2) > least * age)


def outlined(
    seeds: NDArray[np.uint8], before: Float32, now: Float32, age: Float32, halvings: int
) -> Mask:
    """Return the areas around sure windows in which the two frames differ visibly."""
    reach = 2 * round(REACH * 2**halvings) + 1
    near = cv2.dilate(seeds, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    difference = np.abs(encoded(before) - encoded(now)).max(axis=2)
    areas = seeds | (near & (difference > LEAST_DIFFERENCE * age).view(np.uint8))
    _, labels = cv2.connectedComponents(areas)
    return np.isin(labels, np.unique(labels[seeds > 0]))


def whole(gone: Mask, window: int) -> Mask:
    """Return a mask without gaps: what is in two places, one over the other, is one spot.

    Parameters
    ----------
    gone : (h, w) bool ndarray
        Where something has changed.
    window : int
        Side of a window in cells.
    """
    if not gone.any():
        return gone
    side = 2 * round(GAP * window) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    room = side // 2
    padded = np.pad(gone.view(np.uint8), room)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc)[room:-room, room:-room]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(closed))
    large = stats[:, cv2.CC_STAT_AREA] > window**2
    large[0] = False
    return np.asarray(large[labels])


def _unevenness(light: Float32) -> Float32:
    """How much a window of twice the size sees otherwise, at most, around each place."""
    wide = with_channels(up(down(light), light.shape))
    most = cv2.dilate(np.abs(encoded(wide) - encoded(light)), np.ones((3, 3), np.uint8))
    return with_channels(np.asarray(most, np.float32))


def _to(plane: Float32, shape: tuple[int, ...]) -> Float32:
    return np.asarray(cv2.resize(plane, shape[1::-1], interpolation=cv2.INTER_AREA), np.float32)
