"""See to it that of what moved between frames only one shows it.

What is shown so far is compared with each new frame. Where both agree, the new frame takes part.
Where something has moved a little (:mod:`focusstack.fusion.motion.displaced`), or is there that
was not (:mod:`focusstack.fusion.motion.presence`), the new frame is hidden or takes the place of
all before, whichever is sharper. A place where a frame is hidden stays hidden until it
changes again.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from focusstack.fusion.levels.laplacian import reduced
from focusstack.fusion.motion.displaced import LEAST_DIFFERENCE, WINDOW, Search
from focusstack.fusion.motion.guard import Guard
from focusstack.fusion.motion.observation import LEAST_VALIDITY, Box, Sight, window_mean
from focusstack.fusion.motion.presence import changed, whole, windows_level
from focusstack.fusion.motion.regions import BETTER, described, vanished, winning
from focusstack.fusion.motion.winner import sharper
from focusstack.numeric.arrays import Float32, Mask
from focusstack.runtime.scratch import Room
from focusstack.runtime.threads import SideBySide, in_turn

MOST_CELLS = 600_000
"""Pixels: motion is looked for on the first pyramid level that has no more. The time grows with
their number. Benchmark: ``python -m benchmarks.speed``."""

FEWEST_CELLS = 24
"""Cells of the shorter side beneath which nothing can be said: the windows would not fit.
Chosen, not measured."""

MOST_SUPPORT = 4
"""Frames that show the same count for their number up to this: what only one frame shows has to
be so much sharper. Benchmark: ``python -m benchmarks.fusion``, *ghost*."""

AROUND = 4
"""Cells around moved detail that go with it: blur spreads it over its outline. Benchmark:
``python -m benchmarks.fusion``, *ghost*."""

RIM = 5
"""Cells over which what counts goes over into what does not. Chosen, not measured."""

MARGIN = 32
"""Cells around what is hidden that are searched, too, so that the search sees where they come
from. Chosen, not measured."""

STEEPNESS = 32
"""Power of the share of coarse coefficients' surroundings that is not masked: they are masked
rather than not. Benchmark: ``python -m benchmarks.fusion``, *ghost*."""


@dataclass(frozen=True)
class Motion:
    """What moved between a new frame and those before; soft masks on the grid.

    Attributes
    ----------
    kept : (h, w) float32 ndarray
        0 where the new frame must not count, 1 where it may.
    stays : (h, w) float32 ndarray
        0 where the earlier frames must not count any more, 1 where they may.
    """

    kept: Float32
    stays: Float32


def motion_level(shapes: list[tuple[int, int]]) -> int | None:
    """Return the pyramid level that is searched, at least 1; None if the picture is too small."""
    for level, (height, width) in enumerate(shapes):
        if min(height, width) < FEWEST_CELLS:
            return None
        if level and height * width <= MOST_CELLS:
            return level
    return None


def mask_levels(mask: Float32, shapes: list[tuple[int, int]]) -> list[Float32]:
    """Spread a mask on the grid to all levels of a pyramid.

    Coarse coefficients that reach across the rim of the mask are masked rather than not.
    """
    levels = []
    for shape in shapes:
        if shape[0] >= mask.shape[0]:
            levels.append(np.asarray(cv2.resize(mask, shape[::-1]), np.float32))
        else:
            levels.append(reduced(mask, shape) ** STEEPNESS)
    return levels


class Movement:
    """What is shown so far, and what each new frame shows elsewhere.

    Parameters
    ----------
    shape : tuple of int
        ``(h, w)`` of the grid.
    level : int, optional
        Pyramid level that it is.
    side_by_side : callable, optional
        Does two things, at once if it can.
    astray : float, optional
        Pixels by which frames lie beside their places, root mean square.
    room : Room, optional
        Where what is kept of the frames' detail lies.
    search : bool, optional
        Whether slight displacement of detail is motion, too.

    Attributes
    ----------
    moved : (h, w) bool ndarray
        Where something has surely moved, and farther than alignment may be wrong.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        level: int = 1,
        side_by_side: SideBySide = in_turn,
        astray: float = 0.0,
        room: Room | None = None,
        *,
        search: bool = True,
    ) -> None:
        self.moved: Mask = np.zeros(shape, bool)
        self._search = Search(side_by_side, astray / 2**level) if search else None
        self._halvings = windows_level(shape, level)
        self._guard = Guard(shape, level, room)
        self._shown: Sight | None = None
        self._previous: Sight | None = None
        self._hidden, self._jumped = np.zeros(shape, bool), np.zeros(shape, bool)
        self._reach = self._reached = np.zeros(shape, np.float32)
        self._age, self._support, self._waiting = (np.ones(shape, np.float32) for _ in range(3))

    def add(self, new: Sight) -> Motion | None:
        """Compare a frame with those before; None if nothing moved.

        Parameters
        ----------
        new : Sight
            Of the frame; kept.
        """
        shown, previous = self._shown, self._previous
        self._guard.add(new.focus)
        self._previous = new = new.without_focus()
        if shown is None or previous is None:
            self._shown = new.copy()
            self._guard.show(np.ones_like(self._age), np.ones_like(self._age))
            return None
        slid = self._slides(previous, new)
        reach = self._reached
        jumped = self._jumps(previous, new, np.ones_like(self._age))
        changed_now = slid | jumped
        if self._hidden.any():
            back = changed_now & self._back(shown, new)
            jumped = np.where(self._hidden, self._jumped & ~back, jumped)
            slid = np.where(self._hidden, ~self._jumped & ~back, slid)
        if self._halvings is not None:
            jumped = whole(jumped, 2**self._halvings)
        slid, jumped = as_one(slid, jumped)
        self._jumped = jumped
        self._reach = reach + np.where(self._hidden, self._reach, np.float32(0))
        self._waiting = np.where(changed_now, np.float32(1), self._waiting + 1)
        taken = self._won(shown, new, slid, jumped)
        hidden = (slid | jumped) & ~taken
        motion = _motion(hidden, taken)
        wanting = self._guard.wanting(motion.kept, motion.stays)
        hidden, taken = hidden & ~wanting, taken & ~wanting
        if wanting.any():
            motion = _motion(hidden, taken, wanting)
        self._guard.show(motion.kept, motion.stays)
        self._show(new, hidden, taken)
        return motion if (hidden | taken).any() else None

    def _slides(self, before: Sight, now: Sight, box: Box = (slice(None), slice(None))) -> Mask:
        """Where, in a part of the grid that both are of, things have moved a little."""
        if self._search is None:
            return np.zeros_like(self.moved[box])
        found = self._search.displaced(before, now)
        self._reached = found.reach
        self.moved[box] |= found.far
        self._guard.move(found.proven, box)
        return found.anything

    def _jumps(self, before: Sight, now: Sight, age: Float32) -> Mask:
        """Where something is there that was not."""
        if self._halvings is None:
            return np.zeros_like(self.moved)
        known = np.minimum(before.validity, now.validity) > LEAST_VALIDITY
        return changed(before.light, now.light, age, known, self._halvings)

    def _back(self, shown: Sight, new: Sight) -> Mask:
        """Where a frame shows again what is shown: by light where that changed, else by looks."""
        box = around_all(self._hidden)  # elsewhere, what is shown is the frame before
        self._slides(shown.part(box), new.part(box), box)  # small steps add up to what is motion
        apart = window_mean((new.luma - shown.luma) ** 2, WINDOW)
        jumped = self._jumps(shown, new, self._age)
        return np.where(self._jumped, ~jumped, apart < LEAST_DIFFERENCE**2)

    def _won(self, shown: Sight, new: Sight, slid: Mask, jumped: Mask) -> Mask:
        """Where the new frame takes the place of those before."""
        taken = np.zeros_like(slid)
        if slid.any():
            found = sharper(slid, self._reach, shown, new, self._guard.details())
            self._guard.blur(found.blurred)
            taken |= slid & (found.energy > BETTER)
        if jumped.any():
            gone = vanished(jumped, shown.light, new.light)
            self._guard.vanish(gone)
            self.moved |= gone
            most = np.float32(MOST_SUPPORT)
            before = shown.fine * np.minimum(self._support, most)
            now = new.fine * np.minimum(self._waiting, most)
            labels, spots = described(jumped, shown.light, new.light, (before, now))
            taken |= np.isin(labels, sorted(winning(spots)))
        return taken

    def _show(self, new: Sight, hidden: Mask, taken: Mask) -> None:
        """Take note of what a frame shows, but where it is hidden."""
        assert self._shown is not None
        self._hidden = hidden
        self._shown.take(new, ~hidden, taken)
        self._age = np.where(hidden, self._age + 1, np.float32(1))
        self._support = np.where(taken, np.float32(1), self._support + ~hidden)


