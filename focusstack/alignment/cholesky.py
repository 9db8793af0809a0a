"""Symmetric positive definite equations: NumPy's Cholesky factor and compiled substitution.

SciPy solves them too, but takes a third of a second to load.

Import this module only when a stack is to be solved: loading the compiler takes a while.
"""

from __future__ import annotations

import numpy as np

from focusstack.compiler import compiled, read_only, writable
from focusstack.once import once
from focusstack.typing import Matrix, Points


def _substitute(L: Matrix, x: Points) -> None:
    for i in range(len(x)):
        for k in range(x.shape[1]):
            rest = x[i, k]
            for j in range(i):
                rest -= L[i, j] * x[j, k]
            x[i, k] = rest / L[i, i]
    for i in range(len(x) - 1, -1, -1):
        for k in range(x.shape[1]):
            x[i, k] /= L[i, i]
            for j in range(i):
                x[j, k] -= L[i, j] * x[i, k]


_substitution = once(
    lambda: compiled(_substitute, read_only(np.float64, 2), writable(np.float64, 2))
)


def solved(A: Matrix, right: Points) -> Points:
    """Solve ``A x = right``.

    Parameters
    ----------
    A : (n, n) float64 ndarray
        Symmetric and positive definite; what stands above the diagonal is not read.
    right : (n,) or (n, m) float64 ndarray
        One or several right sides.

    Returns
    -------
    ndarray
        Like `right`.

    Raises
    ------
    numpy.linalg.LinAlgError
        If `A` is not positive definite.
    """
    factor = np.ascontiguousarray(np.linalg.cholesky(A), float)
    x = np.array(right, float, order="C").reshape(len(A), -1)
    _substitution()(factor, x)
    return x.reshape(right.shape)
