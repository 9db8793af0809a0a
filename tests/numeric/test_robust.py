"""Scales are those of normal residuals whatever outliers do; weights give outliers up."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.numeric.robust import (
    CUTOFF,
    WIDE_CUTOFF,
    cauchy_weight,
    geman_mcclure_weight,
    mixed_cost,
    mixed_weight,
    scale_of_values,
    scale_of_vectors,
)


def test_scale_of_normal_vectors() -> None:
    rng = np.random.default_rng(0)
    squared = np.square(rng.normal(0, 2.5, (20000, 2))).sum(1)
    assert scale_of_vectors(squared) == pytest.approx(2.5, rel=0.02)


def test_scale_of_normal_values_with_outliers() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0, (0.1, 30.0), (20000, 2)).T
    values[:, :1000] = 1e6
    # A twentieth of outliers moves the median of the lengths by what a twentieth of them span.
    assert scale_of_values(values, axis=1).shape == (2, 1)
    assert scale_of_values(values, axis=1)[:, 0] == pytest.approx((0.1, 30), rel=0.1)
    assert float(scale_of_values(values[0])) == pytest.approx(0.1, rel=0.1)


def test_what_fits_has_its_full_weight_and_outliers_hardly_any() -> None:
    squared = np.array([0.0, 1.0, 1e4])
    assert cauchy_weight(squared) == pytest.approx([1, 0.5, 1e-4], rel=1e-3)
    assert geman_mcclure_weight(squared) == pytest.approx([1, 0.25, 1e-8], rel=1e-3)
    # Far away hardly more than what is left of Cauchy's kernel pulls: a twentieth of it.
    assert mixed_weight(squared) == pytest.approx([1, 0.2625, 5.0e-6], rel=1e-2)


def test_weights_divide_what_residuals_weigh_without_outliers() -> None:
    squared, alone = np.array([0.5, 3.0]), np.array([7.0, 0.2])
    assert cauchy_weight(squared, alone) == pytest.approx(alone * cauchy_weight(squared))
    assert geman_mcclure_weight(squared, alone) == pytest.approx(
        alone * geman_mcclure_weight(squared)
    )
    assert np.square(cauchy_weight(squared)) == pytest.approx(geman_mcclure_weight(squared))


def test_the_cost_is_that_of_the_weight() -> None:
    squared = np.array([0.0, 0.3, 2.0, 50.0])
    assert mixed_cost(squared[:1]) == 0
    for k, one in enumerate(squared):
        step = 1e-6 * np.eye(4)[k] * max(one, 1)
        slope = (mixed_cost(squared + step) - mixed_cost(squared - step)) / (2 * step.sum())
        assert slope == pytest.approx(mixed_weight(squared)[k], rel=1e-4)


def test_kernels_are_as_wide_as_normal_residuals_reach() -> None:
    squared = np.square(np.random.default_rng(0).normal(0, 1, (20000, 2))).sum(1)
    # Those keep most of their weight, where the kernel is wide nearly all; ten times as large ones
    # keep next to nothing.
    narrow, wide = (mixed_weight(squared / width**2).mean() for width in (CUTOFF, WIDE_CUTOFF))
    assert 0.5 < narrow < 0.72 < wide < 0.85
    for width in (CUTOFF, WIDE_CUTOFF):
        assert mixed_weight(np.array([100 / width**2])) < 0.012
