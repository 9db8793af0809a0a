"""Tile measurements over many pairs of a stack, on a common canvas.

Every frame is warped to the reference by its present matrix, band-passed once, and compared tile by
tile with several others, near and far in focus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import cv2
import numpy as np

from focusstack.alignment.solve import Matches
from focusstack.alignment.tiles import TileShifts, band_pass, tile_shifts
from focusstack.geometry import outline, transform
from focusstack.proxies import Proxy
from focusstack.typing import Float32, Image, Matrix

MARGIN = 9
"""Pixels around clipped areas and frame edges that the band pass makes unreliable."""

MIN_TILES = 3
"""Fewer comparable tiles say nothing about a pair."""


@dataclass(frozen=True)
class Band:
    """A pass band for the comparison, in proxy pixels (standard deviations of two Gaussians)."""

    fine: float
    coarse: float


COARSE = Band(2.0, 10.0)
FINE = Band(1.0, 6.0)


@dataclass(frozen=True)
class Warped:
    """A frame on the canvas: band-passed luma and where it may be compared."""

    detail: Float32
    valid: Image


def warp_proxy(proxy: Proxy, H: Matrix, band: Band, gain: float = 1.0) -> Warped:
    """Bring a proxy to the canvas and band-pass it.

    Parameters
    ----------
    proxy : Proxy
        Linear luma and clipping of a frame.
    H : (3, 3) ndarray
        Proxy pixel to canvas pixel.
    band : Band
        What detail to keep.
    gain : float, optional
        Factor on linear light that brings the frame to the others' exposure.
    """
    height, width = proxy.luma.shape
    size = (width, height)
    luma = cv2.warpPerspective(
        proxy.luma, H, size, flags=cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE
    )
    detail = band_pass(np.asarray(luma, np.float32), band.fine, band.coarse)
    valid = np.zeros((height, width), np.uint8)
    quad = transform(H, outline(width, height))
    cv2.fillConvexPoly(valid, np.round(quad * 256).astype(np.int32), 1, cv2.LINE_8, 8)
    clipped = cv2.warpPerspective(proxy.clipped, H, size, flags=cv2.INTER_LINEAR)
    valid[clipped > 0] = 0
    kernel = np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8)
    inner = cv2.erode(valid, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return Warped(detail * np.float32(gain), np.asarray(inner, np.uint8))


def measure_pairs(
    load: Callable[[int], Proxy],
    H: Matrix,
    gains: Sequence[float],
    pairs: Iterable[tuple[int, int]],
    band: Band,
    tile: int = 96,
    workers: int = 2,
) -> Iterator[tuple[int, int, TileShifts]]:
    """Yield ``(first, second, shifts)`` of every pair that has tiles to compare.

    Parameters
    ----------
    load : callable
        Proxy of a frame index.
    H : (n, 3, 3) ndarray
        Proxy pixels to canvas pixels of all frames.
    gains : sequence of float
        Exposure factor of each frame on linear luma.
    pairs : iterable of (int, int)
        What to compare; kept in the order given.
    band : Band
        What detail to compare.
    tile : int, optional
        Side of a tile in pixels.
    workers : int, optional
        Threads; the result does not depend on it.
    """
    # Sorted by the later frame, so that a frame stays in the cache while its partners pass by.
    todo = sorted(pairs, key=lambda ij: (max(ij), min(ij)))

    @lru_cache(maxsize=10)
    def warped(index: int) -> Warped:
        return warp_proxy(load(index), H[index], band, gains[index])

    with ThreadPoolExecutor(workers) as pool:
        for _, same_later in groupby(todo, key=max):
            group = list(same_later)
            frames = sorted({index for pair in group for index in pair})
            images = dict(zip(frames, pool.map(warped, frames), strict=True))

            def compare(pair: tuple[int, int], images: dict[int, Warped] = images) -> TileShifts:
                a, b = images[pair[0]], images[pair[1]]
                valid = np.asarray(a.valid & b.valid, np.float32)
                return tile_shifts(a.detail, b.detail, valid, tile)

            for pair, shifts in zip(group, pool.map(compare, group), strict=True):
                if len(shifts.centres) >= MIN_TILES:
                    yield *pair, shifts


def as_matches(first: int, second: int, shifts: TileShifts, H: Matrix) -> Matches:
    """Turn tile shifts on the canvas into matching points of the two frames.

    A detail seen half a shift before the tile's centre in the first warped frame and half a shift
    behind it in the second is one point of the scene.
    """
    half = shifts.shifts / 2
    p = transform(np.linalg.inv(H[first]), shifts.centres - half)
    q = transform(np.linalg.inv(H[second]), shifts.centres + half)
    return Matches(first, second, p, q, shifts.root)
