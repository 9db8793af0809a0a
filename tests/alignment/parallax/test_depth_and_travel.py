"""Depth of planes and travel of frames, from tiles whose displacement is known."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.parallax.depth_and_travel import Geometry, SeenTiles
from focusstack.alignment.tiles.shifts import TileShifts
from focusstack.numeric.arrays import Float32, Floats

SIZE = (640, 480)
FRAMES = 5


def geometry(travel: Floats) -> Geometry:
    return Geometry(FRAMES, 0, SIZE, travel, np.linspace(-0.5, 0.5, FRAMES))


def stem(left: float, width: float) -> Float32:
    """Index of a near stem before a far wall."""
    x = np.arange(SIZE[0])
    near = (x >= left) & (x < left + width)
    return np.tile(np.where(near, FRAMES - 1, 0).astype(np.float32), (SIZE[1], 1))


@pytest.mark.parametrize("left", [300, 301, 302, 303])
def test_depth_of_a_thin_stem_is_kept_and_does_not_tear(left: int) -> None:
    scene = geometry(np.zeros((FRAMES, 3))).scene(stem(left, 8))
    row = scene.grid[scene.grid.shape[0] // 2]
    assert row.max() > 0.38
    # From -0.5 to 0.5 within some pixels, not from one to the next.
    wide = geometry(np.zeros((FRAMES, 3))).scene(stem(left, 200)).grid[60]
    assert np.abs(np.diff(wide)).max() < 0.93
    assert scene.grid.size <= SIZE[0] * SIZE[1] / 12


def seen(travel: Floats, noise: float, count: int = 60) -> SeenTiles:
    """Tiles of neighbours and next but one, displaced by travel times depth, with some noise."""
    rng = np.random.default_rng(0)
    found = []
    for step in (1, 2):
        for i in range(FRAMES - step):
            places = rng.uniform((0, 0), SIZE, (count, 2))
            index = rng.uniform(0, FRAMES - 1, count)
            depth = np.interp(index, np.arange(FRAMES), np.linspace(-0.5, 0.5, FRAMES))
            shifts = depth[:, None] * (travel[i + step] - travel[i])[:2]
            shifts = shifts + rng.normal(0, noise, shifts.shape)
            root = np.broadcast_to(np.eye(2) / noise, (count, 2, 2))
            found.append((i, i + step, TileShifts(places, shifts, root, np.ones(count), index)))
    return SeenTiles.of(found, {k: k for k in range(FRAMES)})


def test_travel_is_what_displaces_tiles_by_depth() -> None:
    travel = np.array([[0, 0, 0], [3, 1, 0], [5, -2, 0], [6, 2, 0], [9, 0, 0]], float)
    model, corrections = Geometry.still(FRAMES, 0, SIZE).solved(seen(travel, 0.05))
    depth = model.planes[-1] - model.planes[0]  # the deepest plane gets a half
    found = model.travel[:, :2] * model.half_diagonal * depth
    sign = np.sign(found[1, 0] * travel[1, 0])
    assert np.abs(sign * found - travel[:, :2]).max() < 0.3
    assert np.abs(corrections - np.eye(3)).max() < 0.2
