"""The compiled loops behind the solve: residuals, and normal equations by matrix entries.

A match of two frames depends on the 18 entries of their two matrices, whatever the motion model.
Its contribution to ``JᵀWJ`` has the form ``(CᵀWC) ⊗ (h hᵀ)`` in them, so that a few dozen
multiplications per match are enough; the model's own parameters come in once per pair.

Import this module only when a stack is to be solved: loading the compiler takes a while.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from focusstack.compiler import compiled, inlined, inner, read_only, writable
from focusstack.typing import Indices, Matrix, Points


@inlined
def _project(H: Matrix, x: float, y: float) -> tuple[float, float, float]:
    """Projected point and the inverse of its denominator."""
    w = 1.0 / (H[2, 0] * x + H[2, 1] * y + H[2, 2])
    u = (H[0, 0] * x + H[0, 1] * y + H[0, 2]) * w
    v = (H[1, 0] * x + H[1, 1] * y + H[1, 2]) * w
    return u, v, w


@inner
def _unfold(blocks: Points, M: Matrix) -> None:
    """Put ``(CᵀWC) ⊗ (h hᵀ)`` of both frames and between them where their entries belong."""
    for i in range(3):
        for j in range(3):
            for a in range(3):
                for b in range(3):
                    row, column = 3 * i + a, 3 * j + b
                    M[row, column] = blocks[0, 3 * i + j, 3 * a + b]
                    M[row, 9 + column] = -blocks[1, 3 * i + j, 3 * a + b]
                    M[9 + column, row] = -blocks[1, 3 * i + j, 3 * a + b]
                    M[9 + row, 9 + column] = blocks[2, 3 * i + j, 3 * a + b]


def _whiten(
    H: Matrix, frames: Indices, starts: Indices, p: Points, q: Points, root: Points, squared: Points
) -> None:
    for k in range(len(frames)):
        A, B = H[frames[k, 0]], H[frames[k, 1]]
        for t in range(starts[k], starts[k + 1]):
            u, v, _ = _project(A, p[t, 0], p[t, 1])
            x, y, _ = _project(B, q[t, 0], q[t, 1])
            x, y = u - x, v - y
            a = root[t, 0, 0] * x + root[t, 0, 1] * y
            b = root[t, 1, 0] * x + root[t, 1, 1] * y
            squared[t] = a * a + b * b


def _accumulate(
    H: Matrix,
    frames: Indices,
    starts: Indices,
    p: Points,
    q: Points,
    root: Points,
    weight: Points,
    M: Points,
    g: Points,
) -> None:
    C, D = np.zeros((2, 3)), np.zeros((2, 3))
    WC, WD = np.empty((2, 3)), np.empty((2, 3))
    h, k = np.empty(3), np.empty(3)
    hh, hk, kk = np.empty(9), np.empty(9), np.empty(9)
    blocks = np.empty((3, 9, 9))
    C[0, 0] = C[1, 1] = D[0, 0] = D[1, 1] = 1.0
    for n in range(len(frames)):
        A, B = H[frames[n, 0]], H[frames[n, 1]]
        blocks[:] = 0.0
        for t in range(starts[n], starts[n + 1]):
            u, v, w = _project(A, p[t, 0], p[t, 1])
            h[0], h[1], h[2] = p[t, 0] * w, p[t, 1] * w, w
            x, y, w = _project(B, q[t, 0], q[t, 1])
            k[0], k[1], k[2] = q[t, 0] * w, q[t, 1] * w, w
            C[0, 2], C[1, 2], D[0, 2], D[1, 2] = -u, -v, -x, -y
            x, y = u - x, v - y
            r, s = root[t], weight[t]
            w00 = s * (r[0, 0] * r[0, 0] + r[1, 0] * r[1, 0])
            w01 = s * (r[0, 0] * r[0, 1] + r[1, 0] * r[1, 1])
            w11 = s * (r[0, 1] * r[0, 1] + r[1, 1] * r[1, 1])
            for i in range(3):
                WC[0, i], WC[1, i] = w00 * C[0, i] + w01 * C[1, i], w01 * C[0, i] + w11 * C[1, i]
                WD[0, i], WD[1, i] = w00 * D[0, i] + w01 * D[1, i], w01 * D[0, i] + w11 * D[1, i]
                first, second = WC[0, i] * x + WC[1, i] * y, WD[0, i] * x + WD[1, i] * y
                for j in range(3):
                    g[n, 3 * i + j] += first * h[j]
                    g[n, 9 + 3 * i + j] -= second * k[j]
                    hh[3 * i + j], hk[3 * i + j], kk[3 * i + j] = (
                        h[i] * h[j],
                        h[i] * k[j],
                        k[i] * k[j],
                    )
            for i in range(3):
                for j in range(3):
                    first = C[0, i] * WC[0, j] + C[1, i] * WC[1, j]
                    both = C[0, i] * WD[0, j] + C[1, i] * WD[1, j]
                    second = D[0, i] * WD[0, j] + D[1, i] * WD[1, j]
                    for m in range(9):
                        blocks[0, 3 * i + j, m] += first * hh[m]
                        blocks[1, 3 * i + j, m] += both * hk[m]
                        blocks[2, 3 * i + j, m] += second * kk[m]
        _unfold(blocks, M[n])


_POINTS = read_only(np.float64, 2), read_only(np.float64, 2), read_only(np.float64, 3)
_INPUT = read_only(np.float64, 3), read_only(np.int64, 2), read_only(np.int64, 1), *_POINTS

_whitening = lru_cache(lambda: compiled(_whiten, *_INPUT, writable(np.float64, 1)))
_accumulation = lru_cache(
    lambda: compiled(
        _accumulate,
        *_INPUT,
        read_only(np.float64, 1),
        writable(np.float64, 3),
        writable(np.float64, 2),
    )
)


@dataclass(frozen=True)
class Flat:
    """All matches of a stack, one after the other.

    Attributes
    ----------
    frames : (pairs, 2) int64 ndarray
        First and second frame of each pair.
    starts : (pairs + 1,) int64 ndarray
        Where the matches of each pair start, and where the last ones end.
    p, q : (N, 2) float64 ndarray
        Pixels in the first and the second frame.
    root : (N, 2, 2) float64 ndarray
        Square root of each match's information.
    """

    frames: Indices
    starts: Indices
    p: Points
    q: Points
    root: Points

    def squared(self, H: Matrix) -> Points:
        """Squared length, in standard deviations, of each match's residual."""
        found = np.empty(len(self.p))
        _whitening()(H, self.frames, self.starts, self.p, self.q, self.root, found)
        return found

    def by_entries(self, H: Matrix, weight: Points) -> tuple[Points, Points]:
        """``JᵀWJ`` ``(pairs, 18, 18)`` and ``JᵀWr`` ``(pairs, 18)`` by both matrices' entries."""
        pairs = len(self.frames)
        M, g = np.zeros((pairs, 18, 18)), np.zeros((pairs, 18))
        _accumulation()(H, self.frames, self.starts, self.p, self.q, self.root, weight, M, g)
        return M, g
