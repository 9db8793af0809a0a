"""Parallax of layers that lie farther apart than tiles see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from focusstack.alignment.parallax.far_search import agreeing, find_far_parallax
from focusstack.alignment.parallax.feature_travel import FeatureTravel
from focusstack.alignment.parallax.search import Parallax
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.geometry.parallax import seen_from
from tests.alignment.parallax.known_layers import COUNT, FAR, REFERENCE, errors, still
from tests.alignment.parallax.known_layers import frames as layers
from tests.alignment.parallax.test_plane_sweep import HALF, walked

NOTHING = np.zeros((0, 2)), np.zeros(0)


def start(travel: np.ndarray, off: float = 0.0) -> FeatureTravel:
    """What features might say, `off` by this, in pixels."""
    told = np.column_stack([travel * (1 + off / np.ptp(travel)), np.zeros(COUNT)]) / HALF
    matrices = np.stack([np.eye(3)] * COUNT)
    rest = np.arange(COUNT) != REFERENCE
    matrices[rest, 0, 2] += off / 2
    return FeatureTravel(matrices, told, *NOTHING)


@pytest.fixture(scope="module")
def travel() -> np.ndarray:
    return walked(30)


@pytest.fixture(scope="module")
def stack(travel: np.ndarray) -> tuple[Series, Poses]:
    return still(layers(travel))


@pytest.fixture(scope="module")
def found(stack: tuple[Series, Poses], travel: np.ndarray) -> Parallax:
    # By matrices the wall lies right.
    series, poses = stack
    wall = poses.matrices.copy()
    wall[:, :2, 2] -= travel * FAR
    least = agreeing(series, replace(poses, matrices=wall))
    parallax = find_far_parallax(series, poses.kept, start(travel, off=1.0), least)
    assert parallax is not None
    return parallax


def test_far_travel_is_followed_to_a_fraction_of_a_pixel(
    found: Parallax, travel: np.ndarray
) -> None:
    for k, depth, error in errors(found, travel):
        assert np.median(error) < 0.3, (k, depth, error)


def test_it_is_proven_and_the_reference_does_not_move(found: Parallax) -> None:
    assert found.proven
    np.testing.assert_allclose(found.poses.matrices[REFERENCE], np.eye(3), atol=1e-12)
    view = found.views[REFERENCE]
    assert view is not None
    assert view.travel == (0.0, 0.0, 0.0)


def test_frames_are_focused_from_far_to_near(found: Parallax) -> None:
    planes = [view.focus for view in found.views if view is not None]
    assert planes == sorted(planes)
    assert planes[0] < -0.25
    assert planes[-1] > 0.25
    assert 0.1 < found.scene.slab < 0.6


def test_travel_that_is_not_there_is_not_followed() -> None:
    series, poses = still(layers(walked(0)))
    least = agreeing(series, poses)
    assert find_far_parallax(series, poses.kept, start(walked(30)), least) is None


def test_what_explains_no_more_than_its_rival_is_not_followed(
    stack: tuple[Series, Poses], found: Parallax, travel: np.ndarray
) -> None:
    series, poses = stack
    as_many = agreeing(series, found.poses, lambda k: seen_from(found.scene, found.views[k], None))
    assert find_far_parallax(series, poses.kept, start(travel), 1.03 * as_many) is None


def test_two_frames_are_too_few(stack: tuple[Series, Poses], travel: np.ndarray) -> None:
    series, _ = stack
    assert find_far_parallax(series, sorted((REFERENCE, 0)), start(travel), 0) is None
