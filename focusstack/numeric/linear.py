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
