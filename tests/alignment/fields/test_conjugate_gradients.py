"""Displacement fields' least squares: what dense linear algebra gives, whatever the threads."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.fields.conjugate_gradients import NormalEquations, conjugate_gradients
from focusstack.alignment.fields.interpolation import Places
from focusstack.numeric.arrays import Floats

FRAMES, ROWS, COLUMNS = 3, 4, 5
NODES = ROWS * COLUMNS
COUNT = FRAMES * NODES


def equations(tiles: int = 61, seed: int = 0) -> NormalEquations:
    """Tiles of random pairs of frames; the second frame is the reference."""
    rng = np.random.default_rng(seed)
    pairs = np.array([(0, 1), (1, 2), (0, 2)])[rng.integers(0, 3, tiles)]
    corner = rng.integers(0, ROWS - 1, tiles) * COLUMNS + rng.integers(0, COLUMNS - 1, tiles)
    root = rng.normal(size=(tiles, 2, 2))
    cells = (pairs * NODES + corner[:, None]).astype(np.uint32)
    slope = rng.random((FRAMES, ROWS, COLUMNS, 2))
    slope[:, :, -1, 0] = slope[:, -1, :, 1] = 0
    return NormalEquations(
        Places(cells, rng.random((tiles, 2)).astype(np.float32), COLUMNS),
        (root @ root.transpose(0, 2, 1)).astype(np.float32),
        (FRAMES, ROWS, COLUMNS),
        slope=slope.reshape(-1, 2),
        size=0.2,
        fixed=slice(NODES, 2 * NODES),
    )


def derivatives(e: NormalEquations) -> Floats:
    """What each tile sees of each node, ``(T, N)``."""
    cells, within = e.places.cells.astype(int), e.places.within.astype(float)
    found = np.zeros((len(cells), COUNT))
    for t, ((first, second), (u, v)) in enumerate(zip(cells, within, strict=True)):
        for cell, sign in ((first, -1), (second, 1)):
            found[t, cell] += sign * (1 - u) * (1 - v)
            found[t, cell + 1] += sign * u * (1 - v)
            found[t, cell + COLUMNS] += sign * (1 - u) * v
            found[t, cell + COLUMNS + 1] += sign * u * v
    return found


def dense(e: NormalEquations) -> tuple[Floats, Floats]:
    """The equations' matrix ``(2 N, 2 N)``, and derivatives ``(2 T, 2 N)`` times information."""
    J = np.kron(derivatives(e), np.eye(2))
    weighted = np.zeros((2 * len(e.info), 2 * len(e.info)))
    for t, info in enumerate(e.info):
        weighted[2 * t : 2 * t + 2, 2 * t : 2 * t + 2] = info
    prior = e.size * np.eye(COUNT)
    for n, (right, below) in enumerate(e.slope):
        for other, slope in ((n + 1, right), (n + COLUMNS, below)):
            if slope > 0:
                step = np.zeros(COUNT)
                step[[n, other]] = -1, 1
                prior += slope * np.outer(step, step)
    return J.T @ weighted @ J + np.kron(prior, np.eye(2)), J.T @ weighted


def test_tiles_see_the_difference_of_bilinear_means() -> None:
    e, values = equations(), np.random.default_rng(1).normal(size=(COUNT, 2))
    np.testing.assert_allclose(e.places.seen(values), derivatives(e) @ values, atol=1e-12)


def test_the_diagonal_is_that_of_the_matrix() -> None:
    A, _ = dense(equations())
    np.testing.assert_allclose(equations().diagonal().ravel(), np.diag(A), rtol=1e-12)


@pytest.mark.parametrize("tiles", [1, 61])
def test_fields_are_those_of_dense_least_squares(tiles: int) -> None:
    e, rng = equations(tiles), np.random.default_rng(2)
    target, start = rng.normal(size=(tiles, 2)), rng.normal(size=(COUNT, 2))
    A, pull = dense(e)
    free = np.r_[0 : 2 * NODES, 4 * NODES : 6 * NODES]
    expected = np.zeros(2 * COUNT)
    expected[free] = np.linalg.solve(A[np.ix_(free, free)], (pull @ target.ravel())[free])
    found = e.solved(target, start, exact=1e-12)
    np.testing.assert_allclose(found.ravel(), expected, atol=1e-9)


def test_conjugate_gradients_begin_where_they_are_told_to() -> None:
    A = np.diag([1.0, 10.0, 100.0]) + 0.5
    right = np.array([1.0, 2.0, 3.0])
    solution = np.linalg.solve(A, right)
    products = []

    def times(x: Floats) -> Floats:
        products.append(x.copy())
        return np.asarray(A @ x)

    found = conjugate_gradients(times, right, np.diag(A), solution, 1e-9)
    np.testing.assert_array_equal(found, solution)
    assert len(products) == 1  # nothing was left to do
    found = conjugate_gradients(times, right, np.diag(A), np.zeros(3), 1e-12)
    np.testing.assert_allclose(found, solution, rtol=1e-10)
    assert len(products) <= 1 + 5  # as many steps as unknowns, but for rounding
