"""What is looked at of a frame to find what moved: detail on a grid, and how sharp it is."""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np

from focusstack.fusion.laplacian import down, up
from focusstack.typing import Float32, Mask

NARROW, WIDE = 2.0, 6.0
"""Standard deviations, in cells, of the windows for detail and for sharpness."""


@dataclass
class Sight:
    """A frame, or the sharpest of all frames, as motion is looked for in it; on the grid.

    Attributes
    ----------
    luma : (h, w) float32 ndarray
        Encoded luma.
    trust : (h, w) float32 ndarray
        1 where the luma is what the scene had, less where it was clipped or missing.
    detail : (h, w) float32 ndarray
        Root mean square of the finest detail.
    fine, sharp : (h, w) float32 ndarray
        Energy finer than the grid in a narrow and in a wide window.
    """

    luma: Float32
    trust: Float32
    detail: Float32
    fine: Float32
    sharp: Float32

    def take(self, other: Sight, where: Mask) -> None:
        """Replace what is known by `other`'s."""
        for plane in fields(self):
            np.copyto(getattr(self, plane.name), getattr(other, plane.name), where=where)


def sight(luma: Float32, focus: Float32, trust: Float32 | None) -> Sight:
    """Return what is needed of a frame.

    Parameters
    ----------
    luma : (h, w) float32 ndarray
        Encoded luma of the frame on the grid.
    focus : (h, w) float32 ndarray
        Energy of detail finer than the grid, on the grid.
    trust : (h, w) float32 ndarray, optional
        0..1; None is 1 everywhere.
    """
    band = luma - up(down(luma), luma.shape)
    return Sight(
        luma=luma.copy(),
        trust=np.ones_like(luma) if trust is None else trust.copy(),
        detail=np.sqrt(window_mean(band * band, NARROW)),
        fine=window_mean(focus, NARROW),
        sharp=window_mean(focus, WIDE),
    )


def window_mean(plane: Float32, sigma: float) -> Float32:
    """Mean over a Gaussian window of standard deviation `sigma`."""
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)