def _motion(hidden: Mask, taken: Mask, free: Mask | None = None) -> Motion:
    """Soft masks of what is hidden and what is taken; all count where it is `free`."""
    to_taken, to_hidden = _distance(taken), _distance(hidden)
    stays = _away_from(to_taken, to_taken < to_hidden)
    kept = _away_from(to_hidden, to_hidden <= to_taken)
    if free is not None:
        soft = cv2.blur(free.astype(np.float32), (RIM, RIM))
        stays, kept = np.maximum(stays, soft), np.maximum(kept, soft)
    # Where the rims of both overlap, one of the two must still count.
    return Motion(np.maximum(kept, 1 - stays), stays)


def around_all(gone: Mask) -> Box:
    """Rows and columns of all that is `gone`, some of it, and `MARGIN` around; evenly begun."""
    sides = []
    for axis in (1, 0):
        cells = np.flatnonzero(gone.any(axis=axis))
        first, last = int(cells[0]) - MARGIN, int(cells[-1]) + MARGIN
        sides.append(slice(max(first, 0) // MARGIN * MARGIN, last + 1))
    return sides[0], sides[1]


def as_one(slid: Mask, jumped: Mask) -> tuple[Mask, Mask]:
    """Return both masks with connected spots in one of them only, that with most of the spot."""
    if not (slid.any() and jumped.any()):
        return slid, jumped
    count, labels = cv2.connectedComponents((slid | jumped).view(np.uint8))
    most = np.bincount(labels.ravel(), jumped.ravel(), count) > 0.5 * np.bincount(labels.ravel())
    most[0] = False
    jumped_spots = most[labels]
    return (labels > 0) & ~jumped_spots, jumped_spots


def _distance(gone: Mask) -> Float32:
    """Cells to what is `gone`."""
    if not gone.any():
        return np.full(gone.shape, np.inf, np.float32)
    return np.asarray(cv2.distanceTransform((~gone).view(np.uint8), cv2.DIST_L2, 5), np.float32)


def _away_from(distance: Float32, nearest: Mask) -> Float32:
    """0 where something is within `AROUND` and `nearest`, 1 farther away."""
    wide = ((distance <= AROUND) & nearest).astype(np.float32)
    return np.asarray(1 - cv2.blur(wide, (RIM, RIM)), np.float32)
