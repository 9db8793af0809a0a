"""The compiled loops behind the solve: residuals, and normal equations by matrix entries.

A match of two frames depends on the entries of their two matrices and on how the lens bent each
frame, eleven numbers a frame, whatever the motion model. What matrices contribute to ``JᵀWJ``
has the form ``(CᵀWC) ⊗ (h hᵀ)``, so that a few dozen multiplications per match are enough; the
model's own parameters come in once per pair.

Import this module only when a stack is to be solved: loading the compiler takes a while.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from focusstack.compiler import compiled, inlined, inner, once, read_only, writable
from focusstack.typing import Indices, Matrix, Points

BENDS = 2
"""Numbers a lens bends a frame by, see `focusstack.lens`."""

ENTRIES = 9 + BENDS
"""Numbers a frame's position is made of: its matrix, row by row, and its bend."""


@inlined
def _straight(lens: Points, bend: Points, x: float, y: float) -> tuple[float, float]:
    """Where a pixel lies without the lens's bend.

    `lens` holds the picture's centre and the inverse square of its half diagonal.
    """
    dx, dy = x - lens[0], y - lens[1]
    r2 = (dx * dx + dy * dy) * lens[2]
    grown = r2 * (bend[0] + r2 * bend[1])
    return x + grown * dx, y + grown * dy


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
                    M[row, ENTRIES + column] = -blocks[1, 3 * i + j, 3 * a + b]
                    M[ENTRIES + column, row] = -blocks[1, 3 * i + j, 3 * a + b]
                    M[ENTRIES + row, ENTRIES + column] = blocks[2, 3 * i + j, 3 * a + b]


@inner
def _slopes(H: Matrix, at: tuple[float, float, float], lens: Points, p: Points, J: Points) -> None:
    """Derivatives ``(BENDS, 2)`` of the projection ``at = (u, v, w)`` of pixel `p` by the bend."""
    u, v, w = at
    dx, dy = p[0] - lens[0], p[1] - lens[1]
    down = H[2, 0] * dx + H[2, 1] * dy
    across = (H[0, 0] * dx + H[0, 1] * dy - u * down) * w
    down = (H[1, 0] * dx + H[1, 1] * dy - v * down) * w
    r2 = (dx * dx + dy * dy) * lens[2]
    power = r2
    for b in range(BENDS):
        J[b, 0], J[b, 1] = power * across, power * down
        power *= r2


@inner
def _by_bends(
    M: Points,
    g: Points,
    slopes: Points,
    W: tuple[float, float, float],
    left: tuple[float, float],
    C: Points,
    D: Points,
    h: Points,
    k: Points,
) -> None:
    """Add what a match says of the two bends, and of each together with the two matrices."""
    for f in range(2 * BENDS):
        sign = 1.0 if f < BENDS else -1.0
        across = sign * (W[0] * slopes[f, 0] + W[1] * slopes[f, 1])
        down = sign * (W[1] * slopes[f, 0] + W[2] * slopes[f, 1])
        own = f + 9 if f < BENDS else f - BENDS + ENTRIES + 9
        g[own] += across * left[0] + down * left[1]
        for e in range(2 * BENDS):
            product = across * slopes[e, 0] + down * slopes[e, 1]
            if e < BENDS:
                M[own, e + 9] += product
            else:
                M[own, e - BENDS + ENTRIES + 9] -= product
        for i in range(3):
            first, second = C[0, i] * across + C[1, i] * down, D[0, i] * across + D[1, i] * down
            for a in range(3):
                M[own, 3 * i + a] += first * h[a]
                M[3 * i + a, own] += first * h[a]
                M[own, ENTRIES + 3 * i + a] -= second * k[a]
                M[ENTRIES + 3 * i + a, own] -= second * k[a]


