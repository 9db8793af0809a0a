"""Luma, the one plane that sharpness is judged on, and the colour differences beside it."""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.colour import LUMA
from focusstack.typing import Float32

_TO_CHROMA = np.array([1, 0, 0, 0, 0, 1], np.float32).reshape(2, 3) - LUMA
_FROM_CHROMA = np.linalg.inv(np.vstack([LUMA, _TO_CHROMA]).astype(float))[:, 1:].astype(np.float32)


def luma_of(image: Float32, dst: Float32 | None = None) -> Float32:
    """Luma ``(H, W)`` of encoded RGB or of a band of it; grey passes through."""
    if image.ndim == 2:
        return image
    return np.asarray(cv2.transform(image, LUMA[None, :], dst))


def luma_and_chroma(image: Float32) -> tuple[Float32, Float32]:
    """Split encoded RGB into luma Y ``(H, W)`` and ``(H, W, 2)`` differences R - Y, B - Y."""
    return luma_of(image), np.asarray(cv2.transform(image, _TO_CHROMA))


def rgb_of(luma: Float32, chroma: Float32) -> Float32:
    """Put together what :func:`luma_and_chroma` has split."""
    image = np.asarray(cv2.transform(chroma, _FROM_CHROMA), np.float32)
    return np.add(image, luma[..., None], out=image)
