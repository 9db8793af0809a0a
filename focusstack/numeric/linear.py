"""Linear equations that cannot fail: what nothing determines stays zero.

Frames without detail, or all alike, leave unknowns that no measurement speaks of. Their equations
have no single solution; of all of them the smallest is meant.
"""

from __future__ import annotations

import numpy as np

from focusstack.numeric.arrays import Floats

UNDETERMINED = 1e-13
"""Share of an unknown's strength that is left once those before it are known, below which rounding
makes it up. Follows from float64, not measured: what measurements determine is above 1e-9."""

DAMPING = 1e-10
"""Added to the diagonal where equations have no single solution, as a share of it: far above
rounding, far below what measurements say. Follows from float64, not measured."""


MANY = 400
"""Unknowns from which on it is worth looking for bands: fewer take milliseconds. Speed only
(``python -m benchmarks.speed``)."""

WORTH = 4
"""Bands across the diagonal from which on they save time. Speed only (``python -m
benchmarks.speed``)."""

NARROWEST = 32
"""Unknowns of a block, at least. Speed only (``python -m benchmarks.speed``)."""


def solved(A: Floats, b: Floats) -> Floats:
    """Solve normal equations ``A x = b``; what they do not determine is zero.

    Equations that determine everything are solved as they are, to the last bit. Others are damped:
    a little is added to the diagonal, which keeps small what nothing speaks of.

    Parameters
    ----------
    A : (n, n) float64 ndarray
        Symmetric and positive, perhaps singular; not modified.
    b : (n,) or (n, m) float64 ndarray
        In the range of `A`, as ``J.T @ r`` is for ``A = J.T @ J``.

    Returns
    -------
    (n,) or (n, m) float64 ndarray
        Zero if anything given is not finite.

    Examples
    --------
    >>> solved(np.diag([2.0, 0.0]), np.array([4.0, 0.0]))
    array([2., 0.])
    """
    if _is_determined(A):
        return np.asarray(np.linalg.solve(A, b), float)
    return _damped(A, b)


def solved_in_bands(A: Floats, b: Floats, shared: int) -> Floats:
    """Solve normal equations as `solved` does, in time that grows with their number if they allow.

    Where each unknown but some at the end is tied to those near it only, as frames are in focus
    order, blocks along the diagonal are eliminated one after the other; the last digits may differ.

    Parameters
    ----------
    A : (n, n) float64 ndarray
        Symmetric and positive, perhaps singular; not modified.
    b : (n,) float64 ndarray
        In the range of `A`.
    shared : int
        How many unknowns at the end may be tied to all.

    Returns
    -------
    (n,) float64 ndarray

    Examples
    --------
    >>> solved_in_bands(np.diag([2.0, 4.0]), np.array([4.0, 4.0]), 0)
    array([2., 1.])
    """
    own = len(A) - shared
    width = bandwidth(A[:own, :own]) if len(A) > MANY else own
    if WORTH * width > own:
        return solved(A, b)
    found = _eliminated(A, b, own, max(width, NARROWEST))
    return solved(A, b) if found is None else found


def bandwidth(A: Floats) -> int:
    """Return how far from the diagonal of a symmetric matrix something is not zero.

    Examples
    --------
    >>> bandwidth(np.eye(5) + np.eye(5, k=2) + np.eye(5, k=-2))
    2
    """
    there = A != 0
    last = there.shape[1] - 1 - there[:, ::-1].argmax(axis=1)
    return int(np.max((last - np.arange(len(A)))[there.any(axis=1)], initial=0))


def _eliminated(A: Floats, b: Floats, own: int, width: int) -> Floats | None:
    """Cholesky's decomposition by blocks; None unless everything is determined."""
    diagonal = A.diagonal()
    if not (np.isfinite(A).all() and (diagonal > 0).all()):
        return None
    unit = 1 / np.sqrt(diagonal)
    # Beside each block stand the right side and its ties to what all share.
    sides = np.column_stack([b * unit, A[:, own:] * unit[:, None] * unit[own:]])
    blocks = [slice(k, min(k + width, own)) for k in range(0, own, width)]
    inverses: list[Floats] = []
    ties: list[Floats] = []
    rest = sides[own:].copy()
    try:
        for n, block in enumerate(blocks):
            square = A[block, block] * unit[block, None] * unit[block]
            if n:
                before = blocks[n - 1]
                tie = (A[block, before] * unit[block, None] * unit[before]) @ inverses[-1].T
                square -= tie @ tie.T
                sides[block] -= tie @ sides[before]
                ties.append(tie)
            inverses.append(_inverse_root(square))
            sides[block] = inverses[-1] @ sides[block]
            rest -= sides[block, 1:].T @ sides[block]
        last = _inverse_root(rest[:, 1:])
    except np.linalg.LinAlgError:
        return None
    found = np.zeros(len(A))
    found[own:] = last.T @ (last @ rest[:, 0])
    for n, block in reversed(list(enumerate(blocks))):
        right = sides[block, 0] - sides[block, 1:] @ found[own:]
        if n + 1 < len(blocks):
            right -= ties[n].T @ found[blocks[n + 1]]
        found[block] = inverses[n].T @ right
    return found * unit


