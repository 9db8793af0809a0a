"""Lenses that bend lines: positions, and the field that completes a matrix."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from focusstack.geometry.coordinates import transform
from focusstack.geometry.field import Field
from focusstack.geometry.lens import STRAIGHT, displacement, on_canvas, recorded, straightened
from tests.support.bends import SIZE, grid, hand

bends = st.tuples(st.floats(-0.05, 0.05), st.floats(-0.02, 0.02))


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


def test_beyond_where_a_bend_has_an_inverse_places_stay_finite() -> None:
    far = np.array([[-400.0, -300.0], [2600.0, 1900.0]])
    for bend in ((-0.2, 0.0), (-0.15, -0.05), (0.2, 0.0)):
        assert np.abs(recorded(far, bend, (2000, 1500))).max() < 1e4
