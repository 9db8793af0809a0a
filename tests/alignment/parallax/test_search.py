"""Parallax and focus index on layers of known depth and travel."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.alignment.parallax.focus_index import focus_index
from focusstack.alignment.parallax.search import Parallax, find_parallax
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.frames.proxies.proxy import Proxy
from focusstack.geometry.field import Field
from focusstack.numeric.arrays import Float32

WIDTH, HEIGHT = 560, 400
SIZE = (WIDTH, HEIGHT)
FAR, NEAR = -0.5, 0.5
COUNT = 6
REFERENCE = 3
PAIRS = [(i, i + o) for o in (1, 2, 4) for i in range(COUNT - o)]
STILL = Field(np.zeros((2, 2, 2), np.float32), WIDTH, HEIGHT)


def texture(seed: int) -> Float32:
    noise = np.random.default_rng(seed).uniform(0, 1, (HEIGHT, WIDTH)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 1.3)
    return np.asarray(0.4 + 2 * (smooth - smooth.mean()), np.float32)


def shifted(layer: Float32, by: np.ndarray) -> Float32:
    M = np.array([[1, 0, by[0]], [0, 1, by[1]]], float)
    moved = cv2.warpAffine(
        layer, M, (WIDTH, HEIGHT), flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(moved, np.float32)


def blurred(layer: Float32, sigma: float) -> Float32:
    return layer if sigma < 0.2 else np.asarray(cv2.GaussianBlur(layer, (0, 0), sigma), np.float32)


def frames(travel: np.ndarray) -> list[Proxy]:
    """A wall and a broad near stripe, focused from far to near, seen from several places."""
    wall, stripe = texture(1), texture(2)
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    mask[:, 200:330] = 1
    made = []
    for k, by in enumerate(travel):
        focus = FAR + (NEAR - FAR) * k / (COUNT - 1)
        back = blurred(shifted(wall, by * FAR), 5 * abs(focus - FAR))
        cover = blurred(shifted(mask, by * NEAR), 5 * abs(focus - NEAR))
        front = blurred(shifted(stripe, by * NEAR), 5 * abs(focus - NEAR))
        luma = np.clip(cover * front + (1 - cover) * back, 0.01, 0.99)
        made.append(Proxy(luma.astype(np.float32), np.zeros((HEIGHT, WIDTH), np.uint8)))
    return made


@pytest.fixture(scope="module")
def travel() -> np.ndarray:
    places = np.random.default_rng(4).uniform(-3, 3, (COUNT, 2))
    return np.asarray(places - places[REFERENCE])


def still(proxies: list[Proxy]) -> tuple[Series, Poses]:
    """Frames that nothing has moved yet."""
    series = Series(proxies.__getitem__, SIZE, REFERENCE, PAIRS, [1.0] * COUNT)
    return series, Poses.unbent(np.stack([np.eye(3)] * COUNT), REFERENCE, SIZE)


def found_in(proxies: list[Proxy]) -> Parallax:
    found = find_parallax(*still(proxies))
    assert found is not None
    return found


def test_travel_and_depth_are_recovered(travel: np.ndarray) -> None:
    found = found_in(frames(travel))
    assert found.proven
    wall = np.array([[90.0, 100.0], [90.0, 300.0], [450.0, 200.0]])
    stripe = np.array([[265.0, 100.0], [265.0, 200.0], [265.0, 300.0]])
    for k in range(COUNT):
        field = found.added_to(k, STILL)
        assert field is not None
        # The reference's place on the canvas, found in the frame where its layer has moved to.
        inverse = np.linalg.inv(found.poses.matrices[k])
        for places, depth in ((wall, FAR), (stripe, NEAR)):
            there = places + field.at(places)
            there = there @ inverse[:2, :2].T + inverse[:2, 2]
            error = np.linalg.norm(there - places - travel[k] * depth, axis=1)
            assert np.median(error) < 0.2, (k, depth, error)


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


def test_focus_index_tells_the_layers_apart() -> None:
    proxies = frames(np.zeros((COUNT, 2)))
    series, poses = still(proxies)
    index, _ = focus_index(series, poses, lambda _: None)
    assert index.shape == (HEIGHT, WIDTH)
    assert np.median(index[20:-20, 230:300]) == pytest.approx(COUNT - 1, abs=0.2)
    assert np.median(index[20:-20, 40:160]) == pytest.approx(0, abs=0.2)


def test_depth_is_a_guess_where_nothing_is_sharp() -> None:
    proxies = frames(np.zeros((COUNT, 2)))
    for proxy in proxies:
        proxy.luma[120:280, 380:540] = 0.5
    _, guessed = focus_index(*still(proxies), lambda _: None)
    assert guessed[160:240, 420:500].mean() > 0.9
    assert guessed[20:-20, 40:180].mean() < 0.1


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
