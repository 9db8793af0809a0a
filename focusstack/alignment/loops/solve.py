"""The compiled loop behind `solve`: small normal equations of pairs, summed up for the stack.

Import this module only when a stack is to be solved: loading the compiler takes a while.
"""

from __future__ import annotations

import numpy as np

from focusstack.numeric.arrays import Floats, Indices, Matrix
from focusstack.runtime.compiler import compiled, read_only, writable
from focusstack.runtime.once import once


def _scatter(at: Indices, blocks: Floats, sums: Floats, A: Floats, total: Floats) -> None:
    """Add each pair's sides where the parameters of its frames stand among all."""
    for n in range(len(at)):
        for i in range(at.shape[1]):
            row = A[at[n, i]]
            for j in range(at.shape[1]):
                row[at[n, j]] += blocks[n, i, j]
            total[at[n, i]] += sums[n, i]


_scattering = once(
    lambda: compiled(
        _scatter,
        *(read_only(dtype, d) for dtype, d in ((np.int64, 2), (np.float64, 3), (np.float64, 2))),
        writable(np.float64, 2),
        writable(np.float64, 1),
    )
)


def scattered(at: Indices, blocks: Floats, sums: Floats, size: int) -> tuple[Matrix, Floats]:
    """Sum over pairs of small normal equations at the places of their parameters among all.

    Parameters
    ----------
    at : (pairs, m) int64 ndarray
        Those places.
    blocks, sums : (pairs, m, m) and (pairs, m) float64 ndarray
        Left and right sides.
    size : int
        Number of all parameters.
    """
    A, total = np.zeros((size, size)), np.zeros(size)
    _scattering()(at, np.ascontiguousarray(blocks), np.ascontiguousarray(sums), A, total)
    return A, total
