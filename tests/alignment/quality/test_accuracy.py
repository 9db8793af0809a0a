"""Estimated errors are those of known truth; residuals by zone; pairs that do not close."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from focusstack.alignment.features.focus_order import pairs_in_order
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
from focusstack.alignment.quality.closure import closures
from focusstack.alignment.quality.residual import Left, left_between, summary, zone_masks
from focusstack.alignment.tiles.matches import Matches, isotropic
from focusstack.geometry.coordinates import normalised, scaling, transform, translation
from focusstack.numeric.arrays import Matrix, Points

SIZE = (900, 600)
SIGMA = 0.1


def similarities(count: int, seed: int = 0) -> Matrix:
    """Matrices of a hand that zooms, shifts and turns a little."""
    rng = np.random.default_rng(seed)
    found = []
    for k in range(count):
        turn = rng.normal(0, 0.002)
        H = translation(*rng.normal(0, 4, 2)) @ scaling(1 + 0.004 * k)
        found.append(H @ np.array([[1, -turn, 0], [turn, 1, 0], [0, 0, 1]]))
    return np.stack([normalised(np.linalg.inv(found[0]) @ H) for H in found])


def bent(p: Points, amount: float) -> Points:
    """Radial distortion by `amount` pixels at the corner."""
    d = (p - np.array(SIZE) / 2) / (0.5 * np.hypot(*SIZE))
    return np.asarray(p + amount * d * (d**2).sum(1, keepdims=True))


def tiles_between(H: Matrix, seed: int, distortion: Points | None = None) -> list[Matches]:
    """Tiles of a grid in every pair, with noise of `SIGMA`, frames distorted by some pixels."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(24, SIZE[0], 48.0), np.arange(24, SIZE[1], 48.0))
    canvas = np.stack([x.ravel(), y.ravel()], 1)
    bend = np.zeros(len(H)) if distortion is None else distortion
    matches = []
    for i, j in pairs_in_order(range(len(H))):
        p, q = (bent(transform(np.linalg.inv(H[k]), canvas), float(bend[k])) for k in (i, j))
        noise = rng.normal(0, SIGMA, q.shape)
        matches.append(Matches(i, j, p, q + noise, isotropic(len(p), SIGMA)))
    return matches


def positions(H: Matrix) -> Points:
    """Where the matrices put the probes of every frame."""
    return np.stack([transform(M, probes(SIZE)) for M in H])


def true_errors(found: Matrix, truth: Matrix) -> Points:
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


# Closure --------------------------------------------------------------------------------------


def test_a_pair_that_disagrees_is_found() -> None:
    H = similarities(5)
    tiles = tiles_between(H, 2)
    odd = tiles[1]
    tiles[1] = Matches(odd.first, odd.second, odd.p + (0.6, 0), odd.q, odd.root)
    found = closures([left_between(m, H) for m in tiles], SIZE)
    worst = max(found, key=lambda c: c.px)
    assert (worst.first, worst.second) == (odd.first, odd.second)
    assert worst.px == pytest.approx(0.6, rel=0.1)
    assert max(c.px for c in found if c is not worst) < 0.03
    assert {c.tiles for c in found} == {len(odd.p)}


def test_measurements_of_one_pair_count_together() -> None:
    H = similarities(2)
    left = [left_between(m, H) for seed in (0, 1) for m in tiles_between(H, seed)]
    (one,) = closures(left, SIZE)
    assert one.tiles == sum(len(m.places) for m in left)


# Zones ----------------------------------------------------------------------------------------


@given(st.floats(0, 900), st.floats(0, 600))
def test_every_place_has_one_zone(x: float, y: float) -> None:
    assert sum(m[0] for m in zone_masks(np.array([[x, y]]), SIZE).values()) == 1


def test_zones_tell_corners_from_the_centre() -> None:
    places = np.array([[450.0, 300], [10, 300], [10, 10], [890, 590], [200, 100]])
    found = summary(places, np.array([1.0, 2, 3, 5, 4]), SIZE)
    assert found is not None
    assert found.zones["centre"].median == 1
    assert found.zones["edge"].median == 2
    assert found.zones["corner"].median == 4
    assert found.tiles == 5
    assert summary(np.zeros((0, 2)), np.zeros(0), SIZE) is None


def test_residuals_scale() -> None:
    found = summary(np.array([[450.0, 300]]), np.array([0.2]), SIZE)
    assert found is not None
    assert found.scaled(2).median == pytest.approx(0.4)
    assert found.scaled(2).zones["centre"].p95 == pytest.approx(0.4)
