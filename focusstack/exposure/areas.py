"""Areas of the scene as a frame shows them: their light, and where in the frame they lie."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from focusstack.exposure.gains import DARKEST, RegisteredBlocks
from focusstack.exposure.shading import coordinates
from focusstack.frames.proxies.proxy import BLOCK
from focusstack.geometry.coordinates import transform
from focusstack.numeric.arrays import Floats, Mask, Matrix

MOST_AREAS, LEAST_AREAS = 2000, 300
"""About how many areas of a frame are compared. Chosen, not measured: more cost time
(``python -m benchmarks.speed``)."""

MOST_ROWS = 60_000
"""About how many areas of all pairs together are enough, if each has the fewest. Bounds the time
of the fit for long stacks (``python -m benchmarks.speed``)."""

AROUND = 9
"""Side, in blocks, of the surroundings whose contrast tells how far blur may change a mean: an
area of 5 blocks and two more on either side. Chosen, not measured."""


@dataclass(frozen=True)
class Areas:
    """Areas of the canvas, as a frame shows them.

    Attributes
    ----------
    log : (N,) float64 ndarray
        Logarithm of linear light, mean of the channels.
    features : (N, 5) float64 ndarray
        ``r², r⁴, u, v`` of its place in the frame, see `focusstack.exposure.shading`, and `log`.
    usable : (N,) bool ndarray
        Whether the area is in the frame, and neither clipped nor dark.
    contrast : (N,) float64 ndarray
        Standard deviation of `log` around it.
    darkest : (N,) float64 ndarray
        Linear light of the darkest channel.
    right, bottom : (N,) bool ndarray
        In which half of the canvas it lies.
    """

    log: Floats
    features: Floats
    usable: Mask
    contrast: Floats
    darkest: Floats
    right: Mask
    bottom: Mask


def areas_of(b: RegisteredBlocks, H: Matrix, size: tuple[int, int], pairs: int = 1) -> Areas:
    """Every few blocks, an area of the canvas as a frame shows it.

    Parameters
    ----------
    b : RegisteredBlocks
        Of the frame.
    H : (3, 3) ndarray
        Proxy pixel to canvas proxy pixel.
    size : tuple of int
        Width and height of the proxies.
    pairs : int, optional
        How many pairs are compared: the more, the fewer areas of each will do.
    """
    height, width = b.usable.shape
    wanted = min(MOST_AREAS, max(LEAST_AREAS, MOST_ROWS / pairs))
    step = max(2, int(np.ceil(np.sqrt(height * width / wanted))))
    part = np.s_[::step, ::step]
    light = np.log(np.maximum(b.mean, DARKEST / 10)).mean(axis=2)
    mean = cv2.blur(light, (AROUND, AROUND))
    contrast = np.sqrt(np.maximum(cv2.blur(light * light, (AROUND, AROUND)) - mean * mean, 0))
    x, y = np.meshgrid(np.arange(0, width, step), np.arange(0, height, step))
    canvas = np.asarray((np.stack([x.ravel(), y.ravel()], 1) + 0.5) * BLOCK - 0.5, float)
    own = transform(np.asarray(np.linalg.inv(H), float), canvas)
    darkest = b.mean[part].min(axis=2).ravel().astype(float)
    log = light[part].ravel().astype(float)
    return Areas(
        log,
        np.concatenate([coordinates(own, size), log[:, None]], axis=1),
        b.usable[part].ravel() & (darkest > DARKEST),
        contrast[part].ravel().astype(float),
        darkest,
        canvas[:, 0] > (size[0] - 1) / 2,
        canvas[:, 1] > (size[1] - 1) / 2,
    )
