"""What lies far from where it was put: a wide search after the last solve.

Tiles measure the last few pixels; what lies farther off matches nothing there, and a solve that
turns away from what does not match never hears of it. So every frame is looked through once more:
textured places are first compared where they should be, and searched for in a wide surrounding if
they are not there; at a small scale and in the square root of linear light, in which the noise of
photons is the same in dark and bright places.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import cv2
import numpy as np

from focusstack.alignment.quality.sharp_tiles import LEAST_DETAIL, Sharpness, compare_closely
from focusstack.alignment.quality.templates import TILE, cut_tile, find_tile
from focusstack.alignment.tiles.measure import MOST_AT_HAND, group_pairs, proxy_in
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.frames.proxies.proxy import proxy_size
from focusstack.geometry.coordinates import Rect, at_scale
from focusstack.geometry.field import Field, Fields, undisplaced
from focusstack.numeric.arrays import Float32, Floats, Image, Points
from focusstack.resample.warp import resample

WIDTH = 1040
"""Pixels across, at most, of the pictures that are searched: a tile is then a twentieth of the
width, and a search takes a hundredth of a second a pair and megapixel where nothing is displaced
(``python -m benchmarks.speed``)."""

STEP = 36
"""Pixels of the small picture from one tile to the next. Chosen, not measured."""

FINE = (0.7, 2.0)
"""Standard deviations, in pixels of the proxies, between which detail is fine: what is blurred by
more holds none of it (``python -m benchmarks.alignment``: told beside found)."""

DARKEST = 0.01
"""Square root of light beneath which noise is not of photons. Chosen, not measured."""

BLANK = 40
"""Percentile of all tiles' detail that a tile must exceed too: what is soft is left to what is
sharp. Chosen, not measured."""


@dataclass(frozen=True)
class Searched:
    """Textured places of one pair of frames.

    Attributes
    ----------
    first, second : int
        The frames.
    places : (n, 2) float64 ndarray
        Middles of the tiles on the canvas, in proxy pixels.
    vectors : (n, 2) float64 ndarray
        Where each was found in the second frame, less where it lies in the first, in proxy pixels;
        NaN where it was found nowhere or in several places.
    lost : (n,) bool ndarray
        What both frames show in detail, yet nothing within reach resembles it.
    slid : (m, 2) float64 ndarray
        Displacement of tiles that are sharp at the same places in both frames, as far as one step
        of Lucas and Kanade sees, in proxy pixels: a fraction of a small picture's pixel is told
        where both are as sharp.
    """

    first: int
    second: int
    places: Points
    vectors: Points
    lost: Image
    slid: Points = field(default_factory=lambda: np.zeros((0, 2)))


def search_widely(
    series: Series,
    poses: Poses,
    pairs: Sequence[tuple[int, int]],
    displaced: Fields = undisplaced,
) -> list[Searched]:
    """Look for what every pair shows elsewhere than where `poses` put it.

    Parameters
    ----------
    series : Series
        The frames; its own pairs do not matter.
    poses : Poses
        Where they lie.
    pairs : sequence of (int, int)
        What to compare.
    displaced : callable, optional
        Local displacement of a frame index in proxy pixels.
    """
    if not pairs:
        return []
    scale, kept = search_scale(series.size[0]), poses.kept
    floor = LEAST_DETAIL * _brightest(series, kept)
    pictures: dict[int, tuple[Float32, Float32, Sharpness]] = {}

    def compare(pair: tuple[int, int]) -> Searched:
        (a, fine_a, sharp_a), (b, fine_b, sharp_b) = (pictures[k] for k in pair)
        places, vectors, lost = compare_widely(a, b, (fine_a, fine_b), floor)
        slid = compare_closely(a, b, (sharp_a, sharp_b), floor)
        return Searched(*pair, (places + 0.5) / scale - 0.5, vectors / scale, lost, slid / scale)

    found: list[Searched] = []
    with ThreadPoolExecutor(series.threads) as pool:
        for wanted, group, later in group_pairs(pairs):
            new = [k for k in wanted if k not in pictures]
            seen = pool.map(lambda k: _detail(series, poses, k, scale, displaced(k)), new)
            pictures.update(zip(new, seen, strict=True))
            found.extend(pool.map(compare, group))
            for k in set(pictures) - set(later[:MOST_AT_HAND]):
                del pictures[k]
    return found


def search_scale(width: int) -> float:
    """Power of a half that brings a picture to at most `WIDTH` pixels across.

    Examples
    --------
    >>> search_scale(2000), search_scale(800)
    (0.5, 1.0)
    """
    scale = 1.0
    while width * scale > WIDTH:
        scale /= 2
    return scale


def compare_widely(
    a: Float32, b: Float32, fine: tuple[Float32, Float32] | None = None, floor: float = 0.0
) -> tuple[Points, Points, Image]:
    """Find the textured tiles of one picture in another of the same size.

    Parameters
    ----------
    a, b : (h, w) float32 ndarray
        Band-passed; NaN outside.
    fine : tuple of two (h, w) float32 ndarray, optional
        Squares of the pictures' fine detail, which tells where they are sharp; those of `a` and
        `b` if not given.
    floor : float, optional
        Root mean square of fine detail beneath which a tile is not looked at.

    Returns
    -------
    places : (n, 2) float64 ndarray
        Middles of the textured tiles.
    vectors : (n, 2) float64 ndarray
        Displacement of each in `b`; NaN where it is found nowhere for sure.
    lost : (n,) bool ndarray
        Nothing within reach resembles it.

    Examples
    --------
    >>> b = np.random.default_rng(0).normal(size=(160, 240)).astype(np.float32)
    >>> _, vectors, _ = compare_widely(np.roll(b, 5, 1), b)
    >>> np.nanmedian(vectors, 0).round() + 0  # no -0
    array([-5.,  0.])
    """
    corners, detail = _tiles(*(fine or (a * a, b * b)))
    if not len(corners):
        nothing = np.zeros((0, 2))
        return nothing, nothing, np.zeros(0, bool)
    textured = corners[detail >= max(floor, float(np.percentile(detail, BLANK)))]
    clean = np.nan_to_num(b)
    found = [find_tile(a, clean, corner, a.shape[1]) for corner in textured]
    vectors = np.array([vector for vector, _ in found]).reshape(-1, 2)
    lost = np.array([nowhere for _, nowhere in found], bool)
    return textured + (TILE - 1) / 2, vectors, lost


def _tiles(a: Float32, b: Float32) -> tuple[Points, Floats]:
    """Corners of all tiles that lie within both pictures, and the detail of the softer of the two.

    `a` and `b` are squares of detail, NaN outside of the frames.
    """
    height, width = a.shape
    corners = [
        (x, y) for y in range(0, height - TILE + 1, STEP) for x in range(0, width - TILE + 1, STEP)
    ]
    mean = [
        np.minimum(cut_tile(a, c).mean(), cut_tile(b, c).mean()) for c in corners
    ]  # NaN if either is
    spread = np.sqrt(mean)
    whole = np.isfinite(spread) & (spread > 0)
    return np.array(corners, float).reshape(-1, 2)[whole], spread[whole]


def _detail(
    series: Series, poses: Poses, index: int, scale: float, displaced: Field | None
) -> tuple[Float32, Float32, Sharpness]:
    """A frame on the canvas, small, in the square root of light: band-passed, and its sharpness.

    The second is the square of its fine detail; both are NaN outside.
    """
    proxy = proxy_in(series, index, scale)
    width, height = proxy_size(*series.size, scale)
    moving = poses.field(index, displaced)
    if moving is not None:
        moving = moving.reduced(scale, width, height)
    light = np.sqrt(np.maximum(proxy.luma * np.float32(series.gains[index]), 0))
    band = cv2.GaussianBlur(light, (0, 0), 1.0) - cv2.GaussianBlur(light, (0, 0), 4.0)
    H = at_scale(poses.matrices[index], 1 / scale)
    rect = Rect(0, 0, width, height)
    inside = cv2.warpPerspective(np.ones_like(band), H, (width, height), flags=cv2.INTER_NEAREST)
    sharp = _sharpness(series, index, light)
    moved = [resample(picture, H, rect, field=moving) for picture in (band, sharp)]
    for picture in moved:
        picture[inside == 0] = np.nan
    fine = np.maximum(moved[1], 0)
    return moved[0], fine, Sharpness.of(fine)


def _sharpness(series: Series, index: int, light: Float32) -> Float32:
    """Square of what a frame's proxy shows of fine detail, small, in the square root of light.

    What is blurred at the proxies' size is sharp in smaller pictures, and moves as it blurs.
    """
    luma = proxy_in(series, index, 1).luma
    fine = cv2.GaussianBlur(luma, (0, 0), FINE[0]) - cv2.GaussianBlur(luma, (0, 0), FINE[1])
    power = np.asarray(cv2.resize(fine * fine, light.shape[::-1], interpolation=cv2.INTER_AREA))
    gain = np.float32(series.gains[index])
    root = np.maximum(light, np.float32(DARKEST))  # of which light is the square: d√x = dx / 2√x
    return np.asarray(power * gain**2 / (4 * root**2), np.float32)


def _brightest(series: Series, wanted: Sequence[int]) -> float:
    """Square root of the light that hardly anything in the stack exceeds."""
    smallest = search_scale(series.size[0]) / 4
    tops = [
        np.percentile(proxy_in(series, k, smallest).luma, 99.5) * series.gains[k] for k in wanted
    ]
    return float(np.sqrt(max(tops)))
