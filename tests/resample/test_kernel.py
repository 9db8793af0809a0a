"""The kernel: constants and ramps stay, and nothing shifts a camera's spectrum better."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from focusstack.numeric.arrays import Floats
from focusstack.resample.kernel import TAPS, coefficients, weights


@given(t=st.floats(0, 1))
def test_weights_keep_constants_and_ramps_and_mirror(t: float) -> None:
    w = weights(np.array([t]))[0]
    assert w.sum() == pytest.approx(1, abs=1e-6)
    assert w @ TAPS == pytest.approx(t, abs=1e-5)
    np.testing.assert_allclose(weights(np.array([1 - t]))[0], w[::-1], atol=1e-6)


def test_no_other_coefficients_shift_a_camera_spectrum_with_less_error() -> None:
    # Independent of how they are solved for: any small step away must raise the weighted error.
    f, t = np.linspace(0.01, 0.5, 60), np.linspace(0.05, 0.95, 19)
    power = np.exp(-((2 * np.pi * 0.7 * f) ** 2)) / f
    even, odd = coefficients().astype(float)

    def error(even: Floats, odd: Floats) -> float:
        a, b = np.concatenate([even, even[::-1]]), np.concatenate([odd, -odd[::-1]])
        s = t[:, None]
        w = np.maximum(0, 1 - np.abs(s - TAPS)) + s * (1 - s) * (a + b * (s - 0.5))
        gap = w @ np.exp(2j * np.pi * np.outer(TAPS, f)) - np.exp(2j * np.pi * np.outer(t, f))
        return float((power * np.abs(gap) ** 2).sum())

    best = error(even, odd)
    for step in (-0.03, 0.03):
        assert error(even + step * np.array([1, 0, -1]), odd) > best
        assert error(even + step * np.array([0, 1, -1]), odd) > best
        assert error(even, odd + 2 * step * np.array([1, 0, -5])) > best
        assert error(even, odd + 2 * step * np.array([0, 1, -3])) > best
