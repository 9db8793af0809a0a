"""Residuals by zone and on a map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from focusstack.alignment.quality.residual import residual_map, summary, zone_masks

SIZE = (900, 600)


@given(st.floats(0, 900), st.floats(0, 600))
def test_every_place_has_one_zone(x: float, y: float) -> None:
    assert sum(m[0] for m in zone_masks(np.array([[x, y]]), SIZE).values()) == 1


def test_zones_tell_corners_from_the_centre() -> None:
    places = np.array([[450.0, 300], [10, 300], [10, 10], [890, 590], [200, 100]])
    found = summary(places, np.array([1.0, 2, 3, 5, 4]), SIZE)
    assert found is not None
    assert found.zones["centre"].median == 1
    assert found.zones["edge"].median == 2
    assert found.zones["corner"].median == 4
    assert found.tiles == 5
    assert summary(np.zeros((0, 2)), np.zeros(0), SIZE) is None


def test_residuals_scale() -> None:
    found = summary(np.array([[450.0, 300]]), np.array([0.2]), SIZE)
    assert found is not None
    assert found.scaled(2).median == pytest.approx(0.4)
    assert found.scaled(2).zones["centre"].p95 == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("place", "zone"),
    [
        ((0.12, 0.5), "edge"),
        ((0.18, 0.5), "centre"),
        ((0.5, 0.88), "edge"),
        ((0.2, 0.2), "corner"),
        ((0.3, 0.3), "centre"),
    ],
)
def test_zones_are_shares_of_the_picture(place: tuple[float, float], zone: str) -> None:
    found = zone_masks(np.array([place]) * SIZE, SIZE)
    assert [name for name, mask in found.items() if mask[0]] == [zone]


def test_a_map_has_a_hundred_cells_with_what_enough_tiles_say() -> None:
    few, enough = np.full((4, 2), 20.0), np.full((7, 2), 500.0)
    lengths = np.r_[np.full(4, 0.9), np.linspace(0.1, 0.7, 7)]
    found = residual_map(np.concatenate([few, enough]), lengths, SIZE)
    assert found.shape == (8, 12)  # square ones, of a picture of 3:2
    assert np.isfinite(found).sum() == 1
    assert np.nanmax(found) == pytest.approx(0.4)
