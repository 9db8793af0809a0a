"""By how much two small pictures of frames disagree, tile by tile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from focusstack.alignment.quality.templates import find_tile
from focusstack.alignment.tiles.shifts import tile_shifts
from focusstack.images.colour import linearise
from focusstack.numeric.arrays import Float32, Floats

VISIBLE_CONTRAST = 1 / 255
"""Standard deviation of a tile's detail, as a share of white, beneath which nothing shows: about
what an eye makes out at 100 %. Chosen, not measured."""

TILE = 64
"""Side of a tile in pixels of the small picture: the smaller, the more do facets and hairs that
blur seem to move (``python -m benchmarks.alignment``, *seams*)."""

ONE_STEP = 1.5
"""Pixels of the small picture that one step of Lucas and Kanade measures: what lies farther off is
searched for. Follows from the pass band, not measured."""

ALIKE = 0.8
"""Correlation from which on two tiles show the same thing: beneath, one is too blurred to tell
where it lies (``python -m benchmarks.alignment``, *seams*)."""

SHARED = 0.6
"""Share of the sharper tile's fine detail that both must have at the same places to be compared:
what is blurred draws no edge beside another's, and where parallax is followed each frame lies in
place only where it is sharp. Clean sets have 1.5 % of the tiles left beyond a pixel, a set of
ghosts 5 %; at half as much 2.6 % and 7 % (``python -m benchmarks.alignment``, *near thing*)."""

SHOWING = 2 / 255
"""Amplitude of fine detail, encoded, that the strongest twentieth of what both tiles share must
have for a disagreement to show: two 8-bit steps. What is fainter is grain, or too soft to be
doubled. Chosen by eye, held against ``python -m benchmarks.alignment``, *strong blur*."""

FINE = (1.5, 4.0)
"""Standard deviations, in pixels of the small picture: detail narrower than the first is fine, and
counts as being at one place within the second. Chosen, not measured."""


@dataclass(frozen=True)
class Compared:
    """Two tiles of the same place in two encoded pictures.

    Attributes
    ----------
    corner : tuple of int
        Of the tile.
    px : float
        By how much they disagree, pixels; NaN where they do not show the same thing.
    shown : float
        Amplitude of the fine detail that both have at the same places, where it is strongest.
    """

    corner: tuple[int, int]
    px: float
    shown: float


def compare_tiles(a: Float32, b: Float32, corners: list[tuple[int, int]]) -> Iterator[Compared]:
    """Yield for each tile with contrast by how much two encoded pictures disagree there.

    Parameters
    ----------
    a, b : (h, w) float32 ndarray
        Encoded, white 1.
    corners : list of tuple of int
        Of the tiles.
    """
    left, top, right, bottom = _around(corners, a.shape)
    inner = (slice(top, bottom), slice(left, right))
    plain = [picture[inner] for picture in (a, b)]
    known = _shifts(*(_band(linearise(picture)) for picture in plain))
    detail = [_band(picture) for picture in plain]
    power = [_fine_power(picture) for picture in plain]
    del plain
    for x, y in corners:
        corner = (x - left, y - top)
        cut = (slice(corner[1], corner[1] + TILE), slice(corner[0], corner[0] + TILE))
        if min(float(picture[cut].std()) for picture in detail) < VISIBLE_CONTRAST:
            continue
        own = [picture[cut] for picture in power]
        shared = np.minimum(*own)
        px = None
        if shared.sum() >= SHARED * max(p.sum() for p in own):
            px = known.get(corner)
            px = _far(detail, corner, a.shape[1]) if px is None else px
        shown = float(np.sqrt(np.percentile(shared, 95)))
        yield Compared((x, y), np.nan if px is None else px, shown)


def _fine_power(picture: Float32) -> Float32:
    """Square of a picture's fine detail, averaged over its surroundings."""
    fine = picture - cv2.GaussianBlur(picture, (0, 0), FINE[0])
    return np.asarray(cv2.GaussianBlur(fine * fine, (0, 0), FINE[1]), np.float32)


def _shifts(a: Float32, b: Float32) -> dict[tuple[int, int], float]:
    """Displacement of every tile that is alike in both, by its corner."""
    shifts = tile_shifts(a, b, np.ones(a.shape, np.uint8), TILE, ALIKE)
    corners = np.rint(shifts.centres - (TILE / 2 - 0.5)).astype(int).tolist()
    lengths: Floats = np.linalg.norm(shifts.shifts, axis=1)
    return {(x, y): px for (x, y), px in zip(corners, lengths.tolist(), strict=True)}


def _far(detail: list[Float32], corner: tuple[int, int], width: int) -> float | None:
    """Displacement of what the sharper frame shows, if the other shows it farther away."""
    x, y = corner
    a, b = sorted(detail, key=lambda picture: -float(picture[y : y + TILE, x : x + TILE].std()))
    vector, _ = find_tile(a, b, corner, width, TILE)
    px = float(np.hypot(*vector))
    return px if px > ONE_STEP else None  # nearer, tiles tell better or not at all; NaN: not found


def _around(corners: list[tuple[int, int]], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """What of the pictures tiles and a search around them need, on the grid of the tiles."""
    margin = TILE
    x, y = np.array(corners).T
    left, top = max(0, int(x.min()) - margin), max(0, int(y.min()) - margin)
    right, bottom = int(x.max()) + TILE + margin, int(y.max()) + TILE + margin
    return left, top, min(shape[1], right), min(shape[0], bottom)


def _band(picture: Float32) -> Float32:
    """Detail: neither noise of single pixels nor what is wider than a tile's eighth."""
    fine = cv2.GaussianBlur(picture, (0, 0), 1.0)
    return np.asarray(fine - cv2.GaussianBlur(picture, (0, 0), 6.0), np.float32)
