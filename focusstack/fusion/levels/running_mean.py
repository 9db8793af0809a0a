"""One step of a weighted mean over frames, in place."""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.numeric.arrays import Float32

NEVER = np.float32(1e-20)
"""Weight of a place that is not valid, by 1 of a valid one: nothing beside any other, and enough
without any other. Any number far from both ends of float32 does."""

SCALE = 1e6
"""Factor of the weights that ``cv2.blendLinear`` is given: it adds 1e-5 to their sum."""


def blend(mean: Float32, frame: Float32, share: Float32, rest: Float32 | None = None) -> None:
    """Replace `mean` by ``(1 - share) * mean + share * frame``.

    Parameters
    ----------
    mean : (H, W[, 3]) float32 ndarray
        Changed in place.
    frame : (H, W[, 3]) float32 ndarray
        Not modified.
    share : (H, W) float32 ndarray
        0..1; overwritten.
    rest : (H, W) float32 ndarray, optional
        Memory to work in.
    """
    share *= SCALE
    rest = np.subtract(np.float32(SCALE), share, out=rest)
    cv2.blendLinear(mean, frame, rest, share, mean)
