"""The compiled loops behind `packed`: residuals, and normal equations by matrix entries.

A match of two frames depends on the entries of their two matrices and on how the lens bent each
frame, eleven numbers a frame, whatever the motion model. What matrices contribute to ``JᵀWJ``
has the form ``(CᵀWC) ⊗ (h hᵀ)``, so that a few dozen multiplications per match are enough; the
model's own parameters come in once per pair.

Import this module only when a stack is to be solved: loading the compiler takes a while.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from focusstack.alignment.loops.arguments import BENDS, ENTRIES, Pairs, Projections, Sides
from focusstack.alignment.loops.projections import project, slopes, straight
from focusstack.numeric.arrays import Floats
from focusstack.runtime.compiler import compiled, inlined, inner, named, writable
from focusstack.runtime.once import once


class Room(NamedTuple):
    """Working memory for a pair: products of one match, and their sums over its matches.

    Rows are wider than needed, so that whole registers are filled.
    """

    CC: Floats
    DD: Floats
    CD: Floats
    hh: Floats
    kk: Floats
    hk: Floats
    first: Floats
    second: Floats
    both: Floats


@inlined
def _packed(i: int, j: int) -> int:
    """Place of entry ``(i, j)`` of a symmetric 3 x 3 matrix among its six different ones."""
    low, high = min(i, j), max(i, j)
    return low * (5 - low) // 2 + high


@inner
def _unfold(first: Floats, both: Floats, second: Floats, M: Floats) -> None:
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
def _squares(h: Floats, out: Floats) -> None:
    """The six different entries of ``h hᵀ``."""
    out[0], out[1], out[2] = h[0] * h[0], h[0] * h[1], h[0] * h[2]
    out[3], out[4], out[5] = h[1] * h[1], h[1] * h[2], h[2] * h[2]


@inlined
def _add_products(left: Floats, right: Floats, out: Floats) -> None:
    """Add the outer product."""
    for i in range(left.size):
        for m in range(right.size):
            out[i, m] += left[i] * right[m]


@inner
def _by_bends(
    by_bend: Floats,
    W: tuple[float, float, float],
    left: tuple[float, float],
    ends: tuple[float, float, float, float],
    h: Floats,
    k: Floats,
    sums: Floats,
) -> None:
    """Add what a match says of the four numbers of two bends.

    In each row of `sums`: with the first matrix's entries, with the second's, with all bends, and
    with the residual `left` between the two `ends`.
    """
    u, v, x, y = ends
    for f in range(2 * BENDS):
        sign = 1.0 if f < BENDS else -1.0
        across = sign * (W[0] * by_bend[f, 0] + W[1] * by_bend[f, 1])
        down = sign * (W[1] * by_bend[f, 0] + W[2] * by_bend[f, 1])
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
            product = across * by_bend[e, 0] + down * by_bend[e, 1]
            row[18 + e] += product if e < BENDS else -product
        row[18 + 2 * BENDS] += across * left[0] + down * left[1]


@inner
def _unfold_bends(sums: Floats, M: Floats, g: Floats) -> None:
    """Put what is known of the bends where their entries belong."""
    for f in range(2 * BENDS):
        own = 9 + f if f < BENDS else ENTRIES + 9 + f - BENDS
        for m in range(9):
            M[own, m] = M[m, own] = sums[f, m]
            M[own, ENTRIES + m] = M[ENTRIES + m, own] = sums[f, 9 + m]
        for e in range(2 * BENDS):
            M[own, 9 + e if e < BENDS else ENTRIES + 9 + e - BENDS] = sums[f, 18 + e]
        g[own] = sums[f, 18 + 2 * BENDS]


@inlined
def _information(root: Floats, weight: float) -> tuple[float, float, float]:
    """Entries xx, xy and yy of the weighted information ``s RᵀR`` of a match with root ``R``."""
    xx = weight * (root[0, 0] * root[0, 0] + root[1, 0] * root[1, 0])
    xy = weight * (root[0, 0] * root[0, 1] + root[1, 0] * root[1, 1])
    yy = weight * (root[0, 1] * root[0, 1] + root[1, 1] * root[1, 1])
    return xx, xy, yy


@inlined
def _add_crossed(
    W: tuple[float, float, float],
    ends: tuple[float, float, float, float],
    h: Floats,
    k: Floats,
    room: Room,
) -> None:
    """Add what a match says of the entries of both matrices and of each pair of these.

    The derivative of a projection ``(u, v)`` by the rows of its matrix is ``C ⊗ h`` with
    ``C = [[1, 0, -u], [0, 1, -v]]``; ``D`` is the second frame's.
    """
    (w00, w01, w11), (u, v, x, y) = W, ends
    a, b = w00 * u + w01 * v, w01 * u + w11 * v  # W (u, v)
    c, d = w00 * x + w01 * y, w01 * x + w11 * y  # W (x, y)
    CC, DD, CD = room.CC, room.DD, room.CD
    # The six different entries of the symmetric CᵀWC, row by row, then those of DᵀWD.
    CC[0], CC[1], CC[2], CC[3], CC[4], CC[5] = w00, w01, -a, w11, -b, a * u + b * v
    DD[0], DD[1], DD[2], DD[3], DD[4], DD[5] = w00, w01, -c, w11, -d, c * x + d * y
    # All nine of CᵀWD.
    CD[0], CD[1], CD[2], CD[3], CD[4], CD[5] = w00, w01, -c, w01, w11, -d
    CD[6], CD[7], CD[8] = -a, -b, u * c + v * d
    _squares(h, room.hh)
    _squares(k, room.kk)
    for i in range(3):
        for j in range(3):
            room.hk[3 * i + j] = h[i] * k[j]
    _add_products(CC, room.hh, room.first)
    _add_products(DD, room.kk, room.second)
    _add_products(CD, room.hk, room.both)


@inlined
def _add_right_side(
    W: tuple[float, float, float],
    ends: tuple[float, float, float, float],
    h: Floats,
    k: Floats,
    g: Floats,
) -> None:
    """Add ``Jᵀ W r`` of a match, with the residual ``r = (u, v) - (x, y)``, by entries."""
    (w00, w01, w11), (u, v, x, y) = W, ends
    across, down = u - x, v - y
    e, f = w00 * across + w01 * down, w01 * across + w11 * down  # W r
    for j in range(3):
        # Cᵀ W r times each number of h: the third row of C holds minus the point.
        g[j] += e * h[j]
        g[3 + j] += f * h[j]
        g[6 + j] -= (e * u + f * v) * h[j]
        # The second frame's point is subtracted, so all signs are turned.
        g[ENTRIES + j] -= e * k[j]
        g[ENTRIES + 3 + j] -= f * k[j]
        g[ENTRIES + 6 + j] += (e * x + f * y) * k[j]


def _whiten(poses: Projections, matches: Pairs, squared: Floats) -> None:
    """Squared length, in standard deviations, of each match's residual."""
    lens = poses.lens
    for k in range(len(matches.frames)):
        i, j = matches.frames[k]
        A, B = poses.matrices[i], poses.matrices[j]
        for t in range(matches.starts[k], matches.starts[k + 1]):
            # Both ends, straightened, on the canvas.
            x, y = straight(lens, poses.bends[i], matches.p[t, 0], matches.p[t, 1])
            u, v, _ = project(A, x, y)
            x, y = straight(lens, poses.bends[j], matches.q[t, 0], matches.q[t, 1])
            x, y, _ = project(B, x, y)
            # What is left between them, times the root of its information.
            x, y = u - x, v - y
            root = matches.root[t]
            a = root[0, 0] * x + root[0, 1] * y
            b = root[1, 0] * x + root[1, 1] * y
            squared[t] = a * a + b * b


