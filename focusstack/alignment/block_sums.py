"""The compiled loops behind the tiles: gradients, products and their sums over blocks, in one go.

Two images are read once and nothing is written but the sums; with an array for each product the
same takes fifteen times as long.

Import this module only when tiles are to be measured: loading the compiler takes a while.
"""

from __future__ import annotations

import numba
import numpy as np

from focusstack.compiler import compiled, inner, read_only, writable
from focusstack.once import once
from focusstack.typing import Float32, Image

WIDTH = 256
"""Columns worked on at a time, so that all their sums stay in the processor's first cache."""

LINE = WIDTH + 64
"""Room for a row of that many columns and the neighbours on both sides."""

SUMS = 11
"""How many sums: number of pixels compared, then xx, xy, yy, ax, ay, bx, by, aa, ab and bb."""

# All working memory is one array with fixed places: the compiler then knows that no two overlap,
# and vectorises. First two lines of a row's gradients, then a line for each sum.
_FIRST = 2 * LINE


@inner
def _smooth(a: Float32, b: Float32, y: int, left: int, n: int, work: Float32) -> None:
    """Scharr's smoothing of ``a + b`` down, and its difference down, with a column either side."""
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
        line[i] = a0[i] + b0[i]
        line[i + LINE] = a2[i] + b2[i]
    for i in range(count):
        over, under = line[i], line[i + LINE]
        line[i] = three * (over + under) + ten * (a1[i] + b1[i])
        line[i + LINE] = under - over
    if first:
        work[0] = work[2]
        work[LINE] = work[LINE + 2]
    if left + n >= width:
        work[n + 1] = work[n - 1]
        work[LINE + n + 1] = work[LINE + n - 1]


@inner
def _add_row(a: Float32, b: Float32, valid: Image, n: int, work: Float32) -> None:
    """Add the products of `n` pixels of a row to the sums of their columns."""
    three, ten, norm = np.float32(3), np.float32(10), np.float32(1 / 64)
    for x in range(n):
        v = np.float32(valid[x])
        p, q = a[x] * v, b[x] * v
        gx = (work[x + 2] - work[x]) * norm * v
        gy = (three * (work[LINE + x] + work[LINE + x + 2]) + ten * work[LINE + x + 1]) * norm * v
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
            work[_FIRST:] = 0
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
    """Sums over blocks of the products of two images and of their mean's gradient.

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
        Gradients are Scharr's, in units per pixel, reflected at the border. With `depth`, one sum
        more: of it, weighted by the squared gradient.
    """
    count = SUMS + (depth is not None)
    out = np.empty((count, a.shape[0] // block, a.shape[1] // block), np.float32)
    deep = np.empty((0, 0), np.float32) if depth is None else depth
    first, second, where, third = (np.ascontiguousarray(image) for image in (a, b, valid, deep))
    _loops()(first, second, where, third, block, out)
    return out
