"""Tile measurements over many pairs of a stack, on a common canvas.

Every frame is warped to the reference by its present matrix, band-passed once, and compared tile by
tile with several others, near and far in focus.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain, groupby

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.alignment.tiles.poses import Origin, Poses, Series
from focusstack.alignment.tiles.shifts import TileShifts, tile_shifts
from focusstack.frames.proxies.proxy import Proxy, proxy_size
from focusstack.geometry.coordinates import Rect, at_scale
from focusstack.geometry.field import Field, Fields, undisplaced
from focusstack.numeric.arrays import Float32, Image, Matrix
from focusstack.resample.warp import resample
from focusstack.runtime.spool import Arrays, as_bits, from_bits

MARGIN = 9
"""Pixels around clipped areas and frame edges that the band pass makes unreliable: one and a half
standard deviations of its wider Gaussian, beyond which little is left of them."""

MOST_AT_HAND = 12
"""Warped frames that are kept for later pairs: as many as the pairs of `OFFSETS` ask for, so that
each is warped once (``python -m benchmarks.speed``)."""

CODES = 32767
"""Detail is kept in steps of this part of white: the finest that 16 bits with a sign hold, finer
than any camera's noise."""

MIN_TILES = 3
"""Comparable tiles without which a pair says nothing: two hold a similarity, and none is left to
tell whether they agree. Chosen, not measured."""


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
class Detail:
    """What of a frame is compared: in its own pixels, or on the canvas.

    Attributes
    ----------
    luma : (h, w) float32 ndarray
        Band-passed linear luma.
    usable : (h, w) uint8 ndarray
        1 where it may be compared: within the frame and away from what is clipped.
    """

    luma: Float32
    usable: Image


def on_canvas(detail: Detail, H: Matrix, gain: float = 1.0, field: Field | None = None) -> Detail:
    """Bring a frame's detail to the canvas.

    Parameters
    ----------
    detail : Detail
        Of the frame.
    H : (3, 3) ndarray
        Pixel of the detail to canvas pixel of the same scale.
    gain : float, optional
        Factor on linear light that brings the frame to the others' exposure.
    field : Field, optional
        Local displacement on the canvas.
    """
    height, width = detail.luma.shape
    luma = resample(detail.luma, H, Rect(0, 0, width, height), field=field)
    if gain != 1:
        luma *= np.float32(gain)
    usable = cv2.warpPerspective(detail.usable, H, (width, height), flags=cv2.INTER_NEAREST)
    return Detail(luma, np.asarray(usable, np.uint8))


def detail_in(series: Series, index: int, how: Round) -> Detail:
    """Detail of a frame; what has been made once is read back."""
    codes, usable = codes_in(series, index, how)
    luma = np.multiply(codes, np.float32(1 / CODES), dtype=np.float32)
    return Detail(luma, from_bits(usable, luma.shape))


def codes_in(series: Series, index: int, how: Round) -> Arrays:
    """Detail of a frame in steps of one part in `CODES` of white, and the bits of what is usable.

    What has been made once is read back.
    """
    key = ("detail", index, how.scale, how.fine, how.coarse)

    def make() -> Arrays:
        # Loads the compiler, which takes a while.
        from focusstack.frames.proxies.loops.bands import coded_difference

        if series.origin is not None and series.origin.kept.holds(key):
            codes, usable = _changed(series, series.origin, index, how)
        else:
            proxy = proxy_in(series, index, how.scale)
            codes = coded_difference(proxy.luma, how.fine, how.coarse, CODES)
            usable = away_from(proxy.clipped)
        if series.marked is not None:
            usable &= clear_of(series.marked, usable.shape)
        return codes, as_bits(usable)

    return series.kept.kept(key, make)


