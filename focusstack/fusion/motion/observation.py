"""What is looked at of a frame to find what moved: detail on a grid, and how sharp it is."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TypeAlias

import cv2
import numpy as np

from focusstack.fusion.levels.laplacian import down, up
from focusstack.fusion.motion.proof import Close
from focusstack.numeric.arrays import Float32, Mask

NARROW, WIDE = 2.0, 6.0
"""Standard deviations, in cells, of the windows for detail and for sharpness. Benchmark:
``python -m benchmarks.fusion``, *ghost*."""


LEAST_SIGMA = 3.0
"""Standard deviation, in cells, of a window on a reduced grid: narrower ones are no longer
Gaussian. ``pytest tests/fusion/motion/test_observation.py`` tells by how much."""


LEAST_VALIDITY = 0.9
"""Validity, 0..1, of places that are compared. Chosen, not measured: the rest may be clipped,
and clipped light tells nothing."""


Box: TypeAlias = tuple[slice, slice]
"""Rows and columns of the grid."""


@dataclass
class Sight:
    """A frame, or the sharpest of all frames, as motion is looked for in it; on the grid.

    Attributes
    ----------
    luma : (h, w) float32 ndarray
        Encoded luma.
    validity : (h, w) float32 ndarray
        1 where the luma is what the scene had, less where it was clipped or missing.
    detail : (h, w) float32 ndarray
        Root mean square of the finest detail.
    fine, sharp : (h, w) float32 ndarray
        Energy finer than the grid in a narrow and in a wide window.
    focus : (h, w) float32 ndarray
        Energy finer than the grid, in each cell.
    light : (h, w, C) float32 ndarray
        Linear light, as of :func:`focusstack.fusion.motion.presence.linear_light`.
    close : (H, W) uint8 ndarray
        Encoded luma in 255ths, finer than the grid by a power of two, or as the grid.
    """

    luma: Float32
    validity: Float32
    detail: Float32
    fine: Float32
    sharp: Float32
    focus: Float32
    light: Float32
    close: Close

    def copy(self) -> Sight:
        """Return a sight that can be changed without changing this one."""
        return Sight(*(getattr(self, plane.name).copy() for plane in fields(self)))

    def without_focus(self) -> Sight:
        """Return a sight that holds none of the memory of `focus`."""
        return replace(self, focus=np.zeros((0, 0), np.float32))

    def part(self, box: Box) -> Sight:
        """Return what is in some rows and columns."""
        scale = self.scale
        close = tuple(
            slice(side.start * scale, side.stop * scale) if side.stop else side for side in box
        )
        boxes = {"close": close}
        return Sight(
            *(
                np.ascontiguousarray(getattr(self, plane.name)[boxes.get(plane.name, box)])
                for plane in fields(self)
            )
        )

    @property
    def scale(self) -> int:
        """Pixels of `close` across a cell."""
        across: float = self.close.shape[0] / self.luma.shape[0]
        return round(across)

    def take(self, other: Sight, where: Mask, instead: Mask) -> None:
        """Let `other` take part.

        Parameters
        ----------
        other : Sight
            Of the same shape.
        where : (h, w) bool ndarray
            Where its luma, light and detail are to be seen. Energies are those of the sharpest.
        instead : (h, w) bool ndarray
            Where its energies, too, replace those so far.
        """
        seen = where.view(np.uint8)
        for name in ("luma", "validity", "detail", "light"):
            cv2.copyTo(getattr(other, name), seen, getattr(self, name))
        scale, (height, width) = self.scale, self.close.shape
        wide = seen if scale == 1 else np.repeat(np.repeat(seen, scale, 0), scale, 1)
        cv2.copyTo(other.close, np.ascontiguousarray(wide[:height, :width]), self.close)
        for own, plane in ((self.fine, other.fine), (self.sharp, other.sharp)):
            np.maximum(own, plane, out=own, where=where)
            np.copyto(own, plane, where=instead)


def sight(
    luma: Float32, focus: Float32, validity: Float32 | None, light: Float32, fine: Float32
) -> Sight:
    """Return what is needed of a frame.

    Parameters
    ----------
    luma : (h, w) float32 ndarray
        Encoded luma of the frame on the grid.
    focus : (h, w) float32 ndarray
        Energy of detail finer than the grid, on the grid.
    validity : (h, w) float32 ndarray, optional
        0..1; None is 1 everywhere.
    light : (h, w, C) float32 ndarray
        Its linear light.
    fine : (H, W) float32 ndarray
        Encoded luma finer than the grid by a power of two, or as the grid.
    """
    band = luma - up(down(luma), luma.shape)
    return Sight(
        luma=luma.copy(),
        validity=np.ones_like(luma) if validity is None else validity.copy(),
        detail=np.sqrt(window_mean(band * band, NARROW)),
        fine=window_mean(focus, NARROW),
        sharp=window_mean(focus, WIDE),
        focus=focus,
        light=light,
        close=np.asarray(np.rint(np.clip(fine, 0, 1) * np.float32(255)), np.uint8),
    )


def window_mean(plane: Float32, sigma: float) -> Float32:
    """Mean over a Gaussian window of standard deviation `sigma`.

    That of a wide window is worked out on a grid reduced by whole numbers, less what reduction by
    areas and linear interpolation blur themselves.
    """
    height, width = plane.shape
    step = int(sigma / LEAST_SIGMA)
    if step < 2 or min(height, width) < step:
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)
    own = (step**2 - 1) / 12 + step**2 / 6
    size = (-(-width // step), -(-height // step))
    padded = cv2.copyMakeBorder(
        plane, 0, step * size[1] - height, 0, step * size[0] - width, cv2.BORDER_REFLECT_101
    )
    small = cv2.resize(padded, size, interpolation=cv2.INTER_AREA)
    cv2.GaussianBlur(small, (0, 0), (sigma**2 - own) ** 0.5 / step, small)
    full = cv2.resize(small, (step * size[0], step * size[1]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(full[:height, :width], np.float32)
