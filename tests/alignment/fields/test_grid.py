"""Displacement fields from tiles: smooth where the scene is, torn where something moves alone."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.fields.grid import REST_SIGMA, SIZE_SIGMA, SLOPE_SIGMAS, Grid, grid_shape
from focusstack.alignment.tiles.shifts import TileShifts
from focusstack.numeric.arrays import Floats, Points
from tests.alignment.fields.known_fields import SIZE, grid, smooth, spread, tiles, torn


def error(slope: float, true: Floats, places: Points) -> float:
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


def test_places_and_pairs_of_tiles_are_told_again() -> None:
    places = spread()
    seen = grid().places(np.array([0, 1]), places)
    assert grid().centres(seen) == pytest.approx(places, abs=1e-3)
    assert (grid().pairs(seen) == 1).all()  # frame 0 of 2, and frame 1


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


@pytest.mark.parametrize(("measured", "claimed"), [(0.2, 0.46), (0.001, 0.06)])
def test_tiles_that_overlap_are_less_sure_than_they_claim(measured: float, claimed: float) -> None:
    places = spread()[:5]
    root = np.broadcast_to(np.eye(2) / measured, (5, 2, 2)).copy()
    shifts = TileShifts(places, np.zeros((5, 2)), root, np.ones(5))
    found = grid().equations([(0, 1, shifts)], np.zeros((2, 21, 31, 2)))
    assert found is not None
    assert 1 / np.sqrt(found.info[:, 0, 0]) == pytest.approx(claimed, rel=0.25)


def test_nodes_lie_two_small_tiles_apart() -> None:
    assert grid_shape(*SIZE) == (21, 31)  # every 32 pixels


@pytest.mark.parametrize("largest", [SIZE_SIGMA, REST_SIGMA])
def test_what_no_tile_tells_is_thought_to_be_as_small_as_it_may(largest: float) -> None:
    """Tiles that together claim as much as the prior of all nodes: half of it is believed."""
    stiff = Grid(21, 31, SIZE, 2, 0, slope=1e-3, largest=largest)
    places = np.array([[x, 320.0] for x in np.linspace(100, 800, 40)])
    wished = {SIZE_SIGMA: 10.0, REST_SIGMA: 1.0}[largest]
    each = np.sqrt(40 * wished**2 / stiff.nodes)
    root = np.broadcast_to(np.eye(2) * 2.3 / each, (40, 2, 2)).copy()
    shifts = TileShifts(places, np.tile([0.3, 0.0], (40, 1)), root, np.ones(40))
    nothing = np.zeros((2, 21, 31, 2))
    equations = stiff.equations([(0, 1, shifts)], nothing)
    assert equations is not None
    assert stiff.solve(equations, nothing)[1, ..., 0].mean() == pytest.approx(0.15, rel=0.25)
