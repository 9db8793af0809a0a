"""Estimated errors are those of known truth."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.matrices.ladder import Ladder
from focusstack.alignment.matrices.models import MODELS
from focusstack.alignment.quality.accuracy import (
    certainty,
    probes,
    split_half,
    structure,
    support,
    without_common_movement,
)
from focusstack.alignment.quality.residual import Left, left_between
from focusstack.alignment.tiles.matches import isotropic
from focusstack.geometry.coordinates import transform, translation
from focusstack.numeric.arrays import Floats, Matrix
from tests.alignment.quality.known_tiles import SIGMA, SIZE, bent, similarities, tiles_between


def positions(H: Matrix) -> Floats:
    """Where the matrices put the probes of every frame."""
    return np.stack([transform(M, probes(SIZE)) for M in H])


def true_errors(found: Matrix, truth: Matrix) -> Floats:
    """Root mean square error of each frame after the best common movement."""
    x, y = np.meshgrid(np.linspace(0, SIZE[0] - 1, 9), np.linspace(0, SIZE[1] - 1, 9))
    p = np.stack([x.ravel(), y.ravel()], 1)
    a, b = (np.stack([transform(H, p) for H in M]) for M in (found, truth))
    apart = without_common_movement(a - b, b, SIZE)
    return np.asarray(np.sqrt(np.square(apart).sum(2).mean(1)))


@pytest.mark.parametrize("model", ["similarity", "homography"])
def test_precision_is_the_error_that_noise_causes(model: str) -> None:
    estimated, true = [], []
    for seed in range(6):
        H = similarities(6, seed)
        tiles = tiles_between(H, seed)
        ladder = Ladder(SIZE, 0, H, [])
        found = ladder.fit(MODELS[model], tiles).matrices
        first, second = ladder.halves(MODELS[model], tiles, found)
        estimated.append(split_half(positions(first.matrices), positions(second.matrices), SIZE))
        true.append(true_errors(found, H))
    ratio = np.sqrt(np.mean(np.square(estimated)) / np.mean(np.square(true)))
    assert 0.8 < ratio < 1.25


def test_structure_is_what_the_model_cannot_follow() -> None:
    H = similarities(8)
    distortion = np.linspace(-0.5, 0.5, 8)
    tiles = tiles_between(H, 1, distortion)
    ladder = Ladder(SIZE, 0, H, [])
    found = ladder.fit(MODELS["similarity"], tiles).matrices
    first, second = ladder.halves(MODELS["similarity"], tiles, found)
    left = [left_between(m, found) for m in tiles]
    halves = positions(first.matrices), positions(second.matrices)
    sure = certainty([halves], (halves[0], halves[0]), left, found, SIZE)
    # What is left of the bend after the best similarity, at the frames' own pixels.
    x, y = np.meshgrid(np.linspace(0, SIZE[0] - 1, 9), np.linspace(0, SIZE[1] - 1, 9))
    p = np.stack([x.ravel(), y.ravel()], 1)
    off = []
    for M, T, amount in zip(found, H, distortion, strict=True):
        flat = p.copy()
        for _ in range(5):
            flat = flat - (bent(flat, amount) - p)
        off.append(transform(M, p) - transform(T, flat))
    error = without_common_movement(np.array(off), np.stack([transform(T, p) for T in H]), SIZE)
    true = np.sqrt(np.square(error).sum(2).mean())
    assert sure.stack == pytest.approx(true, rel=0.5)
    assert sure.stack > 3 * np.sqrt(np.mean(sure.precision**2))


def test_structure_does_not_depend_on_who_is_compared_with_nothing_to_tell() -> None:
    """Frames are solved for in blocks as long as pairs reach: one, or several."""
    H = similarities(9)
    every = [left_between(m, H) for m in tiles_between(H, 3)]
    left = [m for m in every if abs(m.first - m.second) <= 2]
    none = np.zeros((0, 2)), np.zeros((0, 2)), np.zeros((0, 2, 2))
    expected = structure(left, H, SIZE)
    for first, second in ((0, 8), (5, 0), (1, 4)):
        found = structure([*left, Left(first, second, *none)], H, SIZE)
        assert found == pytest.approx(expected)


def test_noise_has_no_structure() -> None:
    H = similarities(8)
    left = [left_between(m, H) for m in tiles_between(H, 3)]
    assert np.sqrt(np.mean(structure(left, H, SIZE) ** 2)) < 0.3 * SIGMA


def test_a_common_movement_is_no_error() -> None:
    H = similarities(5)
    common = np.array([[1.001, 0.0005, 0.4], [-0.0004, 0.999, -0.3], [1e-7, -1e-7, 1]])
    shared = np.stack([common @ M for M in H])
    assert split_half(positions(shared), positions(H), SIZE).max() < 0.001
    moved = H.copy()
    moved[2] = translation(0.4, 0) @ H[2]
    alone = split_half(positions(moved), positions(H), SIZE)
    # Half the difference, and nearly nothing of it put on the others.
    assert alone[2] == pytest.approx(0.2, rel=0.05)
    assert np.delete(alone, 2).max() < 0.01


def test_support_is_the_area_between_the_tiles() -> None:
    corner = np.array([[0, 0], [450, 0], [450, 300], [0, 300], [200, 100]], float)
    left = [Left(0, 1, corner, np.zeros_like(corner), isotropic(5, 0.1))]
    assert support(left, 3, SIZE) == pytest.approx([0.25, 0.25, 0])


def test_what_blur_moves_is_mended_but_for_a_part() -> None:
    H = similarities(5)
    blurred = H.copy()
    blurred[2] = translation(0.4, 0) @ H[2]
    pair = positions(H), positions(blurred)
    found = certainty([(pair[0], pair[0])], pair, [], H, SIZE).blur
    # In rendered stacks between a half and one and a half of it is left; nothing of it elsewhere.
    assert 0.5 < found[2] / 0.4 < 1.2
    assert np.delete(found, 2).max() < 0.02


def test_unsure_tiles_make_little_structure() -> None:
    """Together as sure as a coefficient is thought to be small: half of it is believed."""
    H = np.stack([np.eye(3)] * 2)
    x, y = np.meshgrid(np.arange(37, SIZE[0], 75.0), np.arange(37, SIZE[1], 75.0))
    places = np.stack([x.ravel(), y.ravel()], 1)
    sigma = 0.1 * np.sqrt(len(places) / 2)  # of either colour of the board
    vectors = np.tile([0.1, 0.0], (len(places), 1))
    left = [Left(0, 1, places, vectors, isotropic(len(places), sigma))]
    # Half of the displacement is either frame's.
    assert structure(left, H, SIZE) == pytest.approx([0.025, 0.025], rel=0.3)


@pytest.mark.parametrize(("waves", "seen"), [(0.5, 1.0), (2.0, 0.67)])
def test_structure_is_as_smooth_as_lenses_bend(waves: float, seen: float) -> None:
    H = np.stack([np.eye(3)] * 2)
    x, y = np.meshgrid(np.arange(12, SIZE[0], 25.0), np.arange(12, SIZE[1], 25.0))
    places = np.stack([x.ravel(), y.ravel()], 1)
    wave = 0.2 * np.sin(2 * np.pi * waves * (places[:, 0] / SIZE[0] - 0.5))
    vectors = np.stack([wave, np.zeros_like(wave)], 1)
    left = [Left(0, 1, places, vectors, isotropic(len(places), 0.05))]
    half = 0.1 / np.sqrt(2)
    assert structure(left, H, SIZE)[1] / half == pytest.approx(seen, abs=0.15)
