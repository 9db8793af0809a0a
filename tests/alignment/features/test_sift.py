"""Features and pair fits: known movements are found, strangers are not."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.features.sift import (
    Features,
    detect,
    fit_pair,
    match,
    plausible,
    spread,
)
from focusstack.frames.proxies.proxy import make_proxy
from focusstack.geometry.coordinates import identity, normalised, transform, translation
from focusstack.numeric.arrays import Image, Points
from focusstack.scene.stack import RenderedStack
from tests.alignment.movements import SIZE, grid, inverse, rms


def picture(frame: Image) -> Image:
    return make_proxy(frame, 1.0)[0].picture()


def noise(seed: int) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (360, 480, 3), np.uint8)


@pytest.fixture(scope="module")
def features(plane_stack: RenderedStack) -> list[Features]:
    return [detect(picture(frame)) for frame in plane_stack.frames]


# One pair -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("i", "j"), [(2, 3), (3, 2), (1, 3)])
def test_the_movement_between_two_frames_is_found(
    plane_stack: RenderedStack, features: list[Features], i: int, j: int
) -> None:
    fit = fit_pair(i, j, features[i], features[j], 3.0)
    assert fit is not None
    assert (fit.first, fit.second) == (i, j)
    truth = normalised(inverse(plane_stack.matrices[j]) @ plane_stack.matrices[i])
    assert rms(fit.matrix, truth) < 0.4
    # Features of frames in different focus are good to a fraction of a pixel, without bias.
    off = transform(truth, fit.p) - fit.q
    assert np.median(np.linalg.norm(off, axis=1)) < 0.4
    assert np.abs(np.median(off, axis=0)).max() < 0.05


def test_matches_do_not_depend_on_the_side(features: list[Features]) -> None:
    p, q = match(features[2], features[3])
    assert len(p) == len(q) > 100
    back_q, back_p = match(features[3], features[2])
    pairs = {(*a, *b) for a, b in zip(p.tolist(), q.tolist(), strict=True)}
    mirrored = {(*a, *b) for a, b in zip(back_p.tolist(), back_q.tolist(), strict=True)}
    # The ratio test looks from one side only; being nearest goes both ways.
    assert len(pairs & mirrored) > 0.9 * min(len(pairs), len(mirrored))


def test_detection_is_reproducible(plane_stack: RenderedStack, features: list[Features]) -> None:
    again = detect(picture(plane_stack.frames[0]))
    assert np.array_equal(again.points, features[0].points)
    assert np.array_equal(again.descriptors, features[0].descriptors)


def test_features_do_not_depend_on_when_they_are_described(
    plane_stack: RenderedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    dense = picture(plane_stack.frames[2])
    found = []
    for many in (0, 10**9):
        monkeypatch.setattr("focusstack.alignment.features.sift.MANY", many)
        found.append(detect(dense, 200))
    assert len(found[0].points) == 200
    assert np.array_equal(found[0].points, found[1].points)
    assert np.array_equal(found[0].descriptors, found[1].descriptors)


def test_descriptors_have_unit_length(features: list[Features]) -> None:
    assert np.linalg.norm(features[0].descriptors, axis=1) == pytest.approx(1, abs=1e-5)


def test_other_scenes_and_noise_do_not_fit(
    steps_stack: RenderedStack, features: list[Features]
) -> None:
    strangers = [detect(picture(frame)) for frame in (steps_stack.frames[3], noise(0), noise(1))]
    for stranger in strangers:
        assert fit_pair(0, 1, features[3], stranger, 3.0) is None
        assert fit_pair(0, 1, stranger, features[3], 3.0) is None
    assert fit_pair(0, 1, strangers[1], strangers[2], 3.0) is None


def test_an_even_frame_has_no_features(features: list[Features]) -> None:
    nothing = detect(np.full((360, 480), 128, np.uint8))
    assert nothing.points.shape == (0, 2)
    assert nothing.descriptors.shape == (0, 128)
    assert fit_pair(0, 1, nothing, features[0], 3.0) is None
    assert fit_pair(0, 1, features[0], nothing, 3.0) is None


def test_too_few_features_are_not_trusted(features: list[Features]) -> None:
    few = Features(features[3].points[:10], features[3].descriptors[:10])
    assert fit_pair(0, 1, features[3], few, 3.0) is None


def described(points: Points, seed: int = 0) -> Features:
    """Features, each with a descriptor of its own."""
    descriptors = np.random.default_rng(seed).random((len(points), 128), np.float32)
    descriptors /= np.linalg.norm(descriptors, axis=1, keepdims=True)
    return Features(points, descriptors)


def test_a_point_is_matched_once() -> None:
    points = grid()
    a = described(points)
    # A second point that looks nearly like the first, whose match is better.
    twin = a.descriptors[:1] + np.float32(0.02) * described(points, seed=5).descriptors[:1]
    twin /= np.linalg.norm(twin)
    doubled = Features(
        np.concatenate([points, [[7.0, 9.0]]]), np.concatenate([a.descriptors, twin])
    )
    p, q = match(doubled, a)
    assert np.array_equal(p, points)
    assert np.array_equal(q, points)


@pytest.mark.parametrize(("agreeing", "fits"), [(26, False), (100, True)])
def test_a_few_that_agree_among_many_that_do_not_are_chance(agreeing: int, fits: bool) -> None:
    rng = np.random.default_rng(0)
    p, q = rng.uniform((0, 0), SIZE, (2, 200, 2))
    q[:agreeing] = p[:agreeing] + [6, -4]
    found = fit_pair(0, 1, described(p), described(q), 3.0)
    assert (found is not None) == fits
    if found is not None:
        assert rms(found.matrix, translation(6, -4)) < 0.5
        assert len(found.p) == pytest.approx(agreeing, abs=3)


def test_only_movements_of_a_hand_are_plausible() -> None:
    points = grid()
    turn = np.radians([5, 40])
    gentle, wild = (
        np.array([[np.cos(t), -np.sin(t), 0], [np.sin(t), np.cos(t), 0], [0, 0, 1]]) for t in turn
    )
    assert plausible(identity(), points)
    assert plausible(gentle, points)
    assert plausible(np.diag([1.2, 1.2, 1.0]), points)
    assert not plausible(wild, points)
    assert not plausible(np.diag([2.0, 2.0, 1.0]), points)
    assert not plausible(np.diag([1.0, 0.5, 1.0]), points)
    assert not plausible(np.diag([-1.0, 1.0, 1.0]), points)


def test_chosen_points_are_spread() -> None:
    rng = np.random.default_rng(0)
    crowd = rng.uniform((0, 0), (40, 45), (900, 2))
    rest = rng.uniform((0, 0), SIZE, (300, 2))
    points = np.concatenate([crowd, rest])
    strength = np.r_[np.ones(900), np.full(300, 0.1)].astype(np.float32)
    kept = spread(points, strength, *SIZE, limit=300)
    assert len(kept) == 300
    assert len(np.unique(kept)) == 300
    # The crowded cell holds the strongest three quarters, but gets a small part.
    assert (kept < 900).sum() < 60


def test_the_strongest_of_a_cell_come_first() -> None:
    points = np.tile([[20.0, 20.0]], (10, 1))
    strength = np.arange(10, dtype=np.float32)
    assert spread(points, strength, *SIZE, limit=3).tolist() == [7, 8, 9]


@pytest.mark.parametrize(
    ("zoom", "turn", "plausibly"),
    [
        (1.35, 0, True), (1.7, 0, False), (1 / 1.35, 0, True), (1 / 1.7, 0, False),
        (1, 22, True), (1, -22, True), (1, 40, False), (1, -40, False),
    ],
)  # fmt: skip
def test_hands_zoom_and_turn_only_so_far(zoom: float, turn: float, plausibly: bool) -> None:
    c, s = zoom * np.cos(np.radians(turn)), zoom * np.sin(np.radians(turn))
    assert plausible(np.array([[c, -s, 3], [s, c, 5], [0, 0, 1]]), grid()) == plausibly


@pytest.mark.parametrize(("count", "fits"), [(11, False), (20, True)])
def test_a_fit_needs_some_inliers(count: int, fits: bool) -> None:
    points = np.random.default_rng(1).uniform((0, 0), SIZE, (count, 2))
    found = fit_pair(0, 1, described(points), described(points + 4), 3.0)
    assert (found is not None) == fits


@pytest.mark.parametrize(("nearest", "matched"), [(0.7, True), (0.93, False)])
def test_a_match_is_nearer_than_all_others(nearest: float, matched: bool) -> None:
    """The second nearest lies at a distance of 0.6, the nearest at this share of it."""
    descriptors = np.zeros((2, 128), np.float32)
    for row, distance in enumerate((nearest * 0.6, 0.6)):
        cosine = 1 - distance**2 / 2
        descriptors[row, [0, row + 1]] = cosine, np.sqrt(1 - cosine**2)
    other = np.eye(128, dtype=np.float32)[[0, 5]]
    p, _ = match(Features(np.zeros((2, 2)), other), Features(np.ones((2, 2)), descriptors))
    assert len(p) == matched
