"""From noisy votes to a depth map that knows everywhere."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.levels.laplacian import up
from focusstack.fusion.levels.pull_push import halvings, pull_push
from focusstack.numeric.arrays import Float32
from focusstack.runtime.scratch import Room
from focusstack.runtime.strips import AROUND, row_strips, strips

ENOUGH = 0.4
"""Confidence, 0..1, from which on depth needs no help from its surroundings: at an outline these
lie at another depth. Benchmark: ``python -m benchmarks.fusion``, *depth rank*."""

LEAST_WEIGHT = 1e-6
"""Confidence beneath which a mean of it is rounding error of float32: of no unit, chosen, not
measured."""


def completed(depth: Float32, confidence: Float32) -> Float32:
    """Fill in depth where nothing is textured from the nearest surroundings that are.

    Parameters
    ----------
    depth, confidence : (H, W) float32 ndarray
        Depth and how sure it is, 0..1.

    Returns
    -------
    (H, W) float32 ndarray
        `depth` where it is sure enough; the less it is, the more a blend with its
        confidence-weighted mean over ever larger surroundings.
    """
    sure = np.minimum(confidence / np.float32(ENOUGH), np.float32(1))
    mean = pull_push(
        sure * depth,
        sure,
        halvings(*depth.shape),
        _blended,
        least=LEAST_WEIGHT,
        otherwise=float(depth.mean()),
    )
    return np.asarray(mean, np.float32)


def _blended(value: Float32, weight: Float32, coarser: Float32) -> Float32:
    """Own means as far as there is weight, the coarser ones for the rest."""
    own = np.divide(value, weight, out=np.zeros_like(value), where=weight > LEAST_WEIGHT)
    sure = np.clip(weight, 0, 1)
    return np.asarray(sure * own + (1 - sure) * coarser)


def regularised(depth: Float32, confidence: Float32, smoothing: float = 0.0) -> Float32:
    """Depth map without holes, and without outliers if smoothed.

    Parameters
    ----------
    depth, confidence : (H, W) float32 ndarray
        Raw depth and how sure it is.
    smoothing : float, optional
        Standard deviation in pixels of a further confidence-weighted mean. Outlines of things in
        front suffer from it, so there is none by default.
    """
    whole = completed(depth, confidence)
    if smoothing <= 0:
        return whole
    whole = np.asarray(cv2.medianBlur(whole, 5))
    weight = confidence + np.float32(1e-4)
    weighted = cv2.GaussianBlur(weight * whole, (0, 0), smoothing)
    return np.asarray(weighted / cv2.GaussianBlur(weight, (0, 0), smoothing), np.float32)


SURE = 0.1
"""Confidence, 0..1, from which on the sharpest frame is known to be the source: beneath, what
has no texture would show noise. Chosen, not measured."""


def source_map(
    index: NDArray[np.uint16], depth: Float32, confidence: Float32, room: Room | None = None
) -> NDArray[np.uint16]:
    """Frame of each pixel: the sharpest where that is sure, else the nearest to the depth.

    Parameters
    ----------
    index : (h, w) uint16 ndarray
        Sharpest frame, on a reduced grid.
    depth, confidence : (H, W) float32 ndarray
        Depth and how sure it is.
    room : Room, optional
        Where they lie.
    """
    nearest = cv2.resize(index, depth.shape[::-1], interpolation=cv2.INTER_NEAREST)
    source = np.asarray(nearest, np.uint16)
    for rows in row_strips(*depth.shape):
        unsure = confidence[rows] <= SURE
        np.copyto(source[rows], np.rint(depth[rows]).astype(np.uint16), where=unsure)
        if room is not None:
            room.tidy()
    return source


def enlarged(plane: Float32, shape: tuple[int, ...], most: float, room: Room) -> Float32:
    """Return a map on the second level's grid at full size, held between 0 and `most`.

    Parameters
    ----------
    plane : (h, w) float32 ndarray
        The map.
    shape : tuple of int
        Full height and width first.
    most : float
        Largest value.
    room : Room
        Where the result lies.
    """
    full = room.zeros((shape[0], shape[1]), np.float32)
    for strip in strips(shape[0], shape[1], AROUND):
        rows = strip.wide.stop - strip.wide.start
        part = up(plane[strip.wide_half], (rows, shape[1]))[strip.inner]
        np.clip(part, 0, most, out=full[strip.rows])
        room.tidy()
    return full
