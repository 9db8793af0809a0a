"""The global solve: truth from exact, noisy and wrong matches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.alignment.matrices.models import MODELS, Model, normalisation
from focusstack.alignment.matrices.solve import Solution, solve
from focusstack.alignment.tiles.matches import Matches
from tests.alignment.matrices.known_stacks import (
    FRAMES,
    REFERENCE,
    SIZE,
    TRUTHS,
    affine,
    camera,
    matched,
    rms,
    stack_of,
)


def solved(model: Model, matches: Sequence[Matches], count: int = FRAMES) -> Solution:
    start = model.start(np.zeros((count, model.per_frame)))
    return solve(model, matches, REFERENCE, normalisation(*SIZE), start, iterations=40)


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
    model = MODELS["rotation"]
    start = model.start(stiff.parameters.theta)
    found = solve(model, matches, REFERENCE, normalisation(*SIZE), start)
    error = [max(rms(f.matrices[k], truth[k]) for k in range(FRAMES)) for f in (found, stiff)]
    assert error[0] < 2 * error[1]


def test_the_start_is_not_modified() -> None:
    model = MODELS["similarity"]
    start = model.start(np.zeros((FRAMES, 4)))
    solve(model, matched(stack_of("similarity")), REFERENCE, normalisation(*SIZE), start)
    assert not start.theta.any()


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


@pytest.mark.parametrize("name", ["similarity", "changing lens, perspective"])
def test_many_frames_are_solved_in_bands_to_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    matches = matched(stack_of("rotation"), sigma=0.3, outliers=0.1, seed=3, offsets=(1, 2))
    expected = solved(MODELS[name], matches)
    monkeypatch.setattr("focusstack.alignment.matrices.solve.MANY", 10)
    monkeypatch.setattr("focusstack.numeric.linear.MANY", 10)
    monkeypatch.setattr("focusstack.numeric.linear.WORTH", 1)
    monkeypatch.setattr("focusstack.numeric.linear.NARROWEST", 4)
    found = solved(MODELS[name], matches)
    assert np.array_equal(found.matrices[REFERENCE], np.eye(3))
    assert max(rms(found.matrices[k], expected.matrices[k]) for k in range(FRAMES)) < 1e-4