@inner
def _clear(sums: Floats) -> None:
    """Begin anew with sums ``(N, M)``."""
    for i in range(sums.shape[0]):
        for j in range(sums.shape[1]):
            sums[i, j] = 0


def _accumulate(poses: Projections, matches: Pairs, weight: Floats, sides: Sides) -> None:
    """Both sides of the normal equations of each pair, by the entries of both frames."""
    lens, bent = poses.lens, poses.lens[2] > 0
    h, k = np.empty(3), np.empty(3)
    room = Room(
        np.empty(6), np.empty(6), np.empty(9), np.zeros(8), np.zeros(8), np.zeros(16),
        np.empty((6, 8)), np.empty((6, 8)), np.empty((9, 16)),
    )  # fmt: skip
    by_bend, of_bends = np.empty((2 * BENDS, 2)), np.empty((2 * BENDS, 19 + 2 * BENDS))
    for n in range(len(matches.frames)):
        i, j = matches.frames[n, 0], matches.frames[n, 1]
        A, B, g = poses.matrices[i], poses.matrices[j], sides.right[n]
        _clear(room.first)
        _clear(room.second)
        _clear(room.both)
        _clear(of_bends)
        for t in range(matches.starts[n], matches.starts[n + 1]):
            # The first end on the canvas; h is what its projection multiplies the matrix with.
            px, py = straight(lens, poses.bends[i], matches.p[t, 0], matches.p[t, 1])
            u, v, w = project(A, px, py)
            h[0], h[1], h[2] = px * w, py * w, w
            if bent:
                slopes(A, (u, v, w), lens, matches.p[t], by_bend[:BENDS])
            # The second one, and its k.
            px, py = straight(lens, poses.bends[j], matches.q[t, 0], matches.q[t, 1])
            x, y, w = project(B, px, py)
            k[0], k[1], k[2] = px * w, py * w, w
            if bent:
                slopes(B, (x, y, w), lens, matches.q[t], by_bend[BENDS:])
            W, ends = _information(matches.root[t], weight[t]), (u, v, x, y)
            _add_crossed(W, ends, h, k, room)
            _add_right_side(W, ends, h, k, g)
            if bent:
                _by_bends(by_bend, W, (u - x, v - y), ends, h, k, of_bends)
        _unfold(room.first, room.both, room.second, sides.left[n])
        if bent:
            _unfold_bends(of_bends, sides.left[n], g)


# Tuples with names are passed as they are: their arrays must be writable, whatever is done to them.
_D1, _D2, _D3 = (writable(np.float64, dimensions) for dimensions in (1, 2, 3))
_WHOLE1, _WHOLE2 = writable(np.int64, 1), writable(np.int64, 2)
_PROJECTIONS = named(Projections, _D3, _D2, _D1)
_PAIRS = named(Pairs, _WHOLE2, _WHOLE1, _D2, _D2, _D3)
_SIDES = named(Sides, _D3, _D2)

whitening = once(lambda: compiled(_whiten, _PROJECTIONS, _PAIRS, _D1))
"""Takes where all frames lie, matches of some pairs, and where to put the squared length of each
match's residual."""

accumulation = once(lambda: compiled(_accumulate, _PROJECTIONS, _PAIRS, _D1, _SIDES))
"""Takes where all frames lie, matches of some pairs, the weight of each match, and where to put
both sides of each pair's equations."""
