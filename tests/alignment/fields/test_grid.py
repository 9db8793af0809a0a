"""Displacement fields from tiles: smooth where the scene is, torn where something moves alone."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.fields.fallback import standing_in
from focusstack.alignment.fields.grid import REST_SIGMA, SIZE_SIGMA, SLOPE_SIGMAS, Grid
from focusstack.alignment.tiles.shifts import TileShifts
from focusstack.numeric.arrays import Points

SIZE = 960, 640
NOISE_PX = 0.15


def grid(slope: float = SLOPE_SIGMAS[0]) -> Grid:
    """Two frames, the first of which does not move."""
    return Grid(21, 31, SIZE, 2, 0, slope=slope)


def tiles(displacement: Points, places: Points, seed: int = 0) -> TileShifts:
    """Measured at places, with noise that they know of."""
    rng = np.random.default_rng(seed)
    root = np.broadcast_to(np.eye(2) * 2.3 / NOISE_PX, (len(places), 2, 2))
    shifts = displacement + rng.normal(0, NOISE_PX, places.shape)
    return TileShifts(places, shifts, root.copy(), np.ones(len(places)))


def spread(step: int = 24) -> Points:
    """Centres of tiles all over the canvas."""
    x, y = np.meshgrid(np.arange(30, SIZE[0] - 30, step), np.arange(30, SIZE[1] - 30, step))
    return np.stack([x.ravel(), y.ravel()], 1).astype(float)


def smooth(places: Points) -> Points:
    """A slope of half a pixel over the picture."""
    return np.stack([places[:, 0] / SIZE[0] - 0.5, places[:, 1] / SIZE[1] - 0.5], 1) * 0.5


def torn(places: Points) -> Points:
    """The left half moves by a pixel, the right half stays."""
    return np.stack([np.where(places[:, 0] < SIZE[0] / 2, 1.0, 0.0), np.zeros(len(places))], 1)


def error(slope: float, true: Points, places: Points) -> float:
    """Root mean square error of the fitted field at tiles, pixels."""
    nothing = np.zeros((2, 21, 31, 2))
    equations = grid().equations([(0, 1, tiles(true, places))], nothing)
    assert equations is not None
    loose = grid().solve(equations, nothing)  # as coarser tiles, which see farther, leave it
    fields = grid(slope).solve(equations, loose)
    seen = equations.places.seen(fields.reshape(-1, 2))
    return float(np.sqrt(np.square(seen - true).sum(1).mean()))


def test_smooth_displacement_is_best_held_stiff() -> None:
    places = spread()
    true = smooth(places)
    assert error(0.1, true, places) < 0.6 * error(1.0, true, places)
    assert error(0.1, true, places) < 0.05


def test_a_stiff_field_tears_where_something_moves_alone() -> None:
    places = spread()
    true = torn(places)
    away = np.abs(places[:, 0] - SIZE[0] / 2) > 64
    assert error(0.1, true[away], places[away]) < 0.06


@pytest.mark.parametrize("seed", [0, 1])
def test_held_out_tiles_choose_stiff_fields_for_smooth_displacement(seed: int) -> None:
    places, nothing = spread(), np.zeros((2, 21, 31, 2))
    equations = grid().equations([(0, 1, tiles(smooth(places), places, seed))], nothing)
    assert equations is not None
    assert grid().stiffest(equations, nothing)[0].slope < SLOPE_SIGMAS[0]


def test_without_displacement_held_out_tiles_prove_nothing() -> None:
    places, nothing = spread(), np.zeros((2, 21, 31, 2))
    equations = grid().equations([(0, 1, tiles(np.zeros_like(places), places))], nothing)
    assert equations is not None
    stiff, foretold = grid().stiffest(equations, nothing)
    assert stiff.held_out(equations, foretold).share > 0.98


# Coarser tiles --------------------------------------------------------------------------------


def test_places_and_pairs_of_tiles_are_told_again() -> None:
    places = spread()
    seen = grid().places(np.array([0, 1]), places)
    assert grid().centres(seen) == pytest.approx(places, abs=1e-3)
    assert (grid().pairs(seen) == 1).all()  # frame 0 of 2, and frame 1


def test_coarser_tiles_stand_in_where_finer_ones_see_nothing() -> None:
    coarse, fine = Grid(11, 16, SIZE, 3, 0), Grid(21, 31, SIZE, 3, 0)
    wide = spread(48)
    dense = spread()[spread()[:, 0] < SIZE[0] / 2]  # the right half is soft
    nothing = np.zeros((3, 11, 16, 2))
    pair, other = tiles(smooth(wide), wide), tiles(torn(wide), wide)
    coarser = coarse.equations([(0, 1, pair), (1, 2, other)], nothing)
    finer = fine.equations([(0, 1, tiles(smooth(dense), dense))], np.zeros((3, 21, 31, 2)))
    assert coarser is not None
    assert finer is not None
    found = standing_in((coarse, coarser), (fine, finer), 24)
    at, pairs = fine.centres(found.places), fine.pairs(found.places)
    of_first, of_other = pairs == 1, pairs == 5
    # A pair without finer tiles keeps all; the other those out of their sight, with what they tell.
    assert np.count_nonzero(of_other) == len(wide)
    assert at[of_first, 0].min() > SIZE[0] / 2
    expected = wide[:, 0] > dense[:, 0].max() + 24 + 16
    assert np.count_nonzero(of_first) >= np.count_nonzero(expected) > 50
    right = [np.argmin(np.linalg.norm(wide - p, axis=1)) for p in at[of_first]]
    assert found.target[of_first] == pytest.approx(pair.shifts[right], abs=1e-5)


def test_on_top_of_parallax_a_field_stays_small_where_no_tile_tells() -> None:
    places, nothing = spread(), np.zeros((2, 21, 31, 2))
    left = places[places[:, 0] < SIZE[0] / 3]
    truth = np.tile([0.8, 0.0], (len(left), 1))
    ends = []
    for largest in (SIZE_SIGMA, REST_SIGMA):
        stiff = Grid(21, 31, SIZE, 2, 0, slope=0.1, largest=largest)
        equations = stiff.equations([(0, 1, tiles(truth, left))], nothing)
        assert equations is not None
        fields = stiff.solve(equations, nothing)
        assert fields[1, 5:-5, 2:8, 0].mean() == pytest.approx(0.8, abs=0.05)
        ends.append(fields[1, 5:-5, -3:, 0].mean())
    assert abs(ends[1]) < 0.5 * abs(ends[0])
