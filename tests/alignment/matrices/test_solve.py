"""Motion models, the global solve, and which model a stack is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from focusstack.alignment.matrices.ladder import Ladder
from focusstack.alignment.matrices.models import (
    LENSES,
    MATRICES,
    MODELS,
    Model,
    matrices,
    normalisation,
)
from focusstack.alignment.matrices.solve import Solution, solve
from focusstack.alignment.quality.held_out import Held, gaining_pairs, lengths, trimmed_rms
from focusstack.alignment.tiles.matches import Matches, isotropic, residuals
from focusstack.geometry.coordinates import normalised, transform, translation
from focusstack.numeric.arrays import Matrix, Points
from focusstack.numeric.robust import robust_scale

SIZE = (1200, 900)
CENTRE = (599.5, 449.5)
FRAMES = 6
REFERENCE = 2


def inverse(H: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(H), float)


def grid() -> Points:
    x, y = np.meshgrid(np.linspace(0, SIZE[0] - 1, 9), np.linspace(0, SIZE[1] - 1, 7))
    return np.stack([x.ravel(), y.ravel()], 1)


def rms(A: Matrix, B: Matrix) -> float:
    return float(np.sqrt(np.square(transform(A, grid()) - transform(B, grid())).sum(1).mean()))


# Truth, built without the models --------------------------------------------------------------


def similarity(rng: np.random.Generator) -> Matrix:
    zoom, turn = 1 + rng.normal(0, 0.02), rng.normal(0, 0.01)
    c, s = zoom * np.cos(turn), zoom * np.sin(turn)
    about = translation(*CENTRE) @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    shift = translation(*rng.normal(0, 15, 2))
    return np.asarray(shift @ about @ translation(-CENTRE[0], -CENTRE[1]), float)


def camera(angles: tuple[float, float, float], zoom: float, focal: float) -> Matrix:
    """``K R K⁻¹`` after a zoom about the optical axis, which meets the picture's centre."""
    K = np.array([[focal, 0, CENTRE[0]], [0, focal, CENTRE[1]], [0, 0, 1]])
    R = Rotation.from_euler("zyx", angles).as_matrix()
    return normalised(K @ R @ np.diag([zoom, zoom, 1]) @ inverse(K))


def rotation(rng: np.random.Generator) -> Matrix:
    roll, pan, tilt = rng.normal(0, (0.005, 0.012, 0.012))
    return camera((roll, pan, tilt), 1 + rng.normal(0, 0.015), 1.1 * SIZE[0])


def affine(rng: np.random.Generator, much: float = 0.003) -> Matrix:
    bent = np.eye(3)
    bent[:2, :2] += rng.normal(0, much, (2, 2))
    about = translation(*CENTRE) @ bent @ translation(-CENTRE[0], -CENTRE[1])
    return np.asarray(similarity(rng) @ about, float)


def perspective(rng: np.random.Generator) -> Matrix:
    horizon = np.eye(3)
    horizon[2, :2] = rng.normal(0, 1e-5, 2)
    about = translation(*CENTRE) @ horizon @ translation(-CENTRE[0], -CENTRE[1])
    return normalised(about @ similarity(rng))


def homography(rng: np.random.Generator) -> Matrix:
    return normalised(affine(rng) @ perspective(rng))


TRUTHS: dict[str, Callable[[np.random.Generator], Matrix]] = {
    "similarity": similarity,
    "rotation": rotation,
    "affine": affine,
    "perspective": perspective,
    "homography": homography,
}


def stack_of(name: str, seed: int = 0) -> Matrix:
    """Matrices of a stack that moves as `name` says; the reference's is the identity."""
    rng = np.random.default_rng(seed)
    H = np.stack([TRUTHS[name](rng) for _ in range(FRAMES)])
    H[REFERENCE] = np.eye(3)
    return H


