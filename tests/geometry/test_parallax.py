"""Tests of focusstack.geometry.parallax: displacement from depth and travel."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from focusstack.geometry.field import Field
from focusstack.geometry.parallax import SceneDepth, Viewpoint

WIDTH, HEIGHT = 401, 301
CENTRE = np.array([[200.0, 150.0]])
HALFWAY = np.array([[300.0, 225.0]])

travels = st.tuples(*[st.floats(-20, 20)] * 3)


def scene(depth: float | np.ndarray, slab: float = 0.1) -> SceneDepth:
    grid = np.broadcast_to(np.asarray(depth, np.float32), (31, 41)).copy()
    return SceneDepth(grid, WIDTH, HEIGHT, slab)


@given(depth=st.floats(-0.5, 0.5), travel=travels)
def test_displacement_is_depth_times_travel(
    depth: float, travel: tuple[float, float, float]
) -> None:
    field = scene(depth).displacement(Viewpoint(travel, 0.0))
    x, y, z = travel
    np.testing.assert_allclose(field.at(CENTRE), [[depth * x, depth * y]], atol=1e-4)
    across, down = np.array([100.0, 75.0]) / (0.5 * np.hypot(WIDTH, HEIGHT))
    towards = [[depth * (x - across * z), depth * (y - down * z)]]
    np.testing.assert_allclose(field.at(HALFWAY), towards, atol=1e-4)


def test_in_focus_depth_is_followed_about_the_plane_alone() -> None:
    depth = np.linspace(-0.5, 0.5, 41, dtype=np.float32)[None, :]
    view = Viewpoint((10.0, 0.0, 0.0), 0.2)
    moved = scene(depth).displacement(view, in_focus=True).grid[15, :, 0]
    np.testing.assert_allclose(moved[26:31], 10 * depth[0, 26:31], atol=0.1)
    assert np.ptp(moved) < 0.4 * np.ptp(10 * depth)


def test_a_smooth_field_is_added() -> None:
    more = Field(np.full((3, 3, 2), (1.5, -0.5), np.float32), WIDTH, HEIGHT)
    field = scene(0.5).displacement(Viewpoint((4.0, 2.0, 0.0), 0.0), more)
    np.testing.assert_allclose(field.at(CENTRE), [[3.5, 0.5]], atol=1e-5)


def test_a_viewpoint_scales_with_the_picture() -> None:
    assert Viewpoint((1.0, -2.0, 3.0), 0.25).scaled(2) == Viewpoint((2.0, -4.0, 6.0), 0.25)


def test_rounding_is_idempotent_and_small() -> None:
    depth = np.random.default_rng(0).uniform(-0.5, 0.5, (31, 41)).astype(np.float32)
    once = scene(depth).rounded()
    assert np.array_equal(once.rounded().grid, once.grid)
    # A plan on disk holds steps of a 20000th.
    assert 2e-5 < np.abs(once.grid - depth).max() < 3e-5
