"""A square of the picture, as the frames that matter there show it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.images.colour import decode
from focusstack.numeric.arrays import Float32

TONE_OFFSET = 0.01
"""Linear light added under the root that makes noise even: that of dark places is not their
light's. Benchmark: ``python -m benchmarks.fusion``; anything near it will do."""

CLIPPED = 0.985
"""Encoded value from which on a frame may hold less light than there was. Chosen, not measured."""

BLIND = 8
"""Pixels along the border of a square in which nothing is compared: what lies outside blurs in."""


@dataclass(frozen=True, eq=False)
class Tile:
    """What frames show in a square.

    Attributes
    ----------
    light : (n, C, H, W) float32 ndarray
        Linear.
    weight : (n, C, H, W) float32 ndarray
        One by the standard deviation that noise has there; 0 where a frame says nothing.
    focus : (n,) int64 ndarray
        Numbers of the frames.
    depth : (H, W) float32 ndarray
        Frame in which each pixel is sharp, as far as that is known.
    sure : (H, W) bool ndarray
        Where it is.
    today : (C, H, W) float32 ndarray
        Composite, linear.
    """

    light: Float32
    weight: Float32
    focus: NDArray[np.int64]
    depth: Float32
    sure: NDArray[np.bool_]
    today: Float32

    def some(self, which: slice) -> Tile:
        """Return the square as some of its frames show it."""
        light, weight, focus = self.light[which], self.weight[which], self.focus[which]
        return Tile(light, weight, focus, self.depth, self.sure, self.today)

    def halved(self) -> Tile:
        """Return the square at half its size: two by two pixels become one."""
        sure = halved(self.sure.astype(np.float32)) > 0.5
        return Tile(
            halved(self.light), halved(self.weight), self.focus,
            halved(self.depth), sure, halved(self.today),
        )  # fmt: skip


def weighed(encoded: Float32, validity: NDArray[np.uint8], noise: float) -> tuple[Float32, Float32]:
    """Return linear light of frames, and how much their pixels weigh.

    Noise is about even in the square root of light, to which the weights carry differences over.

    Parameters
    ----------
    encoded : (n, C, H, W) float32 ndarray
        Frames, 1 is white.
    validity : (n, H, W) uint8 ndarray
        255 where a frame is to be trusted.
    noise : float
        Standard deviation in the square root of light.
    """
    light = decode(encoded)
    weight = np.float32(0.5 / noise) / np.sqrt(light + np.float32(TONE_OFFSET))
    open_ = (validity == 255) & (encoded.max(1) < CLIPPED)
    seen = np.zeros_like(open_)
    seen[:, BLIND:-BLIND, BLIND:-BLIND] = open_[:, BLIND:-BLIND, BLIND:-BLIND]
    return light, np.asarray(weight * seen[:, None], np.float32)


def halved(planes: Float32) -> Float32:
    """Mean of every two by two pixels of ``(..., H, W)``."""
    rows = planes[..., 0::2, :] + planes[..., 1::2, :]
    return np.asarray((rows[..., 0::2] + rows[..., 1::2]) * np.float32(0.25))


def doubled(planes: Float32) -> Float32:
    """Planes ``(..., H, W)`` at twice their size, linearly between pixels."""
    height, width = planes.shape[-2:]
    flat = planes.reshape(-1, height, width)
    size = (2 * width, 2 * height)
    found = np.stack([cv2.resize(p, size, interpolation=cv2.INTER_LINEAR) for p in flat])
    return np.asarray(found.reshape(*planes.shape[:-2], *found.shape[-2:]), np.float32)
