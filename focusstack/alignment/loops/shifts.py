"""The compiled loops behind the tiles: gradients, products and their sums over blocks, in one go.

Two images are read once and nothing is written but the sums; with an array for each product the
same takes fifteen times as long.

Import this module only when tiles are to be measured: loading the compiler takes a while.
"""

from __future__ import annotations

import numba
import numpy as np

from focusstack.numeric.arrays import Float32, Image
from focusstack.runtime.compiler import compiled, inner, read_only, writable
from focusstack.runtime.once import once

WIDTH = 256
"""Columns worked on at a time, so that all their sums stay in the processor's first cache."""

LINE = WIDTH + 64
"""Room for a row of that many columns and the neighbours on both sides."""

SUMS = 16
"""How many sums: number of pixels compared, then products xx, xy, yy, ax, ay, bx, by, aa, ab, bb,
lx, ly, ll, al and bl of images a and b, their mean's gradient (x, y) and its Laplacian l."""

# All working memory is one array with fixed places: the compiler then knows that no two overlap,
# and vectorises. First three lines of what a row's derivatives are made of, then one for each sum.
_FIRST = 3 * LINE


@inner
def _smooth(a: Float32, b: Float32, y: int, left: int, n: int, work: Float32) -> None:
    """Smoothing of ``a + b`` down by Scharr, its difference down, and smoothing by 1, 2, 1.

    With a column on either side.
    """
    height, width = a.shape
    above, below = y - 1, y + 1
    if above < 0:
        above = min(1, height - 1)
    if below == height:
        below = max(height - 2, 0)
    first = 1 if left == 0 else 0
    count = n + 2 - first - (0 if left + n < width else 1)
    at = left + first - 1
    a0, a1, a2 = a[above][at:], a[y][at:], a[below][at:]
    b0, b1, b2 = b[above][at:], b[y][at:], b[below][at:]
    line = work[first:]
    three, ten = np.float32(3), np.float32(10)
    for i in range(count):
        # The sum of both images, above and below this row.
        line[i] = a0[i] + b0[i]
        line[i + LINE] = a2[i] + b2[i]
    for i in range(count):
        over, under = line[i], line[i + LINE]
        here = a1[i] + b1[i]
        line[i] = three * (over + under) + ten * here  # smoothed by 3, 10, 3: for the slope across
        line[i + LINE] = under - over  # the difference: for the slope down
        line[i + 2 * LINE] = over + under + here + here  # smoothed by 1, 2, 1: for the Laplacian
    for k in range(3):
        if first:
            work[k * LINE] = work[k * LINE + 2]
        if left + n >= width:
            work[k * LINE + n + 1] = work[k * LINE + n - 1]


@inner
def _add_row(a: Float32, b: Float32, valid: Image, n: int, work: Float32) -> None:
    """Add the products of `n` pixels of a row to the sums of their columns."""
    three, ten, norm = np.float32(3), np.float32(10), np.float32(1 / 64)
    eighth, sixteen = np.float32(1 / 8), np.float32(16)
    for x in range(n):
        v = np.float32(valid[x])
        p, q = a[x] * v, b[x] * v
        # Scharr's slopes of the mean: of the sum over 2 · 16 · 2 (both images, weights, distance).
        gx = (work[x + 2] - work[x]) * norm * v
        gy = (three * (work[LINE + x] + work[LINE + x + 2]) + ten * work[LINE + x + 1]) * norm * v
        # Laplacian of the mean: what 1, 2, 1 both ways makes of it less itself, times four.
        around = work[2 * LINE + x] + work[2 * LINE + x + 2]
        middle = work[2 * LINE + x + 1]
        bend = (around + middle + middle) * v - sixteen * (p + q)
        bend *= eighth
        # One sum for each product, in the order that `SUMS` tells.
        work[_FIRST + x] += v
        work[_FIRST + WIDTH + x] += gx * gx
        work[_FIRST + 2 * WIDTH + x] += gx * gy
        work[_FIRST + 3 * WIDTH + x] += gy * gy
        work[_FIRST + 4 * WIDTH + x] += p * gx
        work[_FIRST + 5 * WIDTH + x] += p * gy
        work[_FIRST + 6 * WIDTH + x] += q * gx
        work[_FIRST + 7 * WIDTH + x] += q * gy
        work[_FIRST + 8 * WIDTH + x] += p * p
        work[_FIRST + 9 * WIDTH + x] += p * q
        work[_FIRST + 10 * WIDTH + x] += q * q
        work[_FIRST + 11 * WIDTH + x] += bend * gx
        work[_FIRST + 12 * WIDTH + x] += bend * gy
        work[_FIRST + 13 * WIDTH + x] += bend * bend
        work[_FIRST + 14 * WIDTH + x] += bend * p
        work[_FIRST + 15 * WIDTH + x] += bend * q


