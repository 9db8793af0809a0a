"""Displacements that are nowhere too steep, whatever depth and travel are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.geometry import parallax
from focusstack.geometry.determinant import LEAST, least_determinant
from focusstack.geometry.field import Field
from focusstack.geometry.parallax import SceneDepth, Viewpoint, placed_from, seen_from, untorn
from focusstack.geometry.slope import bounded, even_ways, yielding
from focusstack.numeric.arrays import Floats

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
    return np.asarray(
        np.clip(0.05 * ((x - 20) * np.cos(turn) + (y - 15) * np.sin(turn)), -0.5, 0.5)
    )


def determinants(field: Field, step: float = 0.5) -> Floats:
    """Of differences between points a thousandth of a pixel to either side, every half pixel."""
    x = np.arange(0.002, field.canvas_width - 1, step)
    y = np.arange(0.002, field.canvas_height - 1, step)
    places = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    right, down = (
        way + (field.at(places + 1e-3 * way) - field.at(places - 1e-3 * way)) / 2e-3
        for way in np.eye(2)
    )
    return np.asarray(right[:, 0] * down[:, 1] - right[:, 1] * down[:, 0])


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
    assert determinants(field).min() > LEAST


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


def moved_by(view: Viewpoint, grid: np.ndarray) -> tuple[Field, Field]:
    """Displacement as it is rendered, and what depth says."""
    scene = SceneDepth(grid.astype(np.float32), WIDTH, HEIGHT, 0.1)
    found, plain = placed_from(scene, view, None), seen_from(scene, view, None)
    assert found is not None
    assert plain is not None
    return found, plain


def test_what_lies_far_from_a_step_keeps_its_displacement() -> None:
    """A step by 8 pixels is spread over little more than it takes."""
    for way in (8.0, -8.0):
        found, plain = moved_by(Viewpoint((way, 0.0, 0.0), 0.0), depth_of("step", 3))
        changed = np.abs(found.grid - plain.grid)[15, :, 0] > 0
        # Pressed together by less than a half it takes 17 pixels, pulled apart to twice 8.
        falls = np.diff(plain.grid[15, :, 0]).min() < 0
        assert changed.sum() <= (8, 5)[not falls]


def test_along_an_edge_a_frame_moves_almost_freely() -> None:
    """What is displaced along a step of depth is neither pressed together nor pulled apart."""
    step = depth_of("step", 3)
    found, plain = moved_by(Viewpoint((0.0, 3.5, 0.0), 0.0), step)
    inner = np.diff(plain.grid[15, :, 1])
    assert np.abs(inner).max() / 4 == pytest.approx(0.875)
    assert np.abs(found.grid - plain.grid).max() < 0.6
    sheared, _ = moved_by(Viewpoint((0.0, 16.0, 0.0), 0.0), step)
    steep = np.abs(np.diff(sheared.grid[15, :, 1])).max() / 4
    assert 0.6 < steep < 1.02


def test_what_is_sharp_in_a_frame_keeps_its_place() -> None:
    """A stem before a far wall stays where it is when it is sharp; so does the wall."""
    stem = depth_of("stem", 7)
    near = stem[15] > 0
    for focus, sharp in ((0.5, near), (-0.5, ~near)):
        found, plain = moved_by(Viewpoint((16.0, 0.0, 0.0), focus), stem)
        off = np.abs(found.grid - plain.grid)[15, :, 0]
        assert off[sharp].max() < 1.0
        assert off[~sharp].max() > 2.0


def test_a_gap_is_filled_by_little_of_what_is_beside_it() -> None:
    """Nothing is drawn out to more than twice its size, and no more than that is taken away."""
    found, plain = moved_by(Viewpoint((16.0, 0.0, 0.0), 0.5), depth_of("stem", 7))
    drawn, left = determinants(plain), determinants(found)
    assert drawn.max() > 4
    assert drawn.min() < 0
    assert 1.8 < left.max() < 2.05
    assert 0.532 < left.min() < 0.56  # one half, and what is not looked at


def test_depth_as_it_is_found_needs_no_envelope(monkeypatch: pytest.MonkeyPatch) -> None:
    """No steep place is passed over, and none is left."""
    monkeypatch.setattr(parallax, "SHARES", (0.0,))
    for seed in range(4):
        found, _ = moved_by(Viewpoint((8.0, 5.0, 1.0), 0.0), depth_of("noise", seed))
        assert found.grid.any()


def test_what_is_blurred_gives_way_a_hundred_times_as_readily() -> None:
    depth = np.array([[0, 0.1, -0.1, 0.4, 1]], np.float32)
    found = yielding(depth, 0.0, 0.1)
    assert found[0] == pytest.approx([0.25, 1.25, 1.25, 16.25, 25])


def test_values_in_between_are_laid_where_they_jump() -> None:
    step = np.tile(np.array([0, 0, 0, 0, 9, 9, 9, 9], np.float32), (3, 1))
    found = bounded(step, even_ways((3, 8), (10.0, 10.0), 1.0))
    assert found[1].tolist() == pytest.approx([0, 0, 1.5, 3, 6, 7.5, 9, 9], abs=1e-5)
    gentle = (step / 4).astype(np.float32)
    assert bounded(gentle, even_ways((3, 8), (10.0, 10.0), 1.0)) is gentle