def _changed(
    series: Series, origin: Origin, index: int, how: Round
) -> tuple[NDArray[np.int16], Image]:
    """Codes, and what is usable, of a frame that differs little from what it was: few are new."""
    # Loads the compiler, which takes a while.
    from focusstack.frames.proxies.loops.bands import coded_difference, reach_of

    before = replace(series, load=origin.load, kept=origin.kept, marked=origin.marked, origin=None)
    luma = proxy_in(series, index, how.scale).luma
    known, bits = codes_in(before, index, how)
    codes, reach = known.copy(), reach_of(how.coarse)
    scale = luma.shape[0] / series.size[1]
    for part in origin.parts:
        inner, outer = [], []
        for along, length in zip(part, luma.shape, strict=True):
            first, last = int(along.start * scale) - reach, math.ceil(along.stop * scale) + reach
            inner.append(slice(max(first, 0), min(last, length)))
            outer.append(slice(max(first - reach, 0), min(last + reach, length)))
        top, left = (i.start - o.start for i, o in zip(inner, outer, strict=True))
        new = coded_difference(luma[*outer], how.fine, how.coarse, CODES)
        height, width = codes[*inner].shape
        codes[*inner] = new[top : top + height, left : left + width]
    return codes, from_bits(bits, codes.shape)


def clear_of(marked: Image, shape: tuple[int, int]) -> Image:
    """1 where a proxy reduced to `shape` holds nothing of what is `marked`, else 0."""
    height, width = shape
    share = cv2.resize(marked * np.uint8(255), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(share == 0).view(np.uint8)


def away_from(clipped: Image) -> Image:
    """1 where a proxy's band pass sees nothing clipped and no edge, else 0."""
    kernel = np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8)
    clean = (clipped == 0).astype(np.uint8)
    inner = cv2.erode(clean, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(inner, np.uint8)


def proxy_in(series: Series, index: int, scale: float) -> Proxy:
    """Proxy of a frame reduced by `scale`; one that has been made once is read back.

    Halves are made of halves: reading what is large takes longer than reducing it.
    """
    if scale >= 1:
        return series.load(index)

    def make() -> Arrays:
        made = resized(proxy_in(series, index, 2 * scale), proxy_size(*series.size, scale))
        return made.luma, as_bits(made.clipped)

    luma, clipped = series.kept.kept(("reduced", index, scale), make)
    return Proxy(luma, from_bits(clipped, luma.shape))


def reduced(proxy: Proxy, scale: float) -> Proxy:
    """Return a proxy reduced by `scale`, at most 1."""
    height, width = proxy.luma.shape
    return proxy if scale >= 1 else resized(proxy, proxy_size(width, height, scale))


def resized(proxy: Proxy, size: tuple[int, int]) -> Proxy:
    """Return a smaller proxy of this width and height."""
    luma = cv2.resize(proxy.luma, size, interpolation=cv2.INTER_AREA)
    clipped = cv2.resize(proxy.clipped * np.uint8(255), size, interpolation=cv2.INTER_AREA)
    return Proxy(np.asarray(luma, np.float32), (clipped > 0).astype(np.uint8))


def measure_pairs(
    series: Series,
    poses: Poses,
    how: Round,
    displaced: Fields = undisplaced,
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

    def warped(index: int) -> Detail:
        detail = detail_in(series, index, how)
        height, width = detail.luma.shape
        field = poses.field(index, displaced(index))
        if field is not None:
            field = field.reduced(s, width, height)
        H = at_scale(poses.matrices[index], 1 / s)
        return on_canvas(detail, H, series.gains[index], field)

    images: dict[int, Future[Detail]] = {}

    def compare(pair: tuple[int, int]) -> TileShifts:
        a, b = (images[index].result() for index in pair)
        return tile_shifts(a.luma, b.luma, a.usable & b.usable, how.tile, depth=depth)

    with ThreadPoolExecutor(series.threads) as pool:
        turns = list(group_pairs(series.pairs))
        for k, (_, group, later) in enumerate(turns):
            # What comes next is warped while this group is compared.
            for index in chain.from_iterable(wanted for wanted, _, _ in turns[k : k + 2]):
                if index not in images:
                    images[index] = pool.submit(warped, index)
            for pair, shifts in zip(group, pool.map(compare, group), strict=True):
                if len(shifts.centres) >= MIN_TILES:
                    yield *pair, enlarged(shifts, s)
            for index in set(images) - set(later[:MOST_AT_HAND]):
                del images[index]


def group_pairs(
    pairs: Iterable[tuple[int, int]],
) -> Iterator[tuple[list[int], list[tuple[int, int]], list[int]]]:
    """Group pairs that have a frame in common, so that few frames have to be at hand.

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
    blurred = None if shifts.blurred is None else shifts.blurred / scale
    return replace(
        shifts,
        centres=centres,
        shifts=shifts.shifts / scale,
        root=shifts.root * scale,
        blurred=blurred,
    )
