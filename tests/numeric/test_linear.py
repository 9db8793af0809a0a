"""Equations that determine everything are solved exactly; the others do not fail."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.numeric.arrays import Floats
from focusstack.numeric.linear import (
    MANY,
    bandwidth,
    fitted,
    solved,
    solved_in_bands,
    solved_in_chain,
)

seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds, spread=st.floats(0, 6))
@settings(deadline=None)
def test_what_is_determined_is_solved_to_the_last_bit(seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    J = rng.normal(size=(40, 7)) * 10 ** rng.uniform(-spread, spread, 7)
    A, b = J.T @ J, J.T @ rng.normal(size=40)
    assert np.array_equal(solved(A, b), np.linalg.solve(A, b))


@given(seed=seeds, silent=st.sets(st.integers(0, 6), min_size=1), scale=st.floats(1e-6, 1e6))
@settings(deadline=None)
def test_what_nothing_speaks_of_stays_zero(seed: int, silent: set[int], scale: float) -> None:
    rng = np.random.default_rng(seed)
    J = scale * rng.normal(size=(40, 7))
    J[:, sorted(silent)] = 0
    x = solved(J.T @ J, J.T @ rng.normal(size=40))
    assert not x[sorted(silent)].any()
    assert np.isfinite(x).all()


@given(seed=seeds)
@settings(deadline=None)
def test_of_many_solutions_a_small_one_is_taken(seed: int) -> None:
    """Two unknowns that only their sum is known of share it."""
    rng = np.random.default_rng(seed)
    J = rng.normal(size=(40, 5))
    J[:, 4] = J[:, 3]
    x = np.array([1.0, 2, 3, 4, 4])
    found = solved(J.T @ J, J.T @ (J @ x))
    assert found == pytest.approx(x, abs=1e-4)


def test_several_right_sides_are_solved_at_once() -> None:
    b = np.array([[1.0, 0], [2, 0], [0, 0]])
    assert solved(np.diag([1.0, 2, 0]), b) == pytest.approx(np.array([[1.0, 0], [1, 0], [0, 0]]))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_tells_nothing(bad: float) -> None:
    assert not solved(np.diag([1.0, bad]), np.ones(2)).any()
    assert not fitted(np.diag([1.0, bad]), np.ones(2)).any()
    assert not solved(np.zeros((3, 3)), np.zeros(3)).any()


def test_nearly_singular_equations_are_damped_and_sound_ones_are_not() -> None:
    """Rounding makes numbers up where equations are singular to fourteen digits."""
    sound = np.array([[1.0, 1], [1, 1 + 2e-13]])
    assert np.array_equal(solved(sound, np.array([1.0, 0])), np.linalg.solve(sound, [1.0, 0]))
    weak = np.array([[1.0, 1], [1, 1 + 4e-14]])
    assert np.abs(solved(weak, np.array([1.0, 1 + 1e-14]))).max() < 1.1


def in_bands(count: int, shared: int, reach: int) -> Floats:
    """Normal equations of a chain, tied to neighbours and to what all share."""
    rng = np.random.default_rng(3)
    A = np.zeros((count + shared, count + shared))
    tail = np.arange(count, count + shared)
    for first in range(count - reach):
        at = np.concatenate([np.arange(first, first + reach + 1), tail])
        rows = rng.normal(size=(3, len(at)))
        A[np.ix_(at, at)] += rows.T @ rows
    return A


@pytest.mark.parametrize(("shared", "reach"), [(0, 5), (3, 5), (3, 40)])
def test_bands_give_what_all_at_once_gives(shared: int, reach: int) -> None:
    A = in_bands(MANY + 20, shared, reach)
    assert bandwidth(A[: MANY + 20, : MANY + 20]) == reach
    b = A @ np.random.default_rng(4).normal(size=len(A))
    assert solved_in_bands(A, b, shared) == pytest.approx(solved(A, b), rel=1e-6, abs=1e-9)


def test_what_bands_do_not_determine_is_zero() -> None:
    A = in_bands(MANY + 20, 2, 5)
    A[100], A[:, 100] = 0, 0
    b = A @ np.ones(len(A))
    found = solved_in_bands(A, b, 2)
    assert found[100] == 0
    assert found == pytest.approx(solved(A, b))
    assert not solved_in_bands(np.full_like(A, np.nan), b, 2).any()


def test_few_equations_are_solved_to_the_same_bytes() -> None:
    A = in_bands(80, 2, 5)
    b = A @ np.ones(len(A))
    assert (solved_in_bands(A, b, 2) == solved(A, b)).all()


def chain(blocks: int, size: int, spread: float) -> tuple[Floats, Floats, Floats]:
    """Normal equations, whole, and their blocks and ties."""
    rng = np.random.default_rng(blocks)
    J = rng.normal(size=(40 * blocks, blocks * size)) * 10 ** rng.uniform(
        -spread, spread, blocks * size
    )
    for n in range(blocks):
        of = J[40 * n : 40 * (n + 1)]
        of[:, : n * size], of[:, (n + 2) * size :] = 0, 0
    A = (J.T @ J).reshape(blocks, size, blocks, size)
    squares = np.stack([A[n, :, n] for n in range(blocks)])
    ties = np.array([A[n + 1, :, n] for n in range(blocks - 1)]).reshape(-1, size, size)
    return A.reshape(blocks * size, -1), squares, ties


@pytest.mark.parametrize("blocks", [1, 2, 9])
@pytest.mark.parametrize("spread", [0, 3])
def test_a_chain_gives_what_all_at_once_gives(blocks: int, spread: float) -> None:
    A, squares, ties = chain(blocks, 4, spread)
    b = np.random.default_rng(7).normal(size=(blocks, 4, 2))
    found = solved_in_chain(squares, ties, b).reshape(-1, 2)
    assert found == pytest.approx(np.linalg.solve(A, b.reshape(-1, 2)), rel=1e-6)


def test_a_chain_with_nothing_to_tell_is_zero() -> None:
    _, squares, ties = chain(3, 4, 0)
    b = np.ones((3, 4, 1))
    for spoilt in (squares * np.nan, squares * 0):
        assert not solved_in_chain(spoilt, ties, b).any()
    assert not solved_in_chain(squares, ties, b * np.inf).any()
