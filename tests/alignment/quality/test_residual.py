"""Residuals by zone and on a map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from focusstack.alignment.quality.residual import summary, zone_masks

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
