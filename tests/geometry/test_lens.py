"""Lenses that bend lines: positions, the field that completes a matrix, and finding the bend."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from focusstack.alignment.features.focus_order import pairs_in_order
from focusstack.alignment.matrices.ladder import Ladder
from focusstack.alignment.matrices.models import LENSES, MODELS
from focusstack.alignment.tiles.matches import Matches, isotropic
from focusstack.alignment.tiles.poses import Poses
from focusstack.alignment.tiles.shifts import TileShifts
from focusstack.geometry.coordinates import normalised, scaling, transform, translation
from focusstack.geometry.field import Field
from focusstack.geometry.lens import STRAIGHT, displacement, on_canvas, recorded, straightened
from focusstack.numeric.arrays import Matrix, Points

SIZE = (900, 600)
SIGMA = 0.05

bends = st.tuples(st.floats(-0.05, 0.05), st.floats(-0.02, 0.02))


def grid(step: float = 50.0) -> Points:
    x, y = np.meshgrid(np.arange(0, SIZE[0], step), np.arange(0, SIZE[1], step))
    return np.stack([x.ravel(), y.ravel()], 1).astype(np.float64)


def hand(count: int, seed: int = 0) -> Matrix:
    """Matrices of a hand that shifts and turns, through a lens that breathes."""
    rng = np.random.default_rng(seed)
    found = [np.eye(3)]
    for k in range(1, count):
        turn = rng.normal(0, 0.004)
        H = translation(*rng.normal(0, 8, 2)) @ scaling(1 + 0.006 * k)
        found.append(H @ np.array([[1, -turn, 0], [turn, 1, 0], [0, 0, 1]]))
    return np.stack([normalised(H) for H in found])


def tiles_between(H: Matrix, bend: Points, seed: int = 0) -> list[Matches]:
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


@given(bends)
def test_recorded_pixels_are_where_straight_ones_came_from(bend: tuple[float, float]) -> None:
    p = grid()
    np.testing.assert_allclose(straightened(recorded(p, bend, SIZE), bend, SIZE), p, atol=1e-5)


@pytest.mark.parametrize("bend", [(0.2, 0.0), (-0.1, 0.0), (0.1, 0.1)])
def test_the_strongest_bends_have_an_inverse(bend: tuple[float, float]) -> None:
    p = grid()
    np.testing.assert_allclose(straightened(recorded(p, bend, SIZE), bend, SIZE), p, atol=1e-6)


def test_a_bend_moves_the_corner_by_its_share_of_the_half_diagonal() -> None:
    corner, middle = np.array([[899.0, 599.0]]), np.array([[449.5, 299.5]])
    out = straightened(corner, (0.01, 0.002), SIZE) - middle
    # Half the diagonal reaches half a pixel beyond the corner's centre.
    assert out == pytest.approx((corner - middle) * 1.012, abs=0.03)
    assert straightened(middle, (0.01, 0.002), SIZE) == pytest.approx(middle)


def test_the_reference_needs_no_field() -> None:
    assert displacement(np.eye(3), (0.01, 0.0), (0.01, 0.0), SIZE) is None
    assert displacement(hand(2)[1], STRAIGHT, STRAIGHT, SIZE) is None


@given(bends, bends)
def test_the_field_leads_to_the_pixel_that_lies_there(
    bend: tuple[float, float], canvas: tuple[float, float]
) -> None:
    H = hand(4)[3]
    p = grid(60.0)[20:-20]
    field = displacement(H, bend, canvas, SIZE)
    at = on_canvas(p, H, bend, canvas, SIZE)
    inside = ((at >= 0) & (at <= np.array(SIZE) - 1)).all(1)
    found = at if field is None else at + field.at(at)
    np.testing.assert_allclose(transform(np.linalg.inv(H), found)[inside], p[inside], atol=0.02)


def test_other_displacement_comes_before_the_lens() -> None:
    """Parallax is measured on the canvas; the lens then bends the place that it leads to."""
    H, bend, canvas = hand(3)[2], (0.02, 0.0), (-0.01, 0.0)
    shift = Field(np.tile(np.array([5, -3], np.float32), (4, 6, 1)), *SIZE)
    both = displacement(H, bend, canvas, SIZE, shift)
    alone = displacement(H, bend, canvas, SIZE)
    assert both is not None
    assert alone is not None
    x = grid(60.0)[20:-20]
    there = x + [5, -3]
    np.testing.assert_allclose(x + both.at(x), there + alone.at(there), atol=0.02)


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


def test_beyond_where_a_bend_has_an_inverse_places_stay_finite() -> None:
    far = np.array([[-400.0, -300.0], [2600.0, 1900.0]])
    for bend in ((-0.2, 0.0), (-0.15, -0.05), (0.2, 0.0)):
        assert np.abs(recorded(far, bend, (2000, 1500))).max() < 1e4


def test_what_no_lens_can_be_is_not_taken_for_one() -> None:
    """Parallax may look like a bend that is no lens's; a plan with it could not be read back."""
    H = hand(6)
    bend = np.stack([np.linspace(0, 0.15, 6), np.zeros(6)], 1)
    assert Ladder(SIZE, 0, H, []).choose(tiles_between(H, bend), H).model not in LENSES