def matched(
    truth: Matrix,
    sigma: float = 0.0,
    outliers: float = 0.0,
    count: int = 150,
    seed: int = 1,
    offsets: Sequence[int] = (1, 2, 4),
) -> list[Matches]:
    """Points that both frames of a pair see, with errors of `sigma` pixels and wrong ones."""
    rng = np.random.default_rng(seed)
    found = []
    for i, j in [(k, k + o) for o in offsets for k in range(len(truth) - o)]:
        p = rng.uniform((0, 0), SIZE, (count, 2))
        q = transform(inverse(truth[j]), transform(truth[i], p))
        q += rng.normal(0, sigma, q.shape) if sigma else 0
        wrong = rng.random(count) < outliers
        q[wrong] += rng.uniform(-60, 60, (wrong.sum(), 2))
        found.append(Matches(i, j, p, q, isotropic(count, sigma or 0.1)))
    return found


def solved(model: Model, matches: Sequence[Matches], count: int = FRAMES) -> Solution:
    start = np.zeros((count, model.per_frame))
    return solve(model, matches, REFERENCE, normalisation(*SIZE), start, iterations=40)


# Models ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_zero_is_the_identity(model: Model) -> None:
    nothing = np.zeros((3, model.per_frame))
    found = matrices(model, nothing, np.zeros(model.shared), normalisation(*SIZE))
    assert found == pytest.approx(np.stack([np.eye(3)] * 3), abs=1e-12)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_model_starts_from_a_similarity(model: Model) -> None:
    # Its first four numbers are zoom, turn and shift, to first order.
    start = np.array([0.01, 0.004, 0.02, -0.01])
    theta = np.zeros((1, model.per_frame))
    theta[0, :4] = start
    N = normalisation(*SIZE)
    stiff = matrices(MODELS["similarity"], start[None], np.zeros(0), N)[0]
    assert rms(matrices(model, theta, np.zeros(model.shared), N)[0], stiff) < 0.05


def test_the_ladder_begins_with_the_stiffest() -> None:
    for part in (MATRICES, LENSES):
        freedom = [model.per_frame for model in part]
        assert freedom == sorted(freedom)
    assert next(iter(MODELS)) == "similarity"


def test_normalised_coordinates_span_the_half_diagonal() -> None:
    corners = np.array([[0, 0], [1199, 899], [599.5, 449.5]])
    found = np.linalg.norm(transform(normalisation(*SIZE), corners), axis=1)
    assert found == pytest.approx([1, 1, 0], abs=2e-3)


@given(
    angles=st.tuples(*[st.floats(-0.03, 0.03)] * 3),
    zoom=st.floats(0.95, 1.05),
    focal=st.floats(800, 3000),
)
@settings(max_examples=10, deadline=None, derandomize=True)
def test_rotation_is_a_camera_that_turns(
    angles: tuple[float, float, float], zoom: float, focal: float
) -> None:
    # One camera, several views; every one of them must be within the model's reach.
    roll, pan, tilt = angles
    truth = np.stack(
        [camera((k * roll, k * pan, k * tilt), 1 + (zoom - 1) * k, focal) for k in (-1, -0.5, 0, 1)]
    )
    matches = matched(truth, sigma=0.05, count=100, offsets=(1, 2))
    found = solved(MODELS["rotation"], matches, count=4)
    assert max(rms(found.matrices[k], truth[k]) for k in range(4)) < 0.04


def test_similarity_cannot_follow_a_camera_that_turns() -> None:
    truth = stack_of("rotation")
    found = solved(MODELS["similarity"], matched(truth))
    assert max(rms(found.matrices[k], truth[k]) for k in range(FRAMES)) > 1


# The solve ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TRUTHS)
def test_exact_matches_give_the_truth(name: str) -> None:
    truth = stack_of(name)
    found = solved(MODELS[name], matched(truth))
    assert max(rms(found.matrices[k], truth[k]) for k in range(FRAMES)) < 0.02
    assert np.array_equal(found.matrices[REFERENCE], np.eye(3))


@pytest.mark.parametrize("name", TRUTHS)
@pytest.mark.parametrize("seed", [0, 1])
def test_truth_from_noisy_matches_with_outliers(name: str, seed: int) -> None:
    truth = stack_of(name, seed)
    matches = matched(truth, sigma=0.3, outliers=0.2, seed=seed + 10)
    found = solved(MODELS[name], matches)
    assert max(rms(found.matrices[k], truth[k]) for k in range(FRAMES)) < 0.12
    # Residuals of both ends of a match, in claimed standard deviations: about one.
    assert 0.8 < found.sigma < 1.5


