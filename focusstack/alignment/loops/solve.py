"""The compiled loops behind the solve: residuals, and normal equations by matrix entries.

A match of two frames depends on the entries of their two matrices and on how the lens bent each
frame, eleven numbers a frame, whatever the motion model. What matrices contribute to ``JᵀWJ``
has the form ``(CᵀWC) ⊗ (h hᵀ)``, so that a few dozen multiplications per match are enough; the
model's own parameters come in once per pair.

Import this module only when a stack is to be solved: loading the compiler takes a while.
"""

from __future__ import annotations

import numpy as np

from focusstack.numeric.arrays import Indices, Matrix, Points
from focusstack.runtime.compiler import compiled, inlined, inner, read_only, writable
from focusstack.runtime.once import once

BENDS = 2
"""Numbers a lens bends a frame by, see `focusstack.geometry.lens`."""

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


@inlined
def _packed(i: int, j: int) -> int:
    """Place of entry ``(i, j)`` of a symmetric 3 x 3 matrix among its six different ones."""
    low, high = min(i, j), max(i, j)
    return low * (5 - low) // 2 + high


@inner
def _unfold(first: Points, both: Points, second: Points, M: Matrix) -> None:
    """Put ``(CᵀWC) ⊗ (h hᵀ)`` of both frames and between them where their entries belong."""
    for i in range(3):
        for j in range(3):
            for a in range(3):
                for b in range(3):
                    row, column = 3 * i + a, 3 * j + b
                    across = both[3 * i + j, 3 * a + b]
                    M[row, column] = first[_packed(i, j), _packed(a, b)]
                    M[row, ENTRIES + column] = M[ENTRIES + column, row] = -across
                    M[ENTRIES + row, ENTRIES + column] = second[_packed(i, j), _packed(a, b)]


@inlined
def _squares(h: Points, out: Points) -> None:
    """The six different entries of ``h hᵀ``."""
    out[0], out[1], out[2] = h[0] * h[0], h[0] * h[1], h[0] * h[2]
    out[3], out[4], out[5] = h[1] * h[1], h[1] * h[2], h[2] * h[2]


@inlined
def _add_products(left: Points, right: Points, out: Points) -> None:
    """Add the outer product; rows are wider than needed, so that whole registers are filled."""
    for i in range(left.size):
        for m in range(right.size):
            out[i, m] += left[i] * right[m]


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
    slopes: Points,
    W: tuple[float, float, float],
    left: tuple[float, float],
    ends: tuple[float, float, float, float],
    h: Points,
    k: Points,
    sums: Points,
) -> None:
    """Add what a match says of the four numbers of two bends.

    In each row of `sums`: with the first matrix's entries, with the second's, with all bends, and
    with the residual `left` between the two `ends`.
    """
    u, v, x, y = ends
    for f in range(2 * BENDS):
        sign = 1.0 if f < BENDS else -1.0
        across = sign * (W[0] * slopes[f, 0] + W[1] * slopes[f, 1])
        down = sign * (W[1] * slopes[f, 0] + W[2] * slopes[f, 1])
        first, second = across * u + down * v, across * x + down * y
        row = sums[f]
        for a in range(3):
            row[a] += across * h[a]
            row[3 + a] += down * h[a]
            row[6 + a] -= first * h[a]
            row[9 + a] -= across * k[a]
            row[12 + a] -= down * k[a]
            row[15 + a] += second * k[a]
        for e in range(2 * BENDS):
            product = across * slopes[e, 0] + down * slopes[e, 1]
            row[18 + e] += product if e < BENDS else -product
        row[18 + 2 * BENDS] += across * left[0] + down * left[1]