def solved_in_chain(squares: Floats, ties: Floats, b: Floats) -> Floats:
    """Solve normal equations whose blocks are tied to the next block only.

    Memory and time grow with the number of blocks.

    Parameters
    ----------
    squares : (n, m, m) float64 ndarray
        Blocks on the diagonal, symmetric; all together positive. Not modified.
    ties : (n - 1, m, m) float64 ndarray
        Each block's ties to the one before: rows of the later, columns of the earlier one.
    b : (n, m, k) float64 ndarray
        Right sides.

    Returns
    -------
    (n, m, k) float64 ndarray
        Zero if anything given is not finite, or if something is not determined.

    Examples
    --------
    >>> squares, ties = np.full((2, 1, 1), 2.0), np.ones((1, 1, 1))
    >>> solved_in_chain(squares, ties, np.full((2, 1, 1), 3.0)).ravel()
    array([1., 1.])
    """
    found = np.zeros(b.shape)
    if not all(np.isfinite(given).all() for given in (squares, ties, b)):
        return found
    inverses: list[Floats] = []
    left: list[Floats] = []
    try:
        for n, square in enumerate(squares):
            tie = ties[n - 1] @ inverses[-1].T if n else np.zeros_like(square)
            left.append(tie)
            unit = 1 / np.sqrt(np.maximum(square.diagonal(), 1e-290))
            rest = (square - tie @ tie.T) * unit[:, None] * unit
            inverses.append(_inverse_root(rest) * unit)
            found[n] = inverses[-1] @ (b[n] - tie @ found[n - 1] if n else b[n])
    except np.linalg.LinAlgError:
        return np.zeros(b.shape)
    for n in reversed(range(len(squares))):
        if n + 1 < len(squares):
            found[n] -= left[n + 1].T @ found[n + 1]
        found[n] = inverses[n].T @ found[n]
    return found


def _inverse_root(square: Floats) -> Floats:
    """Inverse of Cholesky's root of a block.

    Raises
    ------
    LinAlgError
        If it does not determine everything.
    """
    root = np.linalg.cholesky(square)
    if np.square(root.diagonal()).min(initial=1) < UNDETERMINED:
        raise np.linalg.LinAlgError("singular")
    return np.asarray(np.linalg.inv(root), float)


def fitted(A: Floats, b: Floats) -> Floats:
    """Least squares ``A x = b``, the smallest of all solutions; zero if nothing can be fitted.

    Parameters
    ----------
    A : (n, m) float64 ndarray
        A row for each equation.
    b : (n,) float64 ndarray
        What they are to give.

    Returns
    -------
    (m,) float64 ndarray

    Examples
    --------
    >>> fitted(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([1.0, 3.0]))
    array([2., 0.])
    """
    if not (np.isfinite(A).all() and np.isfinite(b).all()):
        return np.zeros((A.shape[1], *b.shape[1:]))
    return np.asarray(np.linalg.lstsq(A, b, rcond=None)[0], float)


def _is_determined(A: Floats) -> bool:
    """Whether each unknown adds something to what those before it are held by."""
    diagonal = A.diagonal()
    if not (np.isfinite(A).all() and (diagonal > 0).all()):
        return False
    per_unit = 1 / np.sqrt(diagonal)
    try:
        # The squares of its diagonal are what is left of each unknown's own strength, which is 1.
        root = np.linalg.cholesky(A * per_unit[:, None] * per_unit)
    except np.linalg.LinAlgError:
        return False
    return bool(np.square(root.diagonal()).min(initial=1) >= UNDETERMINED)


def _damped(A: Floats, b: Floats) -> Floats:
    if not (np.isfinite(A).all() and np.isfinite(b).all()):
        return np.zeros_like(b, float)
    diagonal = np.abs(A.diagonal())
    # Unknowns that no equation holds have nothing on the diagonal either.
    more = DAMPING * np.maximum(diagonal, DAMPING * diagonal.max(initial=0)) + 1e-290
    return np.asarray(np.linalg.solve(A + np.diag(more), b), float)
