"""Bends of a lens are found from tiles, and only where there are some."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.features.focus_order import pairs_in_order
from focusstack.alignment.matrices.ladder import Ladder
from focusstack.alignment.matrices.models import LENSES, MODELS
from focusstack.alignment.tiles.matches import Matches, isotropic
from focusstack.alignment.tiles.poses import Poses
from focusstack.alignment.tiles.shifts import TileShifts
from focusstack.geometry.coordinates import transform
from focusstack.geometry.lens import on_canvas, recorded, straightened
from focusstack.numeric.arrays import Floats, Matrix
from tests.support.bends import SIZE, grid, hand

SIGMA = 0.05


def tiles_between(H: Matrix, bend: Floats, seed: int = 0) -> list[Matches]:
    """Tiles of a grid on the canvas in every pair, seen by bent frames, with noise of `SIGMA`."""
    rng = np.random.default_rng(seed)
    ideal = straightened(grid(40.0), bend[0], SIZE)
    pixels = [
        recorded(transform(np.linalg.inv(M), ideal), b, SIZE) for M, b in zip(H, bend, strict=True)
    ]
    return [
        Matches(i, j, pixels[i], pixels[j] + rng.normal(0, SIGMA, ideal.shape), info)
        for i, j in pairs_in_order(range(len(H)))
        for info in [isotropic(len(ideal), SIGMA)]
    ]


@pytest.mark.parametrize("model", [m.name for m in LENSES if m.name != "lens"])
def test_a_changing_bend_is_recovered(model: str) -> None:
    H = hand(6)
    bend = np.stack([np.linspace(-0.010, -0.004, 6), np.linspace(0.001, -0.002, 6)], 1)
    bend[:, 1] -= bend[0, 1]
    tiles = tiles_between(H, bend)
    found = Ladder(SIZE, 0, H, []).fit(MODELS[model], tiles)
    p = grid(100.0)
    for k in range(6):
        there = on_canvas(p, found.matrices[k], found.bends[k], found.bends[0], SIZE)
        true = on_canvas(p, H[k], bend[k], bend[0], SIZE)
        assert np.sqrt(np.square(there - true).sum(1).mean()) < SIGMA


def test_a_constant_bend_is_recovered() -> None:
    H = hand(6)
    bend = np.tile([-0.012, 0.0], (6, 1))
    found = Ladder(SIZE, 0, H, []).fit(MODELS["lens"], tiles_between(H, bend))
    np.testing.assert_allclose(found.bends, bend, atol=0.001)


def test_the_ladder_asks_for_a_lens_only_where_there_is_one() -> None:
    H = hand(6)
    straight, bent = np.zeros((6, 2)), np.stack([np.linspace(0, 0.004, 6), np.zeros(6)], 1)
    ladder = Ladder(SIZE, 0, H, [])
    assert ladder.choose(tiles_between(H, straight), H).model not in LENSES
    assert ladder.choose(tiles_between(H, bent), H).model in LENSES


def test_tiles_become_pixels_as_each_frame_recorded_them() -> None:
    H, bend = hand(2), np.array([[0.01, 0.0], [0.016, 0.001]])
    poses = Poses(H, bend, 0, SIZE)
    centres = grid(90.0)[10:-10]
    none = np.zeros_like(centres)
    shifts = TileShifts(centres, none, isotropic(len(centres), 1.0), np.ones(len(centres)))
    found = poses.matches(0, 1, shifts)
    np.testing.assert_allclose(found.p, centres, atol=1e-5)
    np.testing.assert_allclose(on_canvas(found.q, H[1], bend[1], bend[0], SIZE), centres, atol=1e-5)


def test_a_strong_bend_is_a_lens() -> None:
    H = hand(6)
    bend = np.stack([np.linspace(0, 0.07, 6), np.zeros(6)], 1)
    assert Ladder(SIZE, 0, H, []).choose(tiles_between(H, bend), H).model in LENSES


def test_what_no_lens_can_be_is_not_taken_for_one() -> None:
    """Parallax may look like a bend that is no lens's; a plan with it could not be read back."""
    H = hand(6)
    bend = np.stack([np.linspace(0, 0.15, 6), np.zeros(6)], 1)
    assert Ladder(SIZE, 0, H, []).choose(tiles_between(H, bend), H).model not in LENSES
