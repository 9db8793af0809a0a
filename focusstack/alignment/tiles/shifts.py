"""Sub-pixel displacements of tiles between two already roughly aligned proxies.

One Gauss-Newton step of Lucas-Kanade (Lucas and Kanade 1981; Baker and Matthews, IJCV 2004) for
every tile at once: products of gradients and differences are summed over blocks, and these over
windows. The caller re-warps and measures again, so one step is enough.

Comparison happens in linear light, because that is where a lens blurs: a defocused edge between
bright and dark seems to move when it is compared in encoded values. A band pass removes local
mean and pixel noise. What is sharper in one image differs from it by its Laplacian, as heat spreads
(Koenderink, The structure of images, 1984), and is told from a shift by that. What neither explains
tells how far the measurement is to be trusted: on rendered stacks it foretells errors twice as well
as what is left of plain differences does. Tiles that are too unlike without it are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from focusstack.numeric.arrays import Float32, Floats, Image, Mask, Points

BLOCK = 16
"""Tiles are sums over whole blocks of this many pixels: it divides 48, 64 and 96, and the smaller,
the longer sums take (``python -m benchmarks.speed``)."""

MIXED_PX = 0.1
"""Tiles at the edge of something nearer mix two displacements: where displacement may jump, none is
better than this, in proxy pixels (``python -m benchmarks.alignment``, *parallax, layers*)."""

SYSTEMATIC_PX = 0.01
"""What no tile is better than (interpolation), in pixels of the measured image: bounds what tiles
of pictures without noise claim (``python -m benchmarks.alignment``)."""

TINY = 1e-12
"""Energy of a tile in which there is nothing: above rounding, below any detail."""


@dataclass(frozen=True)
class TileShifts:
    """Displacements of tiles from the first image to the second.

    Attributes
    ----------
    centres : (N, 2) float64 ndarray
        Where, in pixels of the common canvas.
    shifts : (N, 2) float64 ndarray
        A detail at ``centre - shift / 2`` in the first image is at ``centre + shift / 2`` in the
        second.
    root : (N, 2, 2) float64 ndarray
        Square root of the information (inverse covariance) of each shift.
    correlation : (N,) float64 ndarray
        Of the two tiles after the shift.
    depth : (N,) float64 ndarray or None
        Depth of the detail that was compared, where it was asked for.
    blurred : (N, 2) float64 ndarray or None
        What `shifts` would be more if differences of sharpness were not told from them.
    """

    centres: Points
    shifts: Points
    root: Floats
    correlation: Floats
    depth: Floats | None = None
    blurred: Floats | None = None


def softened(root: Floats, times: float = 1.0, least: float = MIXED_PX) -> Floats:
    """Information roots of tiles that are less sure than what they leave unexplained tells.

    Parameters
    ----------
    root : (N, 2, 2) float64 ndarray
        As measured.
    times : float, optional
        By how much standard deviations are too small.
    least : float, optional
        What no tile is better than, in proxy pixels.
    """
    xx, xy, yy = root[:, 0, 0], root[:, 0, 1], root[:, 1, 1]
    return _of_symmetric(xx, xy, yy, lambda value: 1 / np.sqrt(np.square(times / value) + least**2))


def weakest(root: Floats) -> Floats:
    """Information root of each ``(N, 2, 2)`` in its weaker direction."""
    mean = (root[:, 0, 0] + root[:, 1, 1]) / 2
    return np.asarray(mean - np.hypot((root[:, 0, 0] - root[:, 1, 1]) / 2, root[:, 0, 1]))


def _of_symmetric(
    xx: Floats, xy: Floats, yy: Floats, function: Callable[[Floats], Floats]
) -> Floats:
    """Matrices ``(N, 2, 2)`` with the same eigenvectors and `function` of the eigenvalues."""
    mean, half = (xx + yy) / 2, (xx - yy) / 2
    apart = np.hypot(half, xy)
    low, high = function(mean - apart), function(mean + apart)
    middle = (low + high) / 2
    slope = np.where(apart > 0, (high - low) / (2 * np.maximum(apart, 1e-300)), 0)
    across = slope * xy
    return np.stack([middle + slope * half, across, across, middle - slope * half], -1).reshape(
        -1, 2, 2
    )


def checkerboard(places: Points, size: tuple[int, int], board: tuple[int, int] = (12, 8)) -> Mask:
    """Which of two halves each place ``(N, 2)`` belongs to: both see every part of the picture."""
    cell = (np.clip(places / size, 0, 1 - 1e-9) * board).astype(int)
    return np.asarray(cell.sum(1) % 2 == 1)


def band_pass(luma: Float32, fine: float, coarse: float, factor: float = 1.0) -> Float32:
    """Difference of Gaussians of linear luma, times `factor`.

    Examples
    --------
    >>> edge = np.repeat(np.array([[0, 1]], np.float32), 32, axis=1).repeat(64, axis=0)
    >>> band_pass(edge, 1.0, 6.0)[32, [0, 30, 33, 63]].round(1) + 0  # no -0
    array([ 0. , -0.3,  0.3,  0. ], dtype=float32)
    """
    # Loads the compiler, which takes a while.
    from focusstack.frames.proxies.loops.bands import gaussian_difference

    return gaussian_difference(luma, fine, coarse, factor)


def _tile_sums(block: Float32, blocks: int) -> Floats:
    """Sums over windows of ``blocks`` x ``blocks`` blocks, one window per half window."""
    step = max(1, blocks // 2)
    sums = cv2.boxFilter(block, cv2.CV_64F, (blocks, blocks), anchor=(0, 0), normalize=False)
    rows, columns = (side - blocks + 1 for side in block.shape)
    return np.asarray(sums[:rows:step, :columns:step], float)


def tile_shifts(
    a: Float32,
    b: Float32,
    valid: Image,
    tile: int = 96,
    min_correlation: float = 0.7,
    depth: Float32 | None = None,
) -> TileShifts:
    """Measure how far tiles of `b` are displaced against `a`.

    Parameters
    ----------
    a, b : (H, W) float32 ndarray
        Band-passed linear luma of both frames on the same canvas.
    valid : (H, W) ndarray
        0 where either frame has nothing to say (outside, clipped), else 1.
    tile : int, optional
        Side of a tile in pixels, rounded to whole blocks.
    min_correlation : float, optional
        Tiles that agree less are left out.
    depth : (H, W) float32 ndarray, optional
        Any map over the canvas. Its mean over each tile, weighted by squared gradients as the
        shifts are, comes with them: where depth jumps, a tile sees what is sharp in both.

    Examples
    --------
    >>> light = cv2.GaussianBlur(np.random.default_rng(0).random((200, 300), np.float32), (0, 0), 2)
    >>> a, b = (band_pass(part, 1, 6) for part in (light[:, 1:], light[:, :-1]))
    >>> tile_shifts(a, b, np.ones(a.shape), tile=64).shifts.mean(0).round() + 0  # no -0
    array([1., 0.])
    """
    blocks = max(2, round(tile / BLOCK))
    if min(a.shape) < blocks * BLOCK:
        return TileShifts(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros((0, 2, 2)), np.zeros(0))
    # Loads the compiler, which takes a while.
    from focusstack.alignment.loops.shifts import block_sums

    sums = block_sums(a, b, np.not_equal(valid, 0).view(np.uint8), BLOCK, depth)
    return _solve_tiles([_tile_sums(s, blocks) for s in sums], blocks, min_correlation)


def _solve_tiles(sums: Sequence[Floats], blocks: int, min_correlation: float) -> TileShifts:
    step = max(1, blocks // 2)
    rows, columns = np.mgrid[0 : sums[0].shape[0], 0 : sums[0].shape[1]]
    half = blocks * BLOCK / 2 - 0.5
    centres = np.stack([columns * step * BLOCK + half, rows * step * BLOCK + half], -1).reshape(
        -1, 2
    )
    count, xx, xy, yy, ax, ay, bx, by, aa, ab, bb, lx, ly, ll, al, bl, *deep = (
        s.ravel() for s in sums
    )
    usable = (count > 0.6 * (blocks * BLOCK) ** 2) & (aa > TINY) & (bb > TINY)
    aa, bb = np.maximum(aa, TINY), np.maximum(bb, TINY)
    # Both tiles to the same energy: the sharper one would otherwise shrink the shift.
    ka, kb = (bb / aa) ** 0.25, (aa / bb) ** 0.25
    ex, ey = ka * ax - kb * bx, ka * ay - kb * by
    usable &= xx * yy - xy * xy > 1e-4 * (xx + yy) ** 2 / 4
    plain = dx, dy = _two_by_two(xx, xy, yy, ex, ey)
    energy = np.sqrt(aa * bb)
    explained = 2 * (dx * ex + dy * ey) - (dx * dx * xx + 2 * dx * dy * xy + dy * dy * yy)
    unexplained = np.maximum(2 * energy - 2 * ab - explained, 1e-4 * energy)
    correlation = 1 - unexplained / (2 * energy)
    # What differs by blur and by brightness is taken out of what shifts have to explain.
    own = _Nuisance(ll, (al + bl) / 2, (aa + 2 * ab + bb) / 4)
    of_x, of_y, of_e = (lx, (ax + bx) / 2), (ly, (ay + by) / 2), (al - bl, (aa - bb) / 2)
    xx, xy, yy = (
        product - own.shared(*of)
        for product, of in ((xx, (of_x, of_x)), (xy, (of_x, of_y)), (yy, (of_y, of_y)))
    )
    ex, ey = ax - bx - own.shared(of_x, of_e), ay - by - own.shared(of_y, of_e)
    dx, dy = _two_by_two(xx, xy, yy, ex, ey)
    unlike = aa - 2 * ab + bb - own.shared(of_e, of_e) - dx * ex - dy * ey
    usable &= (correlation > min_correlation) & (np.hypot(dx, dy) < 2.5)
    # Band-passed residuals are correlated over about four pixels in each direction.
    variance = 16 * np.maximum(unlike, 1e-5 * energy) / np.maximum(count, 1)
    root = _information_root(xx, xy, yy, variance)
    shifts = np.stack([dx, dy], 1)
    found = TileShifts(
        centres[usable],
        shifts[usable],
        root[usable],
        correlation[usable],
        blurred=(np.stack(plain, 1) - shifts)[usable],
    )
    if not deep:
        return found
    return replace(found, depth=(deep[0] / np.maximum(xx + yy, 1e-20))[usable])


def _two_by_two(xx: Floats, xy: Floats, yy: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Solve ``[[xx, xy], [xy, yy]] d = [x, y]`` for each tile."""
    determinant = np.maximum(xx * yy - xy * xy, TINY**2)
    return (yy * x - xy * y) / determinant, (xx * y - xy * x) / determinant


@dataclass(frozen=True)
class _Nuisance:
    """Products of a tile's Laplacian l and its mean m, which account for blur and brightness."""

    ll: Floats
    lm: Floats
    mm: Floats

    def shared(self, a: tuple[Floats, Floats], b: tuple[Floats, Floats]) -> Floats:
        """The part of a product of two images that l and m explain.

        `a` and `b` are these images' products with l and with m.
        """
        # A millionth keeps apart what is nearly the same: light of a single wavelength.
        determinant = self.ll * self.mm * (1 + 1e-6) - self.lm**2
        first = (self.mm * b[0] - self.lm * b[1]) / np.maximum(determinant, TINY**2)
        second = (self.ll * b[1] - self.lm * b[0]) / np.maximum(determinant, TINY**2)
        return np.asarray(a[0] * first + a[1] * second)


def _information_root(xx: Floats, xy: Floats, yy: Floats, variance: Floats) -> Floats:
    """Square root of the inverse of ``variance · S⁻¹ + SYSTEMATIC_PX² · I``."""
    return _of_symmetric(
        xx,
        xy,
        yy,
        lambda value: 1 / np.sqrt(variance / np.maximum(value, 1e-12) + SYSTEMATIC_PX**2),
    )