@inner
def _add_depth(depth: Float32, valid: Image, n: int, work: Float32) -> None:
    """Add the depth of `n` pixels of a row, weighted by squared gradients, to a further sum."""
    three, ten, norm = np.float32(3), np.float32(10), np.float32(1 / 64)
    for x in range(n):
        v = np.float32(valid[x])
        gx = (work[x + 2] - work[x]) * norm * v
        gy = (three * (work[LINE + x] + work[LINE + x + 2]) + ten * work[LINE + x + 1]) * norm * v
        work[_FIRST + SUMS * WIDTH + x] += (gx * gx + gy * gy) * depth[x]


def _block_sums(
    a: Float32, b: Float32, valid: Image, depth: Float32, block: int, out: Float32
) -> None:
    sums, rows, columns = out.shape
    most = WIDTH // block
    work = np.zeros(_FIRST + (SUMS + 1) * WIDTH, np.float32)
    for i in range(rows):
        for j in range(0, columns, most):
            blocks = min(most, columns - j)
            n, left = blocks * block, j * block
            for x in range(_FIRST, work.size):
                work[x] = 0
            for y in range(i * block, (i + 1) * block):
                _smooth(a, b, y, left, n, work)
                _add_row(a[y][left:], b[y][left:], valid[y][left:], n, work)
                if sums > SUMS:
                    _add_depth(depth[y][left:], valid[y][left:], n, work)
            for k in range(sums):
                for m in range(blocks):
                    total = np.float32(0)
                    for x in range(block):
                        total += work[_FIRST + k * WIDTH + m * block + x]
                    out[k, i, j + m] = total


_loops = once(
    lambda: compiled(
        _block_sums,
        read_only(np.float32, 2),
        read_only(np.float32, 2),
        read_only(np.uint8, 2),
        read_only(np.float32, 2),
        numba.types.int64,
        writable(np.float32, 3),
    )
)


def block_sums(
    a: Float32, b: Float32, valid: Image, block: int, depth: Float32 | None = None
) -> Float32:
    """Sums over blocks of the products of two images, their mean's gradient and Laplacian.

    Parameters
    ----------
    a, b : (H, W) float32 ndarray
        The images.
    valid : (H, W) uint8 ndarray
        1 where pixels count, else 0.
    block : int
        Side of a block in pixels, at most `WIDTH`; what is left at the right and below is dropped.
    depth : (H, W) float32 ndarray, optional
        Any map over the images.

    Returns
    -------
    (SUMS, H // block, W // block) float32 ndarray
        Gradients are Scharr's, in units per pixel, reflected at the border; the Laplacian is over
        three by three pixels. With `depth`, one sum more: of it, weighted by the squared gradient.
    """
    count = SUMS + (depth is not None)
    out = np.empty((count, a.shape[0] // block, a.shape[1] // block), np.float32)
    deep = np.empty((0, 0), np.float32) if depth is None else depth
    first, second, where, third = (np.ascontiguousarray(image) for image in (a, b, valid, deep))
    _loops()(first, second, where, third, block, out)
    return out