def test_more_measurements_average_out() -> None:
    truth = stack_of("similarity")
    errors = []
    for count in (20, 500):
        found = solved(MODELS["similarity"], matched(truth, sigma=0.5, count=count))
        errors.append(np.mean([rms(found.matrices[k], truth[k]) for k in range(FRAMES)]))
    assert errors[1] < 0.4 * errors[0]


def test_freedom_without_need_costs_precision() -> None:
    errors = dict.fromkeys(("similarity", "homography"), 0.0)
    for seed in range(4):
        truth = stack_of("similarity", seed)
        matches = matched(truth, sigma=0.3, count=40, seed=seed)
        for name in errors:
            found = solved(MODELS[name], matches)
            errors[name] += sum(rms(found.matrices[k], truth[k]) for k in range(FRAMES))
    assert errors["similarity"] < 0.8 * errors["homography"]


def test_information_decides_whom_to_believe() -> None:
    truth = stack_of("similarity")
    good, bad = matched(truth, sigma=0.05, seed=1), matched(truth, sigma=2.0, seed=2)
    together = solved(MODELS["similarity"], [*good, *bad])
    alone = solved(MODELS["similarity"], bad)
    error = [max(rms(f.matrices[k], truth[k]) for k in range(FRAMES)) for f in (together, alone)]
    assert error[0] < 0.05
    assert error[1] > 3 * error[0]


def test_a_direction_without_information_is_taken_from_elsewhere() -> None:
    # Tiles on vertical edges know x alone; others know y alone. Their other component is wrong.
    truth = stack_of("similarity")
    x_only, y_only = matched(truth, seed=3), matched(truth, seed=4)
    for group, axis in ((x_only, 0), (y_only, 1)):
        for k, m in enumerate(group):
            root = np.zeros((len(m.p), 2, 2))
            root[:, axis, axis] = 10
            blurred = m.q.copy()
            blurred[:, 1 - axis] += np.random.default_rng(k).normal(0, 3, len(m.q))
            group[k] = Matches(m.first, m.second, m.p, blurred, root)
    found = solved(MODELS["similarity"], [*x_only, *y_only])
    # The axes of frame and canvas are turned by a hundredth, so that a little of it leaks.
    assert max(rms(found.matrices[k], truth[k]) for k in range(FRAMES)) < 0.1


def test_a_chain_of_pairs_is_enough() -> None:
    truth = stack_of("rotation")
    found = solved(MODELS["rotation"], matched(truth, offsets=(1,)))
    assert max(rms(found.matrices[k], truth[k]) for k in range(FRAMES)) < 0.02


@pytest.mark.parametrize("seed", range(4))
def test_a_model_that_cannot_follow_stays_near(seed: int) -> None:
    # Six pixels of shear: no camera rotation follows, but it need not be worse than none.
    rng = np.random.default_rng(seed)
    truth = np.stack([affine(rng, much=0.008) for _ in range(FRAMES)])
    truth[REFERENCE] = np.eye(3)
    matches = matched(truth, sigma=0.05, outliers=0.03, count=100, seed=seed)
    stiff = solved(MODELS["similarity"], matches)
    found = solve(MODELS["rotation"], matches, REFERENCE, normalisation(*SIZE), stiff.theta)
    error = [max(rms(f.matrices[k], truth[k]) for k in range(FRAMES)) for f in (found, stiff)]
    assert error[0] < 2 * error[1]


def test_the_start_is_not_modified() -> None:
    start = np.zeros((FRAMES, 4))
    model = MODELS["similarity"]
    solve(model, matched(stack_of("similarity")), REFERENCE, normalisation(*SIZE), start)
    assert not start.any()


