"""Displacements that are nowhere too steep, whatever depth and travel are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.geometry.determinant import LEAST, least_determinant
from focusstack.geometry.field import Field
from focusstack.geometry.parallax import SceneDepth, Viewpoint, placed_from, seen_from, untorn
from focusstack.geometry.slope import bounded, even_ways

WIDTH, HEIGHT = 161, 121
SHAPE = (31, 41)

seeds = st.integers(0, 2**32 - 1)
travels = st.tuples(*[st.floats(-200, 200)] * 3)


def depth_of(kind: str, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if kind == "noise":
        return rng.uniform(-0.5, 0.5, SHAPE)
    if kind == "step":
        return np.where(np.arange(41) < rng.integers(5, 36), -0.5, 0.5) * np.ones((31, 1))
    if kind == "stem":
        at = rng.integers(3, 36)
        return np.where(abs(np.arange(41) - at) < 2, 0.5, -0.5) * np.ones((31, 1))
    y, x = np.mgrid[0:31, 0:41]
    turn = rng.uniform(0, 2 * np.pi)
    return np.clip(0.05 * ((x - 20) * np.cos(turn) + (y - 15) * np.sin(turn)), -0.5, 0.5)


@pytest.mark.parametrize("kind", ["noise", "step", "stem", "ramp"])
@given(seed=seeds, travel=travels, in_focus=st.booleans(), focus=st.floats(-0.5, 0.5))
@settings(deadline=None, max_examples=25)
def test_no_depth_and_no_travel_tear_a_frame(
    kind: str, seed: int, travel: tuple[float, float, float], in_focus: bool, focus: float
) -> None:
    scene = SceneDepth(depth_of(kind, seed).astype(np.float32), WIDTH, HEIGHT, 0.1)
    field = placed_from(scene, Viewpoint(travel, focus), None, in_focus=in_focus)
    assert field is not None
    assert least_determinant(field) > LEAST
    x, y = np.meshgrid(np.arange(0, WIDTH - 1, 0.5), np.arange(0, HEIGHT - 1, 0.5))
    moved = np.stack([x, y], -1)
    moved = moved + field.at(moved.reshape(-1, 2)).reshape(moved.shape)
    right, down = np.diff(moved, axis=1)[:-1] / 0.5, np.diff(moved, axis=0)[:, :-1] / 0.5
    assert (right[..., 0] * down[..., 1] - right[..., 1] * down[..., 0]).min() > LEAST


@given(seed=seeds, travel=travels, share=st.floats(0, 0.15))
@settings(deadline=None, max_examples=50)
def test_gentle_depth_is_left_as_it_is(
    seed: int, travel: tuple[float, float, float], share: float
) -> None:
    fast = 2 * np.linalg.norm(travel) + 1e-3
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, SHAPE)
    grid = (share * 4 * noise / fast).astype(np.float32)  # nodes are four pixels apart
    view = Viewpoint(travel, 0.0)
    scene = SceneDepth(grid, WIDTH, HEIGHT, 0.1)
    found, plain = placed_from(scene, view, None), seen_from(scene, view, None)
    assert found is not None
    assert plain is not None
    assert np.array_equal(found.grid, plain.grid)


@given(seed=seeds, size=st.floats(0, 40))
@settings(deadline=None, max_examples=25)
def test_a_field_is_untorn_with_whatever_comes_on_top(seed: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    field = Field(rng.normal(0, size, (4, 6, 2)).astype(np.float32), WIDTH, HEIGHT)
    whole = untorn(field)
    assert least_determinant(whole) > LEAST
    if least_determinant(field) > LEAST + 0.03:
        assert whole is field
    scene = SceneDepth(rng.uniform(-0.5, 0.5, SHAPE).astype(np.float32), WIDTH, HEIGHT, 0.1)
    both = placed_from(scene, Viewpoint((30.0, -20.0, 10.0), 0.0), whole)
    assert least_determinant(both) > LEAST


def test_what_lies_far_from_a_step_keeps_its_displacement() -> None:
    """A step by 8 pixels is spread over little more than it takes."""
    scene = SceneDepth(depth_of("step", 3).astype(np.float32), WIDTH, HEIGHT, 0.1)
    for way in (8.0, -8.0):
        view = Viewpoint((way, 0.0, 0.0), 0.0)
        found, plain = placed_from(scene, view, None), seen_from(scene, view, None)
        assert found is not None
        assert plain is not None
        changed = np.abs(found.grid - plain.grid)[15, :, 0] > 0
        # Pressed together by less than a half it takes 16 pixels to either side, pulled apart 8.
        falls = np.diff(plain.grid[15, :, 0]).min() < 0
        assert (8, 3)[not falls] <= changed.sum() <= (18, 8)[not falls]


def test_values_in_between_are_laid_where_they_jump() -> None:
    step = np.tile(np.float32([0, 0, 0, 0, 9, 9, 9, 9]), (3, 1))
    found = bounded(step, even_ways((3, 8), (10.0, 10.0), 1.0))
    assert found[1].tolist() == pytest.approx([0, 0, 1.5, 3, 6, 7.5, 9, 9], abs=1e-5)
    gentle = step / 4
    assert bounded(gentle, even_ways((3, 8), (10.0, 10.0), 1.0)) is gentle
