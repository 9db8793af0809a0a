"""Displacement of what is sharp at the same places in two frames, to a fraction of a pixel."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from focusstack.alignment.quality.templates import IN_PLACE, NEAR, TILE
from focusstack.alignment.tiles.shifts import tile_shifts
from focusstack.numeric.arrays import Float32, Points

LEAST_DETAIL = 0.004
"""Root mean square of a tile's fine detail, as a share of the stack's brightest, beneath which it
holds nothing to be found: one code in 256, about the noise of a good camera. Chosen, not
measured."""

ALIKE = 0.6
"""Share of the sharper tile's fine detail that both must have at the same places for their
displacement to be told to a fraction of a pixel: where blur differs, edges seem to move. Sets
without displacement keep 1 % of such tiles beyond 2.5 pixels then, and 1.5 % at half as much
(``python -m benchmarks.alignment``, *strong blur*)."""

SMOOTHEST, CLEAR, STRONG = 10, 5.0, 4.0
"""Percentile of all places whose fine detail is taken for grain, how many times its power a tile of
sharp detail has, and how many times `LEAST_DETAIL` it may have instead, where all of a frame is
textured: tiles of a phone's grain seem to move by some pixels (``python -m benchmarks.alignment``,
*noise* and *strong blur*)."""


class Sharpness(NamedTuple):
    """Where a small picture is sharp.

    Attributes
    ----------
    near : (h, w) float32 ndarray
        Square of its fine detail, and of what is near, so that an edge shows beside itself.
    tiles : (h, w) float32 ndarray
        Mean of that over the tile around each pixel.
    """

    near: Float32
    tiles: Float32

    @classmethod
    def of(cls, fine: Float32) -> Sharpness:
        """Spread the square of fine detail, NaN outside of the frame."""
        near = np.asarray(cv2.GaussianBlur(np.nan_to_num(fine), (0, 0), NEAR), np.float32)
        return cls(near, np.asarray(cv2.boxFilter(near, -1, (TILE, TILE)), np.float32))


def compare_closely(
    a: Float32, b: Float32, sharp: tuple[Sharpness, Sharpness], floor: float = 0.0
) -> Points:
    """Measure the displacement of tiles that are sharp at the same places in two pictures.

    Parameters
    ----------
    a, b : (h, w) float32 ndarray
        Band-passed; NaN outside.
    sharp : tuple of two Sharpness
        Of each.
    floor : float, optional
        Root mean square of fine detail beneath which a tile is not looked at.

    Returns
    -------
    (m, 2) float64 ndarray
        Displacements; those beyond two pixels are not to be believed.

    Examples
    --------
    >>> b = np.random.default_rng(0).normal(size=(160, 240)).astype(np.float32)
    >>> b = cv2.GaussianBlur(b, (0, 0), 2)
    >>> sharp = Sharpness.of(b * b)
    >>> compare_closely(np.roll(b, 1, 1), b, (sharp, sharp)).mean(0).round() + 0  # no -0
    array([-1.,  0.])
    """
    seen = np.isfinite(a) & np.isfinite(b)
    tiles = tile_shifts(np.nan_to_num(a), np.nan_to_num(b), seen.view(np.uint8), TILE, IN_PLACE)
    if not len(tiles.shifts):
        return np.zeros((0, 2))
    columns, rows = np.rint(tiles.centres).astype(int).T
    # What is sharp in one frame beside what is sharp in the other shows no edge twice.
    common = cv2.boxFilter(np.minimum(sharp[0].near, sharp[1].near), -1, (TILE, TILE))
    means = (sharp[0].tiles, sharp[1].tiles, common)
    first, second, shared = (mean[rows, columns] for mean in means)
    alike = shared >= ALIKE * np.maximum(first, second)
    # And grain alone is none: what the smoothest places of a frame show.
    inner = seen[::8, ::8]
    grain = [float(np.percentile(mean[::8, ::8][inner], SMOOTHEST)) for mean in means[:2]]
    clear = (first >= CLEAR * grain[0]) & (second >= CLEAR * grain[1])
    least = np.minimum(first, second)
    clear |= least >= (STRONG * max(floor, LEAST_DETAIL)) ** 2
    return np.asarray(tiles.shifts[alike & clear & (least >= floor**2) & (least > 0)])
