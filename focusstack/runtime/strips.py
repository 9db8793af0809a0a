"""Work on a large picture strip by strip: small enough for the cache, and side by side.

Results never depend on how a picture is cut or on how many share the work: every strip sees as
many rows around its own as reach into them.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from threading import local
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from focusstack.runtime.scratch import Room
from focusstack.runtime.threads import at_once, in_turn

T = TypeVar("T", bound=np.generic)
P = TypeVar("P")
Q = TypeVar("Q")

PIXELS = 400_000
"""Pixels, about, of a strip that threads take one after the other."""

LEAST_ROWS = 32
"""Rows of such a strip, at least: those around it are worked on twice."""

STRIP = 1 << 17
"""Pixels worked on at a time, so that all steps on them stay in the processor's cache."""

ROWS = 64
"""Rows worked on at a time where no width is at hand, so that they stay in the cache."""

AROUND = 4
"""Rows around a strip that it is reduced or doubled with: two at half the size. One is enough to
double it."""


@dataclass(frozen=True)
class Strip:
    """Rows of a picture.

    Attributes
    ----------
    rows : slice
        The strip's own, from an even one on.
    wide : slice
        With those around it; from an even row on, to an even one or the picture's end.
    inner : slice
        Its own within `wide`.
    """

    rows: slice
    wide: slice
    inner: slice

    @property
    def half(self) -> slice:
        """Own rows at half the size."""
        return slice(self.rows.start // 2, (self.rows.stop + 1) // 2)

    @property
    def wide_half(self) -> slice:
        """Rows of `wide` at half the size."""
        return slice(self.wide.start // 2, (self.wide.stop + 1) // 2)


def strips(height: int, width: int, around: int, times: int = 1) -> list[Strip]:
    """Cut a picture into strips that see at least `around` rows more on each side.

    They are `times` as high as they are elsewhere.
    """
    around += around % 2
    found = []
    for rows in cut_rows(height, times * (max(LEAST_ROWS, PIXELS // width) // 2 * 2)):
        wide = slice(max(0, rows.start - around), min(height, rows.stop + around))
        inner = slice(rows.start - wide.start, rows.stop - wide.start)
        found.append(Strip(rows, wide, inner))
    return found


def cut_rows(height: int, rows: int = ROWS) -> list[slice]:
    """Cut rows 0..height into strips of so many `rows`, the last one of what is left."""
    return [slice(y, min(y + rows, height)) for y in range(0, height, rows)]


def row_strips(height: int, width: int) -> list[slice]:
    """Cut rows 0..height into strips of about ``STRIP`` pixels."""
    return cut_rows(height, max(1, STRIP // width))


def even_rows(height: int, step: int, count: int) -> list[tuple[int, int]]:
    """Divide rows 0..height, at multiples of `step`, into at most `count` like parts."""
    tiles = -(-height // step)
    count = max(1, min(count, tiles))
    edges = [min(height, round(i * tiles / count) * step) for i in range(count + 1)]
    return list(pairwise(edges))


class Crew:
    """Threads that take strips one after the other.

    Parameters
    ----------
    threads : int
        How many; with one, everything is done in the caller's thread.
    room : Room, optional
        Where the strips are, which is tidied after each.
    """

    def __init__(self, threads: int, room: Room | None = None) -> None:
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._beside = local()
        self.room = Room() if room is None else room

    def do(self, work: Callable[[Strip], None], parts: list[Strip]) -> None:
        """Do `work` on every strip."""

        def one(part: Strip) -> None:
            work(part)
            self.room.tidy()

        alone = self._pool is None or getattr(self._beside, "busy", False)
        for _ in map(one, parts) if alone or self._pool is None else self._pool.map(one, parts):
            pass

    def both(self, first: Callable[[], P], second: Callable[[], Q]) -> tuple[P, Q]:
        """Do two things at once, each in one thread; return what both return."""
        if self._pool is None or getattr(self._beside, "busy", False):
            return in_turn(first, second)
        return at_once(self._pool, lambda: self._alone(first), lambda: self._alone(second))

    def _alone(self, work: Callable[[], P]) -> P:
        """Do `work` without the help of other threads, which are busy."""
        self._beside.busy = True
        try:
            return work()
        finally:
            self._beside.busy = False

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


def with_channels(plane: NDArray[T]) -> NDArray[T]:
    """Return a picture ``(H, W[, C])`` with an axis for channels."""
    return plane[..., None] if plane.ndim == 2 else plane


def layers(planes: NDArray[T]) -> NDArray[T]:
    """Return planes ``([C, ]H, W)`` with an axis for channels."""
    return planes[None] if planes.ndim == 2 else planes


def beside(planes: NDArray[T]) -> NDArray[T]:
    """Return planes ``(C, H, W)`` as a picture ``(H, W, C)``; a single plane passes through."""
    return planes if planes.ndim == 2 else np.ascontiguousarray(planes.transpose(1, 2, 0))