@inner
def _unfold_bends(sums: Points, M: Matrix, g: Points) -> None:
    """Put what is known of the bends where their entries belong."""
    for f in range(2 * BENDS):
        own = 9 + f if f < BENDS else ENTRIES + 9 + f - BENDS
        for m in range(9):
            M[own, m] = M[m, own] = sums[f, m]
            M[own, ENTRIES + m] = M[ENTRIES + m, own] = sums[f, 9 + m]
        for e in range(2 * BENDS):
            M[own, 9 + e if e < BENDS else ENTRIES + 9 + e - BENDS] = sums[f, 18 + e]
        g[own] = sums[f, 18 + 2 * BENDS]


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
    h, k, hh, kk, hk = np.empty(3), np.empty(3), np.zeros(8), np.zeros(8), np.zeros(16)
    CC, DD, CD = np.empty(6), np.empty(6), np.empty(9)
    first, second, both = np.empty((6, 8)), np.empty((6, 8)), np.empty((9, 16))
    slopes, of_bends = np.empty((2 * BENDS, 2)), np.empty((2 * BENDS, 19 + 2 * BENDS))
    for n in range(len(frames)):
        A, B = H[frames[n, 0]], H[frames[n, 1]]
        first[:] = second[:] = both[:] = of_bends[:] = 0.0
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
            r, s = root[t], weight[t]
            w00 = s * (r[0, 0] * r[0, 0] + r[1, 0] * r[1, 0])
            w01 = s * (r[0, 0] * r[0, 1] + r[1, 0] * r[1, 1])
            w11 = s * (r[0, 1] * r[0, 1] + r[1, 1] * r[1, 1])
            # C and D are the derivatives of both projections, an identity and minus the point.
            a, b = w00 * u + w01 * v, w01 * u + w11 * v
            c, d = w00 * x + w01 * y, w01 * x + w11 * y
            CC[0], CC[1], CC[2], CC[3], CC[4], CC[5] = w00, w01, -a, w11, -b, a * u + b * v
            DD[0], DD[1], DD[2], DD[3], DD[4], DD[5] = w00, w01, -c, w11, -d, c * x + d * y
            CD[0], CD[1], CD[2], CD[3], CD[4], CD[5] = w00, w01, -c, w01, w11, -d
            CD[6], CD[7], CD[8] = -a, -b, u * c + v * d
            _squares(h, hh)
            _squares(k, kk)
            for i in range(3):
                for j in range(3):
                    hk[3 * i + j] = h[i] * k[j]
            _add_products(CC, hh, first)
            _add_products(DD, kk, second)
            _add_products(CD, hk, both)
            across, down = u - x, v - y
            e, f = w00 * across + w01 * down, w01 * across + w11 * down
            for j in range(3):
                g[n, j] += e * h[j]
                g[n, 3 + j] += f * h[j]
                g[n, 6 + j] -= (e * u + f * v) * h[j]
                g[n, ENTRIES + j] -= e * k[j]
                g[n, ENTRIES + 3 + j] -= f * k[j]
                g[n, ENTRIES + 6 + j] += (e * x + f * y) * k[j]
            if bent:
                ends = u, v, x, y
                _by_bends(slopes, (w00, w01, w11), (across, down), ends, h, k, of_bends)
        _unfold(first, both, second, M[n])
        if bent:
            _unfold_bends(of_bends, M[n], g[n])


def _scatter(at: Indices, blocks: Points, sums: Points, A: Matrix, total: Points) -> None:
    for n in range(len(at)):
        for i in range(at.shape[1]):
            row = A[at[n, i]]
            for j in range(at.shape[1]):
                row[at[n, j]] += blocks[n, i, j]
            total[at[n, i]] += sums[n, i]


_POINTS = read_only(np.float64, 2), read_only(np.float64, 2), read_only(np.float64, 3)
_POSES = read_only(np.float64, 3), read_only(np.float64, 2), read_only(np.float64, 1)
_INPUT = *_POSES, read_only(np.int64, 2), read_only(np.int64, 1), *_POINTS

whitening = once(lambda: compiled(_whiten, *_INPUT, writable(np.float64, 1)))
"""Takes matrices and bends of all frames, the attributes of
`focusstack.alignment.matrices.packed.Flat`, of some pairs, and where to put the
squared length of each match's residual."""

accumulation = once(
    lambda: compiled(
        _accumulate,
        *_INPUT,
        read_only(np.float64, 1),
        writable(np.float64, 3),
        writable(np.float64, 2),
    )
)
"""The same with the weight of each match, and where to put both sides of each pair's equations."""

_scattering = once(
    lambda: compiled(
        _scatter,
        *(read_only(dtype, d) for dtype, d in ((np.int64, 2), (np.float64, 3), (np.float64, 2))),
        writable(np.float64, 2),
        writable(np.float64, 1),
    )
)


def scattered(at: Indices, blocks: Points, sums: Points, size: int) -> tuple[Matrix, Points]:
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
