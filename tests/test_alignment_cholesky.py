"""Symmetric positive definite equations are solved, and others refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.alignment.cholesky import solved


@given(size=st.integers(1, 40), several=st.integers(0, 3), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_solutions_fulfil_the_equations(size: int, several: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    J = rng.normal(size=(size + 5, size))
    A = J.T @ J + 0.1 * np.eye(size)
    x = rng.normal(size=(size, several) if several else size)
    right = A @ x
    given_A, given_right = A.copy(), right.copy()
    np.testing.assert_allclose(solved(A, right), x, atol=1e-9)
    np.testing.assert_array_equal(A, given_A)
    np.testing.assert_array_equal(right, given_right)


def test_equations_without_one_solution_are_refused() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        solved(np.diag([1.0, -1.0]), np.ones(2))
