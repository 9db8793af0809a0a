"""Gaussian and Laplacian pyramids that reuse their memory from frame to frame.

P. J. Burt and E. H. Adelson, "The Laplacian Pyramid as a Compact Image Code", IEEE Transactions on
Communications 31(4), 1983.
"""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.numeric.arrays import Float32

SMALLEST_SIDE = 8
"""Pixels: no level gets smaller than this, but there is always one band-pass level. Chosen, not
measured."""

MOST_LEVELS = 8
"""Band-pass levels at most: the coarsest one averages over 2**8 pixels, so that wide blur has
levels of its own. Benchmark: ``python -m benchmarks.fusion``, *halo*."""


def level_shapes(height: int, width: int, most: int = MOST_LEVELS) -> list[tuple[int, int]]:
    """Return ``(height, width)`` of every level, finest first, the low-pass base last."""
    shapes = [(height, width)]
    while len(shapes) == 1 or (len(shapes) <= most and min(shapes[-1]) >= 2 * SMALLEST_SIDE):
        h, w = shapes[-1]
        shapes.append(((h + 1) // 2, (w + 1) // 2))
    return shapes


def down(image: Float32, dst: Float32 | None = None) -> Float32:
    """Halve `image` with the 5 x 5 binomial kernel; odd sizes round up."""
    return np.asarray(cv2.pyrDown(image, dst))


def up(image: Float32, shape: tuple[int, ...], dst: Float32 | None = None) -> Float32:
    """Double `image` to `shape` (height, width first), the counterpart of :func:`down`."""
    return np.asarray(cv2.pyrUp(image, dst, (shape[1], shape[0])))


def reduced(image: Float32, shape: tuple[int, ...]) -> Float32:
    """Halve `image` until it has the height and width of `shape`, that of a coarser level."""
    while image.shape[:2] != shape[:2]:
        image = down(image)
    return image


class LaplacianPyramid:
    """Band-pass levels and base of one image after another, in memory allocated once.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)`` or ``(H, W, 3)`` of the images.
    most : int, optional
        Band-pass levels at most.
    shapes : list of tuple of int, optional
        Sizes of all levels, if known; there may be no band-pass level then.

    Attributes
    ----------
    shapes : list of tuple of int
        ``(height, width)`` of each level, the base last.
    bands : list of ndarray
        The band-pass levels of the latest image, finest first; overwritten by the next.
    gauss : list of ndarray
        The image reduced to the size of each level from the second on.
    base : ndarray
        The low-pass remainder of the latest image.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        most: int = MOST_LEVELS,
        shapes: list[tuple[int, int]] | None = None,
    ) -> None:
        self.shapes = level_shapes(shape[0], shape[1], most) if shapes is None else shapes
        self._full = [np.empty(s + shape[2:], np.float32) for s in self.shapes]
        self.bands = self._full[:-1]
        self.base = self._full[-1]
        self.gauss = [np.empty(s + shape[2:], np.float32) for s in self.shapes[1:]]

    def decompose(self, image: Float32) -> None:
        """Fill `bands` and `base` from `image`."""
        fine = image
        for band, gauss in zip(self.bands, self.gauss, strict=True):
            down(fine, gauss)
            up(gauss, band.shape, band)
            cv2.subtract(fine, band, band)
            fine = gauss
        np.copyto(self.base, fine)


def collapse(bands: list[Float32], base: Float32) -> Float32:
    """Add up band-pass levels (finest first) and base to the image they describe."""
    image = base
    for band in reversed(bands):
        image = up(image, band.shape)
        cv2.add(image, band, image)
    return image