def test_residuals_are_vectors_on_the_canvas() -> None:
    H = np.stack([np.eye(3), translation(10, 0)])
    p = np.array([[100.0, 50], [30, 40]])
    found = residuals(Matches(0, 1, p, p - [10, 2], isotropic(2, 1)), H)
    assert found == pytest.approx(np.array([[0, 2.0], [0, 2.0]]))


def test_robust_scale_of_gaussian_vectors() -> None:
    rng = np.random.default_rng(0)
    squared = np.square(rng.normal(0, 2.5, (20000, 2))).sum(1)
    assert robust_scale(squared) == pytest.approx(2.5, rel=0.02)


# The ladder -----------------------------------------------------------------------------------


def chosen(name: str, seed: int, sigma: float = 0.05) -> tuple[str, dict[str, float], list[Held]]:
    """Climb the ladder on synthetic tiles of a stack that moves as `name` says."""
    truth = stack_of(name, seed)
    # The present matrices are good to a pixel when the last choice is made.
    near = np.stack([H if k == REFERENCE else translation(0.5, -0.4) @ H
                     for k, H in enumerate(truth)])  # fmt: skip
    anchors = matched(truth, sigma=1.0, count=40, seed=seed + 100)
    ladder = Ladder(SIZE, REFERENCE, near, anchors)
    choice = ladder.choose(matched(truth, sigma, outliers=0.03, count=120, seed=seed), near)
    return choice.model.name, choice.evidence, choice.held


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", ["similarity", "rotation", "affine"])
def test_a_stack_is_given_the_model_it_needs(name: str, seed: int) -> None:
    model, evidence, held = chosen(name, seed)
    assert model == name
    # The evidence is the held-out error of every model tried; nothing beats the noise.
    assert evidence[model] == pytest.approx(0.05 * np.sqrt(2), rel=0.25)
    assert trimmed_rms(held) == evidence[model]


def test_a_homography_is_not_squeezed_into_less() -> None:
    model, evidence, _ = chosen("homography", seed=1)
    assert model == "homography"
    assert evidence["similarity"] > 5 * evidence["homography"]


def off_by(px: float, count: int) -> Held:
    vectors = np.full((count, 2), px, np.float32)
    return Held(0, 1, np.zeros_like(vectors), vectors, np.ones(count, bool))


def test_outliers_do_not_choose_the_model() -> None:
    held, moved = [off_by(0.1, 100)], off_by(50, 8)
    assert trimmed_rms(held) == pytest.approx(np.hypot(0.1, 0.1))
    assert trimmed_rms([*held, moved]) < 0.3
    assert trimmed_rms([]) == float("inf")
    assert lengths([*held, moved]).shape == (108,)


@pytest.mark.parametrize("seed", range(2))
def test_noise_does_not_hide_what_every_pair_says(seed: int) -> None:
    """Tiles worse than what the stiffer model leaves: together they still tell."""
    rng = np.random.default_rng(seed)
    still = np.stack([np.eye(3)] * FRAMES)
    drawn = [affine(rng, 0.00015) for _ in range(FRAMES)]
    bent = np.stack([normalised(inverse(drawn[REFERENCE]) @ H) for H in drawn])
    found = {}
    for name, truth in (("bent", bent), ("still", still)):
        ladder = Ladder(SIZE, REFERENCE, truth, [])
        tiles = matched(truth, sigma=0.14, count=1500, seed=seed)
        found[name] = ladder.choose(tiles, truth)
    assert found["still"].model.name == "similarity"
    assert found["bent"].model.name == "affine"
    evidence = found["bent"].evidence
    assert evidence["affine"] > 0.85 * min(evidence["similarity"], evidence["rotation"])


def test_pairs_gain_where_their_median_falls() -> None:
    # The fourth pair has too few tiles to count.
    pair = np.repeat([7, 2, 3, 4], [30, 30, 30, 3])[::-1]
    before = np.full(93, 0.2)
    after = np.repeat([0.1, 0.19, 0.3, 0.1], [30, 30, 30, 3])[::-1]
    assert gaining_pairs(pair, before, after) == pytest.approx(2 / 3)
    assert gaining_pairs(pair[:0], before[:0], after[:0]) == 0
