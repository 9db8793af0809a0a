"""What is sure stands in for what is not."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from focusstack.numeric.normalised_convolution import filled_from_sure


@given(value=st.floats(-100, 100), seed=st.integers(0, 99))
def test_what_is_alike_everywhere_stays(value: float, seed: int) -> None:
    certainty = np.random.default_rng(seed).uniform(0.01, 1, (40, 50)).astype(np.float32)
    values = np.full((40, 50), value, np.float32)
    found, _ = filled_from_sure(values, certainty, (1.0, 4.0, 16.0), 4.0)
    np.testing.assert_allclose(found, value, rtol=1e-4, atol=1e-4)


@given(seed=st.integers(0, 99))
def test_nothing_exceeds_what_is_given(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, certainty = (rng.uniform(0, 1, (40, 50)).astype(np.float32) for _ in range(2))
    found, guessed = filled_from_sure(values, certainty, (0.5, 2.0, 8.0, 32.0), 2.0)
    assert found.min() >= values.min() - 1e-4
    assert found.max() <= values.max() + 1e-4
    assert guessed.min() >= 0
    assert guessed.max() <= 1


def test_what_is_not_sure_is_not_seen() -> None:
    values, certainty = np.zeros((40, 50), np.float32), np.zeros((40, 50), np.float32)
    values[:, :25], certainty[:, :25] = 3, 1
    values[:, 25:] = 1000
    found, guessed = filled_from_sure(values, certainty, (1.0, 4.0, 16.0), 4.0)
    np.testing.assert_allclose(found, 3, atol=0.01)
    assert guessed[20, 5] < 0.01
    assert guessed[20, 48] > 0.99
