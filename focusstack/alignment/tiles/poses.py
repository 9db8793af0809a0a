"""The small frames of a stack, and where each of them lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from focusstack.alignment.tiles.matches import Matches
from focusstack.alignment.tiles.shifts import TileShifts
from focusstack.frames.proxies.proxy import Proxy
from focusstack.geometry.coordinates import transform
from focusstack.geometry.field import Field
from focusstack.geometry.lens import displacement, recorded, straightened
from focusstack.numeric.arrays import Floats, Image, Matrix, Points
from focusstack.runtime.spool import Spool


@dataclass(frozen=True)
class Origin:
    """What proxies were before marks were taken out of them.

    Attributes
    ----------
    load, kept, marked
        As of a `Series`.
    parts : sequence of (slice, slice)
        Rows and columns of the proxies outside which nothing was changed.
    """

    load: Callable[[int], Proxy]
    kept: Spool
    marked: Image | None
    parts: Sequence[tuple[slice, slice]]


@dataclass(frozen=True)
class Series:
    """What is aligned: the frames' proxies, and which of them are compared.

    Attributes
    ----------
    load : callable
        Proxy of a frame index.
    size : tuple of int
        Width and height of the proxies.
    reference : int
        The frame that does not move.
    pairs : sequence of (int, int)
        What to compare.
    gains : sequence of float
        Exposure factor of each frame on linear luma.
    threads : int
        Threads; no result depends on them.
    advance : callable
        Called after each round of measuring.
    kept : Spool
        What has been made of the proxies already.
    marked : (h, w) uint8 ndarray or None
        1 where proxies show marks fixed to the sensor, which no tile is to see.
    origin : Origin or None
        What the proxies were, if little of them was changed.
    """

    load: Callable[[int], Proxy]
    size: tuple[int, int]
    reference: int
    pairs: Sequence[tuple[int, int]]
    gains: Sequence[float]
    threads: int = 2
    advance: Callable[[], None] = lambda: None
    kept: Spool = field(default_factory=Spool)
    marked: Image | None = None
    origin: Origin | None = None


@dataclass(frozen=True)
class Poses:
    """Where every frame lies on the canvas, which is the reference frame.

    Attributes
    ----------
    matrices : (n, 3, 3) float64 ndarray
        Proxy pixel to reference proxy pixel, both straightened; NaN for frames left out.
    bends : (n, 2) float64 ndarray
        The lens's bend in each frame, see `focusstack.geometry.lens`; 0 where nothing is bent.
    reference : int
        The frame that does not move.
    size : tuple of int
        Width and height of the proxies.
    """

    matrices: Matrix
    bends: Floats
    reference: int
    size: tuple[int, int]

    @classmethod
    def unbent(cls, matrices: Matrix, reference: int, size: tuple[int, int]) -> Poses:
        """Matrices alone."""
        return cls(matrices, np.zeros((len(matrices), 2)), reference, size)

    @property
    def kept(self) -> list[int]:
        """The frames that have a place."""
        return [k for k, H in enumerate(self.matrices) if np.isfinite(H).all()]

    def moved(self, matrices: Matrix, bends: Floats) -> Poses:
        """Replace matrices and bends of the frames in `kept`."""
        every, bent = self.matrices.copy(), self.bends.copy()
        every[self.kept], bent[self.kept] = matrices, bends
        return replace(self, matrices=every, bends=bent)

    def field(self, index: int, more: Field | None = None) -> Field | None:
        """Displacement that completes a frame's matrix: the lens's, after `more`."""
        bend, canvas_bend = self.bends[index], self.bends[self.reference]
        return displacement(self.matrices[index], bend, canvas_bend, self.size, more)

    def matches(self, first: int, second: int, shifts: TileShifts) -> Matches:
        """Turn tile shifts on the canvas into matching points of two frames.

        A detail seen half a shift before the tile's centre in the first warped frame and half a
        shift behind it in the second is one point of the scene.
        """
        half = shifts.shifts / 2
        p = self._pixels(first, shifts.centres - half)
        q = self._pixels(second, shifts.centres + half)
        blurred = None if shifts.blurred is None else shifts.blurred.astype(np.float32)
        return Matches(first, second, p, q, shifts.root, blurred)

    def _pixels(self, index: int, places: Points) -> Points:
        """Where in a frame places on the canvas lie."""
        ideal = straightened(places, self.bends[self.reference], self.size)
        pixels = transform(np.linalg.inv(self.matrices[index]), ideal)
        return recorded(pixels, self.bends[index], self.size)
