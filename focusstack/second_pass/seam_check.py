"""How far frames disagree where the composite goes from one to another.

An error of alignment shows in a composite only along its seams: within what comes from one frame
everything is as the camera saw it. So after fusion the two frames that meet are compared along
every seam of the source map, tile by tile, on small pictures of the very frames that were fused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.levels.validity import filled
from focusstack.geometry.coordinates import Rect
from focusstack.numeric.arrays import Float32
from focusstack.plan.seams import GROSS_PX, SeamPlace, Seams
from focusstack.resample.planes import Planes
from focusstack.runtime.spool import Spool
from focusstack.second_pass.frame import Validity
from focusstack.second_pass.seam_tiles import SHOWING, TILE, compare_tiles

WIDTH = 1400
"""Pixels across that the small pictures are to have, about: a tile is then a thirtieth of the
width, and a pixel that is seen at full size is no less than a quarter of theirs (``python -m
benchmarks.alignment``, *seams*)."""

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

SHOWN = 3
"""Places that are named: as many as people will look at. Chosen, not measured."""

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
    shown : float
        Amplitude of the fine detail that both have at the same places, as a share of white.
    """

    place: Rect
    first: int
    second: int
    px: float
    shown: float

    @property
    def visible(self) -> bool:
        """Whether the disagreement shows."""
        least = max(VISIBLE_PX, VISIBLE_SMALL_PX * self.place.width / TILE)
        return self.px > least and self.shown >= SHOWING


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

    def add(self, planes: Planes, validity: Validity | None = None) -> None:
        """Keep a small picture of the next frame that is fused.

        Parameters
        ----------
        planes : Planes
            The frame.
        validity : (H, W) uint8 ndarray, optional
            0 where it shows nothing of the scene: marks, which lie elsewhere in every frame.
        """
        size = max(1, self._width // self._factor), max(1, self._height // self._factor)
        rows, columns = size[1] * self._factor, size[0] * self._factor
        channels = planes.values
        green = channels[min(1, len(channels) - 1)][:rows, :columns]  # most of luma
        small = cv2.resize(green, size, interpolation=cv2.INTER_AREA)
        share = np.clip(small.astype(np.float32) * np.float32(planes.step / 2), 0, 1)
        if validity is not None and not validity.all():
            shown = np.where(validity[:rows, :columns] > 0, np.float32(1), np.float32(0))
            whole = cv2.resize(shown, size, interpolation=cv2.INTER_AREA) == 1
            share = filled(share, whole.astype(np.float32))
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
            for tile in compare_tiles(self._seen(a), self._seen(b), corners):
                place = Rect(*(factor * v for v in (*tile.corner, TILE, TILE)))
                tiles.append(SeamTile(place, a, b, tile.px * factor, tile.shown))
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
    >>> off = SeamTile(Rect(0, 0, 64, 64), 0, 1, px=3.0, shown=0.1)
    >>> summarise([off], ["near.jpg", "far.jpg"]).visible
    1
    """
    known = [tile for tile in tiles if np.isfinite(tile.px)]
    visible = sorted((t for t in known if t.visible), key=lambda t: -t.px * t.shown)
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
