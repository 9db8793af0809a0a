"""The least determinant of a displacement, between its nodes as well."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from focusstack.geometry.determinant import ROUNDING, least_determinant
from focusstack.geometry.field import Field

WIDTH, HEIGHT = 121, 81


def by_pixels(field: Field, step: float = 0.25) -> float:
    """Least determinant of differences of displaced points a quarter of a pixel apart."""
    x, y = np.arange(0, field.canvas_width - 1, step), np.arange(0, field.canvas_height - 1, step)
    places = np.stack(np.meshgrid(x, y), -1)
    moved = places + field.at(places.reshape(-1, 2)).reshape(places.shape)
    right = (moved[:, 1:] - moved[:, :-1])[:-1] / step
    down = (moved[1:] - moved[:-1])[:, :-1] / step
    return float((right[..., 0] * down[..., 1] - right[..., 1] * down[..., 0]).min())


def test_nothing_moves_nothing() -> None:
    assert least_determinant(None) == 1
    assert least_determinant(Field(np.zeros((3, 3, 2), np.float32), WIDTH, HEIGHT)) == 1


def test_a_zoom_and_a_fold_are_measured() -> None:
    x, y = np.meshgrid(np.linspace(0, WIDTH - 1, 13), np.linspace(0, HEIGHT - 1, 9))
    zoomed = np.stack([-0.1 * x, -0.2 * y], -1).astype(np.float32)
    assert least_determinant(Field(zoomed, WIDTH, HEIGHT)) == pytest.approx(0.9 * 0.8, abs=1e-5)
    folded = np.stack([-1.5 * x, 0 * y], -1).astype(np.float32)
    assert least_determinant(Field(folded, WIDTH, HEIGHT)) == pytest.approx(-0.5, abs=1e-5)


@given(seed=st.integers(0, 2**32 - 1), size=st.floats(0.1, 3))
@example(seed=77664, size=1.0)  # whose least lies between the places looked at first
@settings(deadline=None, max_examples=40)
def test_it_is_what_pixels_see(seed: int, size: float) -> None:
    grid = np.random.default_rng(seed).normal(0, size, (9, 13, 2)).astype(np.float32)
    field = Field(grid, WIDTH, HEIGHT)
    told, seen = least_determinant(field), by_pixels(field)
    # How far something is folded over need not be told to the hundredth.
    assert told <= seen + (ROUNDING if told > 0.4 else 0.2 * max(1, abs(seen)))
    assert seen - 0.2 * max(1, abs(seen)) < told
