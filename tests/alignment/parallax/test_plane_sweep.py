"""Depth from a sweep over depths, of layers that lie far apart in frames from known places."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.parallax.focused_depth import Focus
from focusstack.alignment.parallax.plane_sweep import (
    Swept,
    placed_at,
    sweep_scale,
    swept_depth,
)
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.geometry.coordinates import transform
from focusstack.geometry.parallax import SceneDepth, Viewpoint
from tests.alignment.parallax.known_layers import COUNT, FAR, NEAR, REFERENCE, SIZE, frames, still

HALF = 0.5 * float(np.hypot(*SIZE))
WALL = np.s_[60:340, 40:150]
STRIPE = np.s_[60:340, 215:315]


def walked(pixels: float) -> np.ndarray:
    """Places of the frames along a slanted line, so that a layer moves by `pixels` in all."""
    step = np.linspace(0, pixels, COUNT)[:, None] * (0.9, -0.4)
    return np.asarray(step - step[REFERENCE])


@pytest.fixture(scope="module")
def far_apart() -> tuple[Series, Poses, np.ndarray]:
    travel = walked(30)
    return *still(frames(travel)), np.column_stack([travel, np.zeros(COUNT)]) / HALF


@pytest.fixture(scope="module")
def swept(far_apart: tuple[Series, Poses, np.ndarray]) -> Swept:
    return swept_depth(*far_apart)


def test_layers_lie_at_their_depths(swept: Swept) -> None:
    for where, depth in ((WALL, FAR), (STRIPE, NEAR)):
        off = np.abs(swept.depth[where] - depth)
        assert np.median(off) < 0.03, depth
        assert np.percentile(off, 95) < 0.1, depth


def test_places_with_detail_are_no_guesses(swept: Swept) -> None:
    assert swept.guessed[WALL].mean() < 0.1
    assert swept.guessed[STRIPE].mean() < 0.1


def test_what_shows_nothing_is_a_guess() -> None:
    proxies = frames(walked(30))
    for proxy in proxies:
        proxy.luma[100:300, 400:540] = 0.5
    series, poses = still(proxies)
    travel = np.column_stack([walked(30), np.zeros(COUNT)]) / HALF
    assert swept_depth(series, poses, travel).guessed[150:250, 440:500].mean() > 0.9


def test_focus_agrees_with_the_depth_found(far_apart: tuple[Series, Poses, np.ndarray]) -> None:
    focus = Focus(np.linspace(FAR, NEAR, COUNT), 0.2, 1.0)
    found = swept_depth(*far_apart, focus)
    assert np.median(np.abs(found.depth[WALL] - FAR)) < 0.03
    assert np.median(np.abs(found.depth[STRIPE] - NEAR)) < 0.03


def test_a_frame_placed_at_a_depth_lies_as_its_field_says() -> None:
    travel, depth = np.array([0.02, -0.01, 0.03]), 0.4
    scene = SceneDepth(np.full((9, 9), depth, np.float32), *SIZE, 0.1)
    x, y, z = travel * HALF
    field = scene.displacement(Viewpoint((x, y, z), 0.0))
    places = np.array([[10.0, 20], [300, 200], [500, 390]])
    np.testing.assert_allclose(
        transform(placed_at(depth, travel, SIZE), places), places + field.at(places), atol=1e-3
    )


@pytest.mark.parametrize(
    ("size", "scale"), [((800, 600), 1.0), ((1008, 756), 0.5), ((1800, 1200), 0.5)]
)
def test_large_proxies_are_swept_small(size: tuple[int, int], scale: float) -> None:
    assert sweep_scale(size) == scale
