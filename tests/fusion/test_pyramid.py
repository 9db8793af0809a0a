"""The plain pyramid: at every level and place the strongest frame wins."""

from __future__ import annotations

import numpy as np

from focusstack.fusion.levels.laplacian import LaplacianPyramid
from focusstack.numeric.arrays import Float32
from tests.fusion.pictures import fuse

SHAPE = (64, 64)


def board(strength: float) -> Float32:
    """Pixels that alternate, and have next to nothing on coarser levels."""
    return np.asarray(strength * (1 - 2 * (np.indices(SHAPE).sum(axis=0) % 2)), np.float32)


def test_validity_decides_between_flat_frames() -> None:
    pyramid = LaplacianPyramid(SHAPE)
    pyramid.decompose(board(1))
    energy = float(np.mean(pyramid.bands[0][8:-8, 8:-8] ** 2))
    doubtful = [np.ones(SHAPE, np.float32), np.full(SHAPE, 0.5, np.float32)]
    for least, seen in ((1.4e-12, True), (0.7e-12, False)):
        faint = board((least / energy) ** 0.5)
        image = fuse("pyramid", [np.zeros(SHAPE, np.float32), faint], doubtful).image
        assert (np.abs(image[8:-8, 8:-8]).min() > 0.5 * faint.max()) == seen


def test_energy_is_that_of_five_by_five_pixels() -> None:
    dot = np.zeros(SHAPE, np.float32)
    dot[32, 32] = 1
    image = fuse("pyramid", [board(0.1), dot]).image
    assert (np.abs(image - board(0.1)) > 0.05).sum() == 5 * 5
