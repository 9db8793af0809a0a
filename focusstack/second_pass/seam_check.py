"""How far frames disagree where the composite goes from one to another.

An error of alignment shows in a composite only along its seams: within what comes from one frame
everything is as the camera saw it. So after fusion the two frames that meet are compared along
every seam of the source map, tile by tile, on small pictures of the very frames that were fused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.alignment.quality.templates import find_tile
from focusstack.alignment.tiles.shifts import tile_shifts
from focusstack.geometry.coordinates import Rect
from focusstack.images.colour import linearise
from focusstack.numeric.arrays import Float32, Floats
from focusstack.plan.seams import GROSS_PX, SeamPlace, Seams
from focusstack.resample.planes import Planes
from focusstack.runtime.spool import Spool

WIDTH = 1400
"""Pixels across that the small pictures are to have, about: a tile is then a thirtieth of the
width, and a pixel that is seen at full size is no less than a quarter of theirs (``python -m
benchmarks.alignment``, *seams*)."""

TILE = 64
"""Side of a tile in pixels of the small picture: the smaller, the more do facets and hairs that
blur seem to move (``python -m benchmarks.alignment``, *seams*)."""

MEETING = 0.15
"""Share of a tile's middle that must come from the second frame for it to lie on a seam. Chosen,
not measured."""

VISIBLE_PX = 1.0
"""Full-size pixels by which frames must disagree for a seam to show: an edge is then broken by as
much as it is wide. Clean sets stay below in 99.5 % of their seams (``python -m
benchmarks.alignment``, *seams*)."""

VISIBLE_SMALL_PX = 0.8
"""As much in pixels of the small pictures that are compared, which tell no less for certain: at
reduced size, frames must disagree by more (``python -m benchmarks.alignment``, *seams*)."""

VISIBLE_CONTRAST = 1 / 255
"""Standard deviation of a tile's detail, as a share of white, beneath which nothing shows: about
what an eye makes out at 100 %. Chosen, not measured."""

ONE_STEP = 1.5
"""Pixels of the small picture that one step of Lucas and Kanade measures: what lies farther off is
searched for. Follows from the pass band, not measured."""

ALIKE = 0.8
"""Correlation from which on two tiles show the same thing: beneath, one is too blurred to tell
where it lies (``python -m benchmarks.alignment``, *seams*)."""

SHOWN = 3
"""Places that are named: as many as people will look at. Chosen, not measured."""

AS_SHARP = 0.5
"""Share of the sharper tile's fine detail that the other must have to be compared: what is blurred
draws no edge beside another's, and where parallax is followed each frame lies in place only where
it is sharp. Chosen, not measured."""

CODES = 65535
"""Small pictures are kept in steps of this part of twice white, which 16 bits hold."""


@dataclass(frozen=True)
class SeamTile:
    """Two frames compared at a place where the composite goes from one to the other.

    Attributes
    ----------
    place : Rect
        In pixels of the composite.
    first, second : int
        The frames, by the turn in which they were fused.
    px : float
        By how much they disagree, full-size pixels; NaN where they do not show the same thing.
    contrast : float
        Standard deviation of the softer one's detail there, as a share of white.
    """

    place: Rect
    first: int
    second: int
    px: float
    contrast: float

    @property
    def visible(self) -> bool:
        """Whether the disagreement shows."""
        return self.px > max(VISIBLE_PX, VISIBLE_SMALL_PX * self.place.width / TILE)


class SeamCheck:
    """Keeps small pictures of the frames as they are fused, and compares them along seams.

    Use as a context manager; what is kept vanishes with it.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the composite first.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._height, self._width = shape[:2]
        self._factor = max(1, round(self._width / WIDTH))
        self._spool = Spool()  # on disk: memory does not grow with the frames
        self._count = 0

    def __enter__(self) -> SeamCheck:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.__exit__()

    def add(self, planes: Planes) -> None:
        """Keep a small picture of the next frame that is fused."""
        size = max(1, self._width // self._factor), max(1, self._height // self._factor)
        rows, columns = size[1] * self._factor, size[0] * self._factor
        channels = planes.values
        green = channels[min(1, len(channels) - 1)][:rows, :columns]  # most of luma
        small = cv2.resize(green, size, interpolation=cv2.INTER_AREA)
        share = np.clip(small.astype(np.float32) * np.float32(planes.step / 2), 0, 1)
        self._spool.put(self._count, np.rint(share * CODES).astype(np.uint16))
        self._count += 1

    def compare(self, source: NDArray[np.uint16], names: Sequence[str]) -> Seams:
        """Compare the frames along the seams of a source map.

        Parameters
        ----------
        source : (H, W) uint16 ndarray
            The frame of each pixel, by the turn in which they were added.
        names : sequence of str
            The frames' file names, in that turn.
        """
        factor = self._factor
        small = source[factor // 2 :: factor, factor // 2 :: factor]
        small = small[: self._height // factor, : self._width // factor]
        tiles = []
        for (a, b), corners in sorted(tiles_on_seams(small, self._count).items()):
            for corner, px, contrast in compare_tiles(self._seen(a), self._seen(b), corners):
                if contrast >= VISIBLE_CONTRAST:
                    place = Rect(*(factor * v for v in (*corner, TILE, TILE)))
                    tiles.append(SeamTile(place, a, b, px * factor, contrast))
        return summarise(tiles, names)

    def _seen(self, index: int) -> Float32:
        """The small picture of a frame, encoded, 1 = white."""
        return np.multiply(self._spool.get(index)[0], np.float32(2 / CODES), dtype=np.float32)


def summarise(tiles: Sequence[SeamTile], names: Sequence[str]) -> Seams:
    """Say what all tiles on seams show together.

    Parameters
    ----------
    tiles : sequence of SeamTile
        With detail that would show.
    names : sequence of str
        The frames' file names, by their numbers.

    Examples
    --------
    >>> off = SeamTile(Rect(0, 0, 64, 64), 0, 1, px=3.0, contrast=0.1)
    >>> summarise([off], ["near.jpg", "far.jpg"]).visible
    1
    """
    known = [tile for tile in tiles if np.isfinite(tile.px)]
    visible = sorted((t for t in known if t.visible), key=lambda t: -t.px * t.contrast)
    places: list[SeamTile] = []
    for tile in visible:
        if len(places) < SHOWN and not any(_meet(tile.place, p.place) for p in places):
            places.append(tile)
    return Seams(
        measured=len(known),
        unknown=len(tiles) - len(known),
        visible=len(visible),
        gross=sum(tile.px >= GROSS_PX for tile in visible),
        p95_px=round(float(np.percentile([t.px for t in known], 95)), 4) if known else None,
        places=tuple(
            SeamPlace(t.place, (names[t.first], names[t.second]), round(t.px, 2)) for t in places
        ),
        worst=_worst(visible, names),
    )


def _worst(visible: Sequence[SeamTile], names: Sequence[str]) -> str | None:
    """The frame that has a part in more visible disagreement than any other; None if two have."""
    parts = Counter(k for tile in visible for k in (tile.first, tile.second)).most_common(2)
    if not parts or (len(parts) > 1 and parts[0][1] == parts[1][1]):
        return None
    return names[parts[0][0]]


def _meet(a: Rect, b: Rect) -> bool:
    """Whether two places overlap or lie side by side."""
    return abs(a.x - b.x) <= 2 * a.width and abs(a.y - b.y) <= 2 * a.height


def tiles_on_seams(
    source: NDArray[np.uint16], count: int
) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Corners of the tiles in whose middle two frames meet, by the two that cover most of it.

    Parameters
    ----------
    source : (h, w) uint16 ndarray
        The frame of each pixel of the small picture.
    count : int
        Number of frames.

    Examples
    --------
    >>> tiles_on_seams(np.repeat(np.uint16([[0, 1]]), 32, 1).repeat(64, 0), 2)
    {(0, 1): [(0, 0)]}
    """
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    height, width = source.shape
    quarter = TILE // 4
    step = TILE // 2  # as that of the tiles whose shifts are measured
    for y in range(0, height - TILE + 1, step):
        for x in range(0, width - TILE + 1, step):
            middle = source[y + quarter : y + TILE - quarter, x + quarter : x + TILE - quarter]
            if middle[0, 0] == middle[-1, -1] and (middle == middle[0, 0]).all():
                continue
            covered = np.bincount(middle.ravel(), minlength=count)
            first, second = (int(k) for k in np.argsort(-covered, kind="stable")[:2])
            if covered[second] >= MEETING * middle.size:
                found.setdefault((min(first, second), max(first, second)), []).append((x, y))
    return found


def compare_tiles(
    a: Float32, b: Float32, corners: list[tuple[int, int]]
) -> Iterator[tuple[tuple[int, int], float, float]]:
    """Yield each tile's corner, by how much two encoded pictures disagree there, and its contrast.

    The disagreement, in pixels, is NaN where the tiles do not show the same thing. The contrast is
    the standard deviation of the softer tile's detail.
    """
    left, top, right, bottom = _around(corners, a.shape)
    inner = (slice(top, bottom), slice(left, right))
    plain = [picture[inner] for picture in (a, b)]
    known = _shifts(*(_band(linearise(picture)) for picture in plain))
    detail = [_band(picture) for picture in plain]
    fine = [picture - cv2.GaussianBlur(picture, (0, 0), 1.5) for picture in plain]
    del plain
    for x, y in corners:
        corner = (x - left, y - top)
        cut = (slice(corner[1], corner[1] + TILE), slice(corner[0], corner[0] + TILE))
        contrast = min(float(picture[cut].std()) for picture in detail)
        sharp = sorted(float(picture[cut].std()) for picture in fine)
        px = None
        if contrast >= VISIBLE_CONTRAST and sharp[0] >= AS_SHARP * sharp[1]:
            px = known.get(corner)
            px = _far(detail, corner, a.shape[1]) if px is None else px
        yield (x, y), np.nan if px is None else px, contrast


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
