"""Tile measurements over many pairs of a stack, on a common canvas.

Every frame is warped to the reference by its present matrix, band-passed once, and compared tile by
tile with several others, near and far in focus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, groupby

import cv2
import numpy as np

from focusstack.alignment.poses import Poses, Series
from focusstack.alignment.tiles import TileShifts, band_pass, tile_shifts
from focusstack.geometry import Rect, at_scale, outline, transform
from focusstack.proxies import Proxy, proxy_size
from focusstack.resample import Field, resample
from focusstack.typing import Float32, Image, Matrix

MARGIN = 9
"""Pixels around clipped areas and frame edges that the band pass makes unreliable."""

MOST_AT_HAND = 12
"""Warped frames that are kept for later pairs."""

MIN_TILES = 3
"""Fewer comparable tiles say nothing about a pair."""


@dataclass(frozen=True)
class Round:
    """How tiles are measured once.

    Attributes
    ----------
    scale : float
        Proxies are reduced by this first; small scales see large displacements.
    fine, coarse : float
        Pass band: standard deviations, in reduced pixels, of two Gaussians.
    tile : int
        Side of a tile in reduced pixels.
    """

    scale: float
    fine: float
    coarse: float
    tile: int


@dataclass(frozen=True)
class Warped:
    """A frame on the canvas: band-passed luma and where it may be compared."""

    detail: Float32
    valid: Image


def warp_proxy(
    proxy: Proxy, H: Matrix, how: Round, gain: float = 1.0, field: Field | None = None
) -> Warped:
    """Bring a reduced proxy to the canvas and band-pass it.

    Parameters
    ----------
    proxy : Proxy
        Linear luma and clipping of a frame.
    H : (3, 3) ndarray
        Proxy pixel to canvas pixel, both of the given proxy's scale.
    how : Round
        What detail to keep.
    gain : float, optional
        Factor on linear light that brings the frame to the others' exposure.
    field : Field, optional
        Local displacement on the canvas.
    """
    height, width = proxy.luma.shape
    luma = resample(proxy.luma, H, Rect(0, 0, width, height), field=field)
    valid = np.zeros((height, width), np.uint8)
    quad = transform(H, outline(width, height))
    cv2.fillConvexPoly(valid, np.round(quad * 256).astype(np.int32), 1, cv2.LINE_8, 8)
    if proxy.clipped.any():
        clipped = cv2.warpPerspective(proxy.clipped, H, (width, height), flags=cv2.INTER_LINEAR)
        valid[clipped > 0] = 0
    kernel = np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8)
    inner = cv2.erode(valid, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    detail = band_pass(luma, how.fine, how.coarse, gain)
    return Warped(detail, np.asarray(inner, np.uint8))


def reduced(proxy: Proxy, scale: float) -> Proxy:
    """Return a proxy resized by `scale`, at most 1."""
    if scale >= 1:
        return proxy
    height, width = proxy.luma.shape
    size = proxy_size(width, height, scale)
    luma = cv2.resize(proxy.luma, size, interpolation=cv2.INTER_AREA)
    clipped = cv2.resize(proxy.clipped * np.uint8(255), size, interpolation=cv2.INTER_AREA)
    return Proxy(np.asarray(luma, np.float32), (clipped > 0).astype(np.uint8))


def measure_pairs(
    series: Series,
    poses: Poses,
    how: Round,
    displaced: Callable[[int], Field | None] = lambda index: None,  # noqa: ARG005
    depth: Float32 | None = None,
) -> Iterator[tuple[int, int, TileShifts]]:
    """Yield ``(first, second, shifts)`` of every pair that has tiles to compare.

    Parameters
    ----------
    series : Series
        The frames; what it says of progress is left to the caller.
    poses : Poses
        Where they lie; pairs with a frame that has no place are skipped.
    how : Round
        Scale, pass band and tile size.
    displaced : callable, optional
        Local displacement of a frame index in proxy pixels, which the lens's is added to.
    depth : (h, w) float32 ndarray, optional
        A map on the canvas whose mean over each tile, weighted by the detail that was compared,
        comes with the shifts.
    """
    s = how.scale

    if depth is not None and s < 1:
        size = proxy_size(depth.shape[1], depth.shape[0], s)
        depth = np.asarray(cv2.resize(depth, size, interpolation=cv2.INTER_AREA), np.float32)

    def warped(index: int) -> Warped:
        proxy = reduced(series.load(index), s)
        height, width = proxy.luma.shape
        field = poses.field(index, displaced(index))
        if field is not None:
            field = field.reduced(s, width, height)
        H = at_scale(poses.matrices[index], 1 / s)
        return warp_proxy(proxy, H, how, series.gains[index], field)

    images: dict[int, Warped] = {}

    def compare(pair: tuple[int, int]) -> TileShifts:
        a, b = images[pair[0]], images[pair[1]]
        return tile_shifts(a.detail, b.detail, a.valid & b.valid, how.tile, depth=depth)

    with ThreadPoolExecutor(series.workers) as pool:
        for wanted, group, later in in_turn(series.pairs):
            lacking = [index for index in wanted if index not in images]
            images.update(zip(lacking, pool.map(warped, lacking), strict=True))
            for pair, shifts in zip(group, pool.map(compare, group), strict=True):
                if len(shifts.centres) >= MIN_TILES:
                    yield *pair, enlarged(shifts, s)
            for index in set(images) - set(later[:MOST_AT_HAND]):
                del images[index]


def in_turn(
    pairs: Iterable[tuple[int, int]],
) -> Iterator[tuple[list[int], list[tuple[int, int]], list[int]]]:
    """Pairs in groups with a frame in common, so that few frames have to be at hand.

    Yields
    ------
    wanted : list of int
        The frames of a group.
    group : list of (int, int)
        Its pairs.
    later : list of int
        Frames that later groups want, the soonest first.
    """
    todo = sorted(pairs, key=lambda ij: (max(ij), min(ij)))
    groups = [list(same_later) for _, same_later in groupby(todo, key=max)]
    wanted = [sorted({index for pair in group for index in pair}) for group in groups]
    for k, group in enumerate(groups):
        yield wanted[k], group, list(dict.fromkeys(chain.from_iterable(wanted[k + 1 :])))


def enlarged(shifts: TileShifts, scale: float) -> TileShifts:
    """Express what was measured at `scale` in the pixels before reduction."""
    if scale >= 1:
        return shifts
    centres = (shifts.centres + 0.5) / scale - 0.5
    return replace(shifts, centres=centres, shifts=shifts.shifts / scale, root=shifts.root * scale)
