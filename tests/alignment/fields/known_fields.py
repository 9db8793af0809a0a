"""Tiles that see a known displacement, with noise that they know of."""

from __future__ import annotations

import numpy as np

from focusstack.alignment.fields.grid import SLOPE_SIGMAS, Grid
from focusstack.alignment.tiles.shifts import TileShifts
from focusstack.numeric.arrays import Floats, Points

SIZE = 960, 640
NOISE_PX = 0.15


def grid(slope: float = SLOPE_SIGMAS[0]) -> Grid:
    """Two frames, the first of which does not move."""
    return Grid(21, 31, SIZE, 2, 0, slope=slope)


def tiles(displacement: Floats, places: Points, seed: int = 0) -> TileShifts:
    """Measured at places, with noise that they know of."""
    rng = np.random.default_rng(seed)
    root = np.broadcast_to(np.eye(2) * 2.3 / NOISE_PX, (len(places), 2, 2))
    shifts = displacement + rng.normal(0, NOISE_PX, places.shape)
    return TileShifts(places, shifts, root.copy(), np.ones(len(places)))


def spread(step: int = 24) -> Floats:
    """Centres of tiles all over the canvas."""
    x, y = np.meshgrid(np.arange(30, SIZE[0] - 30, step), np.arange(30, SIZE[1] - 30, step))
    return np.stack([x.ravel(), y.ravel()], 1).astype(float)


def smooth(places: Points) -> Floats:
    """A slope of half a pixel over the picture."""
    return np.stack([places[:, 0] / SIZE[0] - 0.5, places[:, 1] / SIZE[1] - 0.5], 1) * 0.5


def torn(places: Points) -> Floats:
    """The left half moves by a pixel, the right half stays."""
    return np.stack([np.where(places[:, 0] < SIZE[0] / 2, 1.0, 0.0), np.zeros(len(places))], 1)
