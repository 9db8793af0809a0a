"""Where a scene is painted: the reference frame and what other frames see around it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np

from focusstack.geometry import Rect
from focusstack.scene.sheets import SAMPLES, Sheet
from focusstack.typing import Float32

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
    ) -> Sheet:
        """Cut the painted part out of a picture of the whole canvas.

        Parameters
        ----------
        light : (H, W, 3) float32 ndarray
            Linear light, not premultiplied.
        alpha : (H, W) float32 ndarray or None
            Cover; None for a sheet that fills the canvas.
        depth : tuple of float
            Inverse depth ``a X + b Y + c`` in scene coordinates.
        """
        a, b = depth[0] / self.unit, depth[1] / self.unit
        c = depth[2] - a * (self.size[0] - 1) / 2 - b * (self.size[1] - 1) / 2
        h, w = self.shape
        x0, y0, x1, y1 = 0, 0, w, h
        cover = np.ones((h, w), np.float32) if alpha is None else alpha
        if alpha is not None:
            rows, columns = np.flatnonzero(alpha.any(1)), np.flatnonzero(alpha.any(0))
            y0, y1 = (int(rows[0]), int(rows[-1]) + 1) if rows.size else (0, 1)
            x0, x1 = (int(columns[0]), int(columns[-1]) + 1) if columns.size else (0, 1)
            reach = ceil(4 * SOFTNESS)
            x0, y0 = max(x0 - reach, 0), max(y0 - reach, 0)
            x1, y1 = min(x1 + reach, w), min(y1 + reach, h)
        cut = np.s_[y0:y1, x0:x1]
        paint = np.dstack([light[cut] * cover[cut][..., None], cover[cut]]).astype(np.float32)
        pixels = np.asarray(cv2.GaussianBlur(paint, (0, 0), SOFTNESS), np.float32)
        x, y = x0 + self.rect.x * SAMPLES, y0 + self.rect.y * SAMPLES
        return Sheet(pixels, x, y, (a, b, c))
