"""The one plane that sharpness is judged on."""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.colour import LUMA
from focusstack.typing import Float32


def luma_of(image: Float32, dst: Float32 | None = None) -> Float32:
    """Luma ``(H, W)`` of encoded RGB or of a band of it; grey passes through."""
    if image.ndim == 2:
        return image
    return np.asarray(cv2.transform(image, LUMA[None, :], dst))
