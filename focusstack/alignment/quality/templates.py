"""Finds a tile of one picture in another: in place, or else widely, or nowhere for sure.

Template matching by normalised cross-correlation (Lewis, "Fast normalized cross-correlation",
1995), with the questions that tell a find from chance: is it clearly better than what is in place,
and does nothing else resemble it nearly as well?
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from focusstack.numeric.arrays import Float32, Floats, Image

TILE = 48
"""Side of a tile in pixels of the small picture: large enough for hardly anything but itself to
look like it. Chosen, not measured by itself."""

REACH = 0.04
"""Share of the width within which a place is searched for: a hand that held the camera moves near
things by more only where frames hardly share anything. Chosen: what lies yet farther off counts as
not found."""

NEAR = 3
"""Pixels of the small picture within which a place is compared where it should be. Follows from
what tiles measure, about two of their pixels; not measured."""

IN_PLACE = 0.8
"""Correlation from which on a place is what it should be, and is not searched for elsewhere
(``python -m benchmarks.alignment``: told beside found)."""

FOUND = 0.75
"""Correlation from which on a place is found elsewhere: chance reaches half of it in tiles of this
size (``python -m benchmarks.alignment``: told beside found)."""

AMBIGUOUS = 0.85
"""Share of the best correlation that the second best, elsewhere, must stay below: a pattern that
repeats looks the same in several places (``python -m benchmarks.alignment``)."""

APART = 8
"""Pixels between the best match and what counts as elsewhere: as wide as its peak. Follows from the
pass band, not measured."""

BETTER = 0.1
"""Correlation by which what is found elsewhere must beat what is in place: blurred hairs seem to
move, yet resemble themselves in place nearly as well (``python -m benchmarks.alignment``: told
beside found)."""

BLURS = (0.0, 1.0, 2.0, 3.0, 4.5)
"""Standard deviations, in pixels of the small picture, of the blur by which either of two tiles may
be the softer one. Chosen, not measured: each is about a pixel and a half more than the one before
but one, up to where the pass band ends."""

BEYOND_BLUR = 0.35
"""What correlation elsewhere lacks of 1, by what it lacks in place, with whatever blur of either
tile brings each closest: more, and the place is only blurred otherwise. What is displaced in a
rendering has 0.2 at most, however noisy or blurred; edges blurred by half a disc, as at the corner
of a lens, have 0.3 to 0.8, solder and drops of water out of focus 0.7 and more
(``pytest tests/alignment/quality/test_wide.py``)."""

UNKNOWN = 0.5
"""Correlation that nothing within reach attains: what is there is not the same thing, or not as
sharp (``python -m benchmarks.alignment``)."""


def cut_tile(
    picture: Float32, corner: Sequence[float] | Floats, margin: int = 0, side: int = TILE
) -> Float32:
    """A tile with what surrounds it, as far as there is any.

    Parameters
    ----------
    picture : (h, w) float32 ndarray
        Out of which it is cut.
    corner : (2,) sequence
        Of the tile.
    margin : int, optional
        Pixels around it.
    side : int, optional
        Of the tile.
    """
    x, y = round(corner[0]), round(corner[1])
    rows = slice(max(0, y - margin), y + side + margin)
    return picture[rows, max(0, x - margin) : x + side + margin]


def find_tile(
    a: Float32, b: Float32, corner: Sequence[float] | Floats, width: int, side: int = TILE
) -> tuple[tuple[float, float], bool]:
    """Find a tile of one picture in another, in place or else widely.

    Parameters
    ----------
    a, b : (h, w) float32 ndarray
        Band-passed, finite around the tile.
    corner : (2,) sequence
        Of the tile.
    width : int
        Of the whole picture, of which `a` and `b` may be parts.
    side : int, optional
        Of the tile.

    Returns
    -------
    vector : tuple of float
        Displacement of the tile in `b`; NaN if it is not found for sure.
    lost : bool
        Whether nothing within reach resembles it.
    """
    vector, lost = _find(a, b, corner, width, side)
    if np.isfinite(vector[0]) and any(vector) and _is_blur(a, b, corner, vector, side):
        return (0.0, 0.0), False
    return vector, lost


def _find(
    a: Float32, b: Float32, corner: Sequence[float] | Floats, width: int, side: int
) -> tuple[tuple[float, float], bool]:
    """As `find_tile`, but for what blur explains."""
    reach = max(NEAR + 1, round(REACH * width))
    tile = cut_tile(a, corner, 0, side)
    near = cv2.matchTemplate(cut_tile(b, corner, NEAR, side), tile, cv2.TM_CCOEFF_NORMED)
    here = _in_place(near, corner)
    if float(near.max()) >= IN_PLACE and not _is_cut_off(near):
        return _shown(near, corner, NEAR, here), False
    wide = cv2.matchTemplate(cut_tile(b, corner, reach, side), tile, cv2.TM_CCOEFF_NORMED)
    best = float(wide.max())
    if best < UNKNOWN:
        return (np.nan, np.nan), True
    if best < FOUND or not _is_unique(wide, best):
        return ((0.0, 0.0) if here >= FOUND else (np.nan, np.nan)), False
    return _shown(wide, corner, reach, here), False


def _is_blur(
    a: Float32,
    b: Float32,
    corner: Sequence[float] | Floats,
    vector: tuple[float, float],
    side: int,
) -> bool:
    """Whether a tile resembles what is in its place nearly as well once either is blurred."""
    there = float(corner[0]) + vector[0], float(corner[1]) + vector[1]
    best, still = (_alike_but_for_blur(a, b, corner, place, side) for place in (there, corner))
    return 1 - best > BEYOND_BLUR * (1 - still)


def _alike_but_for_blur(
    a: Float32,
    b: Float32,
    corner: Sequence[float] | Floats,
    place: Sequence[float] | Floats,
    side: int,
) -> float:
    """Correlation of a tile of `a` with a place of `b`, to a pixel, where either may be blurred."""
    own, other = (np.nan_to_num(cut_tile(a, corner, APART, side)), cut_tile(b, place, APART, side))
    left, top = _before(corner, APART)
    best = -1.0
    for blur in BLURS:
        for one, two in ((_soft(own, blur), other), (own, _soft(other, blur))):
            tile = one[top : top + side, left : left + side]
            best = max(
                best, _in_place(cv2.matchTemplate(two, tile, cv2.TM_CCOEFF_NORMED), place, APART)
            )
    return best


def _soft(picture: Float32, blur: float) -> Float32:
    return picture if not blur else np.asarray(cv2.GaussianBlur(picture, (0, 0), blur), np.float32)


def _in_place(near: Image, corner: Sequence[float] | Floats, margin: int = NEAR) -> float:
    """How much a tile resembles what is in its place, within a pixel."""
    left, top = _before(corner, margin)
    return float(near[max(0, top - 1) : top + 2, max(0, left - 1) : left + 2].max())


def _top(correlation: Image) -> tuple[int, int]:
    """Row and column of the maximum."""
    y, x = np.unravel_index(int(correlation.argmax()), correlation.shape)
    return int(y), int(x)


def _is_cut_off(correlation: Image) -> bool:
    """Whether the correlation still rises where the search ends, so that its maximum is no peak."""
    y, x = _top(correlation)
    return bool(y in (0, correlation.shape[0] - 1) or x in (0, correlation.shape[1] - 1))


def _shown(
    correlation: Image, corner: Sequence[float] | Floats, margin: int, here: float
) -> tuple[float, float]:
    """Displacement of a tile: none unless it is clearly better elsewhere than `here`, in place.

    Correlation falls slowly from its peak where one of two tiles is blurred, and blur moves it.
    """
    better = float(correlation.max()) >= here + BETTER
    return _peak(correlation, corner, margin) if better else (0.0, 0.0)


def _before(corner: Sequence[float] | Floats, margin: int) -> tuple[int, int]:
    """Pixels that are searched to the left of a tile and above it."""
    return min(margin, round(float(corner[0]))), min(margin, round(float(corner[1])))


def _is_unique(correlation: Image, best: float) -> bool:
    """Whether nothing else within reach resembles a tile nearly as well."""
    y, x = _top(correlation)
    rest = correlation.copy()
    rest[max(0, y - APART) : y + APART + 1, max(0, x - APART) : x + APART + 1] = -1
    return float(rest.max()) < AMBIGUOUS * best


def _peak(correlation: Image, corner: Sequence[float] | Floats, margin: int) -> tuple[float, float]:
    """Displacement of the best match, to a fraction of a pixel by parabolas through it."""
    y, x = _top(correlation)
    left, top = _before(corner, margin)
    return x + _vertex(correlation[y], x) - left, y + _vertex(correlation[:, x], y) - top


def _vertex(values: Floats, k: int) -> float:
    """Offset of the vertex of the parabola through three neighbouring values; 0 at an end."""
    if not 0 < k < len(values) - 1:
        return 0.0
    before, here, after = (float(v) for v in values[k - 1 : k + 2])
    bend = before - 2 * here + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0
