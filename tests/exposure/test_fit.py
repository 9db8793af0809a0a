"""Levels and terms of all frames: exact where differences are, weighted by what an area tells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from focusstack.exposure.fit import (
    CELLS,
    EXPONENT,
    coefficients,
    from_reference,
    gathered,
    residuals,
    robust_weights,
    summed,
)
from tests.support.areas import AREAS, THETA, areas, exact


def test_exact_differences_are_solved_exactly() -> None:
    fit = gathered(exact(THETA), [(0, 1), (1, 2), (2, 3), (0, 3)], 1)
    assert fit is not None
    every = (0, 1, 2, 3, 4)
    found = coefficients(summed(fit), fit, every, CELLS)
    assert from_reference(found, fit) == pytest.approx(THETA, abs=1e-3)  # terms are expected small
    assert np.abs(residuals(fit, found, every)[0]).max() < 1e-3


def test_frames_without_a_link_are_left_alone() -> None:
    fit = gathered(exact(THETA), [(0, 1), (2, 3)], 1)
    assert fit is not None
    found = coefficients(summed(fit), fit, (4,), CELLS)
    assert not found[2:].any()
    assert gathered(exact(THETA), [(2, 3)], 1) is None


def test_exponents_of_many_frames_do_not_shrink_together() -> None:
    # Each frame's areas have noise of their own, which is less the smaller its exponent.
    rng = np.random.default_rng(7)
    scene, places = rng.uniform(-3, -0.5, AREAS), rng.uniform(-0.7, 0.7, (AREAS, 2))
    count, true = 150, 1 + 0.05 * np.sin(np.arange(150))
    frames = [areas(rng, scene / e + rng.normal(0, 0.02, AREAS), places) for e in true]
    pairs = [(i, j) for i in range(count) for j in (i + 1, i + 2, i + 4) if j < count]
    fit = gathered(frames, pairs, count // 2)
    assert fit is not None
    fit = replace(fit, weight=robust_weights(fit))
    found = from_reference(coefficients(summed(fit), fit, (EXPONENT,), CELLS), fit)
    assert 1 + found[:, 1 + EXPONENT] == pytest.approx(true / true[count // 2], abs=0.02)


@pytest.mark.parametrize(("count", "told"), [(84, True), (42, False)])
def test_a_pair_tells_terms_where_it_has_enough_areas(count: int, told: bool) -> None:
    few = np.arange(AREAS) < count
    frames = [replace(a, usable=few) for a in exact(THETA[:2])]
    assert (gathered(frames, [(0, 1)], 0) is not None) == told


def test_an_area_counts_half_amid_contrast_or_in_the_dark() -> None:
    # Blur may change its mean, and rounding its light, by as much as nothing explains.
    rng = np.random.default_rng(0)
    plain = areas(rng, np.zeros(AREAS), rng.uniform(-0.7, 0.7, (AREAS, 2)))
    contrast, darkest = np.zeros(AREAS), np.ones(AREAS)
    contrast[100:200], darkest[200:] = 0.06, 0.0707
    seen = replace(plain, contrast=contrast, darkest=darkest)
    fit = gathered([seen, seen], [(0, 1)], 0)
    assert fit is not None
    weight = fit.weight / fit.weight[0]
    assert weight[100:200] == pytest.approx(np.full(100, 0.5), abs=0.1)
    assert weight[200:] == pytest.approx(np.full(AREAS - 200, 0.5), abs=0.1)
