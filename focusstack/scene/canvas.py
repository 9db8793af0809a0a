"""Where a scene is painted: the reference frame and what other frames see around it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np

from focusstack.geometry.coordinates import Rect
from focusstack.numeric.arrays import Float32
from focusstack.scene.sheets import SAMPLES, Sheet

SOFTNESS = 0.9
"""Standard deviation in samples of a lens at its sharpest: it leaves no detail to alias."""


@dataclass(frozen=True)
class Canvas:
    """The surface that sheets are painted on.

    Attributes
    ----------
    size : tuple of int
        Width and height of the reference frame.
    rect : Rect
        All that any frame sees, in reference pixels.
    """

    size: tuple[int, int]
    rect: Rect

    @property
    def unit(self) -> float:
        """Reference pixels per scene unit: the frame shows at least 1.5 x 1 of them."""
        return min(self.size[0] / 1.5, self.size[1])

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of samples."""
        return self.rect.height * SAMPLES, self.rect.width * SAMPLES

    def grid(self) -> tuple[Float32, Float32]:
        """Return the scene coordinates X ``(1, W)`` and Y ``(H, 1)`` of the samples.

        The frame's centre is (0, 0), x right, y down.
        """
        h, w = self.shape
        x = (np.arange(w, dtype=np.float32) + 0.5) / SAMPLES - 0.5 + self.rect.x
        y = (np.arange(h, dtype=np.float32) + 0.5) / SAMPLES - 0.5 + self.rect.y
        x = (x - (self.size[0] - 1) / 2) / self.unit
        y = (y - (self.size[1] - 1) / 2) / self.unit
        return x[None, :].astype(np.float32), y[:, None].astype(np.float32)

    def samples(self, x: float, y: float) -> tuple[float, float]:
        """Return the sample position of scene point ``(x, y)``."""
        u = x * self.unit + (self.size[0] - 1) / 2 - self.rect.x
        v = y * self.unit + (self.size[1] - 1) / 2 - self.rect.y
        return (u + 0.5) * SAMPLES - 0.5, (v + 0.5) * SAMPLES - 0.5

    def sheet(
        self,
        light: Float32,
        alpha: Float32 | None,
        depth: tuple[float, float, float],
        corner: tuple[int, int] = (0, 0),
    ) -> Sheet:
        """Make a sheet of a painted picture, without its empty borders.

        Parameters
        ----------
        light : (H, W, 3) float32 ndarray
            Linear light, not premultiplied.
        alpha : (H, W) float32 ndarray or None
            Cover; None for a sheet that fills the canvas.
        depth : tuple of float
            Inverse depth ``a X + b Y + c`` in scene coordinates.
        corner : tuple of int, optional
            Sample ``(x, y)`` of the canvas at which the picture begins.
        """
        if alpha is None:
            paint = np.dstack([light, np.ones(light.shape[:2], np.float32)])
            x, y = corner
        else:
            x0, y0, w, h = cv2.boundingRect((alpha > 0).astype(np.uint8))
            cut = np.s_[y0 : y0 + h, x0 : x0 + w]
            cover = alpha[cut].astype(np.float32)
            reach = ceil(4 * SOFTNESS)
            room = [(reach, reach), (reach, reach), (0, 0)]
            paint = np.pad(np.dstack([light[cut] * cover[..., None], cover]), room)
            x, y = corner[0] + x0 - reach, corner[1] + y0 - reach
        pixels = np.asarray(cv2.GaussianBlur(paint, (0, 0), SOFTNESS), np.float32)
        a, b = depth[0] / self.unit, depth[1] / self.unit
        c = depth[2] - a * (self.size[0] - 1) / 2 - b * (self.size[1] - 1) / 2
        return Sheet(pixels, x + self.rect.x * SAMPLES, y + self.rect.y * SAMPLES, (a, b, c))
