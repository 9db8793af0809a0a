"""Luma, the one plane that sharpness is judged on, and the colour differences beside it."""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.images.colour import LUMA
from focusstack.numeric.arrays import Float32
from focusstack.runtime.strips import row_strips

_SPLIT = np.vstack([LUMA, [[1, 0, 0], [0, 0, 1]] - LUMA]).astype(np.float32)
_JOIN = np.linalg.inv(_SPLIT.astype(float)).astype(np.float32)
"""Matrices from RGB to luma and two differences of colour (red, blue less luma), and back."""


def luma_of(image: Float32, dst: Float32 | None = None) -> Float32:
    """Luma ``(H, W)`` of encoded RGB or of a band of it; grey passes through."""
    if image.ndim == 2:
        return image
    return np.asarray(cv2.transform(image, LUMA[None, :], dst))


def split(image: Float32, luma: Float32, chroma: Float32) -> None:
    """Split encoded RGB into luma Y ``(H, W)`` and ``(H, W, 2)`` differences R - Y, B - Y."""
    for rows in row_strips(*luma.shape):
        mixed = cv2.transform(image[rows], _SPLIT)
        cv2.mixChannels([mixed], [luma[rows], chroma[rows]], [0, 0, 1, 1, 2, 2])


def join(luma: Float32, chroma: Float32) -> Float32:
    """Put together what :func:`split` has split."""
    image = np.empty((*luma.shape, 3), np.float32)
    for rows in row_strips(*luma.shape):
        part = image[rows]
        cv2.mixChannels([luma[rows], chroma[rows]], [part], [0, 0, 1, 1, 2, 2])
        cv2.transform(part, _JOIN, part)
    return image