def _whiten(
    H: Matrix,
    bend: Points,
    lens: Points,
    frames: Indices,
    starts: Indices,
    p: Points,
    q: Points,
    root: Points,
    squared: Points,
) -> None:
    for k in range(len(frames)):
        i, j = frames[k]
        A, B = H[i], H[j]
        for t in range(starts[k], starts[k + 1]):
            x, y = _straight(lens, bend[i], p[t, 0], p[t, 1])
            u, v, _ = _project(A, x, y)
            x, y = _straight(lens, bend[j], q[t, 0], q[t, 1])
            x, y, _ = _project(B, x, y)
            x, y = u - x, v - y
            a = root[t, 0, 0] * x + root[t, 0, 1] * y
            b = root[t, 1, 0] * x + root[t, 1, 1] * y
            squared[t] = a * a + b * b


def _accumulate(
    H: Matrix,
    bend: Points,
    lens: Points,
    frames: Indices,
    starts: Indices,
    p: Points,
    q: Points,
    root: Points,
    weight: Points,
    M: Points,
    g: Points,
) -> None:
    bent = lens[2] > 0
    C, D = np.zeros((2, 3)), np.zeros((2, 3))
    WC, WD = np.empty((2, 3)), np.empty((2, 3))
    h, k = np.empty(3), np.empty(3)
    hh, hk, kk = np.empty(9), np.empty(9), np.empty(9)
    blocks = np.empty((3, 9, 9))
    slopes = np.empty((2 * BENDS, 2))
    C[0, 0] = C[1, 1] = D[0, 0] = D[1, 1] = 1.0
    for n in range(len(frames)):
        A, B = H[frames[n, 0]], H[frames[n, 1]]
        blocks[:] = 0.0
        for t in range(starts[n], starts[n + 1]):
            px, py = _straight(lens, bend[frames[n, 0]], p[t, 0], p[t, 1])
            u, v, w = _project(A, px, py)
            h[0], h[1], h[2] = px * w, py * w, w
            if bent:
                _slopes(A, (u, v, w), lens, p[t], slopes[:BENDS])
            px, py = _straight(lens, bend[frames[n, 1]], q[t, 0], q[t, 1])
            x, y, w = _project(B, px, py)
            k[0], k[1], k[2] = px * w, py * w, w
            if bent:
                _slopes(B, (x, y, w), lens, q[t], slopes[BENDS:])
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
                    g[n, ENTRIES + 3 * i + j] -= second * k[j]
                    hh[3 * i + j], hk[3 * i + j], kk[3 * i + j] = (
                        h[i] * h[j],
                        h[i] * k[j],
                        k[i] * k[j],
                    )
            if bent:
                _by_bends(M[n], g[n], slopes, (w00, w01, w11), (x, y), C, D, h, k)
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
_POSES = read_only(np.float64, 3), read_only(np.float64, 2), read_only(np.float64, 1)
_INPUT = *_POSES, read_only(np.int64, 2), read_only(np.int64, 1), *_POINTS

_whitening = once(lambda: compiled(_whiten, *_INPUT, writable(np.float64, 1)))
_accumulation = once(
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
    lens : (3,) float64 ndarray
        The picture's centre, and the inverse square of its half diagonal; 0 for models without a
        bend.
    """

    frames: Indices
    starts: Indices
    p: Points
    q: Points
    root: Points
    lens: Points

    def squared(self, H: Matrix, bends: Points) -> Points:
        """Squared length, in standard deviations, of each match's residual."""
        found = np.empty(len(self.p))
        poses = H, bends, self.lens
        _whitening()(*poses, self.frames, self.starts, self.p, self.q, self.root, found)
        return found

    def by_entries(self, H: Matrix, bends: Points, weight: Points) -> tuple[Points, Points]:
        """``JᵀWJ`` ``(pairs, 22, 22)`` and ``JᵀWr`` ``(pairs, 22)`` by both frames' entries."""
        pairs, entries = len(self.frames), 2 * ENTRIES
        M, g = np.zeros((pairs, entries, entries)), np.zeros((pairs, entries))
        poses, points = (H, bends, self.lens), (self.p, self.q, self.root)
        _accumulation()(*poses, self.frames, self.starts, *points, weight, M, g)
        return M, g
