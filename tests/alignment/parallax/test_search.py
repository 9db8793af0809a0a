"""Parallax of layers of known depth and travel."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.parallax.depth_and_travel import Geometry
from focusstack.alignment.parallax.search import Parallax, Search, find_parallax
from focusstack.alignment.quality.held_out import HeldOut
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.frames.proxies.proxy import Proxy
from tests.alignment.parallax.known_layers import (
    COUNT,
    HEIGHT,
    PAIRS,
    REFERENCE,
    SIZE,
    WIDTH,
    errors,
    frames,
    still,
)


@pytest.fixture(scope="module")
def travel() -> np.ndarray:
    places = np.random.default_rng(4).uniform(-3, 3, (COUNT, 2))
    return np.asarray(places - places[REFERENCE])


def found_in(proxies: list[Proxy]) -> Parallax:
    found = find_parallax(*still(proxies))
    assert found is not None
    return found


def test_travel_and_depth_are_recovered(travel: np.ndarray) -> None:
    found = found_in(frames(travel))
    assert found.proven
    for k, depth, error in errors(found, travel):
        assert np.median(error) < 0.07, (k, depth, error)


def test_frames_from_one_place_have_no_parallax() -> None:
    assert not found_in(frames(np.zeros((COUNT, 2)))).proven


def test_the_reference_does_not_move(travel: np.ndarray) -> None:
    found = found_in(frames(travel))
    np.testing.assert_allclose(found.poses.matrices[REFERENCE], np.eye(3), atol=1e-12)
    view = found.views[REFERENCE]
    assert view is not None
    assert view.travel == (0.0, 0.0, 0.0)


def test_two_frames_are_too_few(travel: np.ndarray) -> None:
    proxies = frames(travel)[:2]
    poses = Poses.unbent(np.stack([np.eye(3)] * 2), 0, SIZE)
    series = Series(proxies.__getitem__, SIZE, 0, [(0, 1)], [1.0] * 2)
    assert find_parallax(series, poses) is None


def test_a_guess_counts_as_error_as_far_as_frames_travel(travel: np.ndarray) -> None:
    proxies = frames(travel)
    whole = found_in(proxies)
    for proxy in proxies:
        proxy.luma[120:280, 380:540] = 0.5
    partly = found_in(proxies)
    assert whole.guessed_px[REFERENCE] == 0
    others = np.arange(COUNT) != REFERENCE
    assert (partly.guessed_px[others] > whole.guessed_px[others]).all()
    # A tenth of the picture is empty; depths are two and the travel a few pixels.
    assert 0.1 < partly.guessed_px[others].mean() < 1


@pytest.mark.parametrize(
    ("share", "gained", "proven", "likely"),
    [
        (0.6, 0.0, True, False),
        (0.8, 0.0, False, False),
        (0.9, 0.95, False, True),
        (0.9, 0.8, False, False),
        (0.98, 0.95, False, False),
    ],
)
def test_what_proves_parallax(share: float, gained: float, proven: bool, likely: bool) -> None:
    _, poses = still([])
    scene = Geometry.still(COUNT, REFERENCE, SIZE).scene(np.zeros((HEIGHT, WIDTH), np.float32))
    held = HeldOut(1.0, share, gained, share)
    found = Parallax(poses, scene, (None,) * COUNT, held, np.zeros(COUNT))
    assert (found.proven, found.likely) == (proven, likely)


def test_four_frames_are_enough_to_look_for_travel(travel: np.ndarray) -> None:
    proxies = frames(travel)[:4]
    poses = Poses.unbent(np.stack([np.eye(3)] * 4), 0, SIZE)
    pairs = [(i, j) for i, j in PAIRS if j < 4]
    assert Search.begun(Series(proxies.__getitem__, SIZE, 0, pairs, [1.0] * 4), poses) is not None
