"""Find what moved between frames, so that only one of them shows it.

A leaf in the wind is sharp in several frames, each time somewhere else. Wherever detail of a new
frame is found again, as sharp, but elsewhere among the sharpest detail so far, one of the two has
to go. Defocus does not look like that: it takes detail away but leaves what remains in its place,
so scenes that stand still, with whatever depth, are left alone. What has moved too far to be found
again is left to :mod:`focusstack.fusion.presence`.

The motion is found by dense inverse search (T. Kroeger et al., "Fast Optical Flow using Dense
Inverse Search", ECCV 2016) on a reduced luma.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.laplacian import reduced
from focusstack.fusion.presence import Change, Presence, windows_level
from focusstack.fusion.sight import WIDE, Sight, window_mean
from focusstack.typing import Float32, Mask

MOST_CELLS = 600_000
"""Motion is looked for on the first pyramid level that has no more pixels than this."""

FEWEST_CELLS = 24
"""Shorter side, in cells, beneath which nothing can be said."""

FAR_SHIFT, CLEAR_SHIFT, LEAST_SHIFT = 1.5, 0.6, 0.3
"""Cells by which detail must be found elsewhere to be reported, to prove motion, and beside proven
motion."""

ROUND_TRIP = (0.2, 0.1)
"""Cells, and part of the way, by which the way there and back may differ."""

EXPLAINED = 0.4
"""Part of the squared difference that may remain once the detail is put in its place."""

LEAST_DIFFERENCE = 4 / 255
"""Root mean square difference of luma that can be seen."""

LEAST_DETAIL = 2 / 255
"""Root mean square of the finest detail on the grid that can be found again."""

EQUALLY_SHARP = 0.4
"""Amplitude on the grid of the weaker by that of the stronger."""

ALIKE = 0.6
"""The same for the energy of all finer detail in a wide window around it."""

IN_FOCUS = 0.5
"""Energy finer than the grid by that on the grid: a blurred edge that widens looks displaced."""

SEEDED = 0.05
"""Share of proven motion nearby that makes slighter displacement motion too."""

BETTER = 1.1
"""A frame takes the place of an earlier one only if it has this much more energy."""

WINDOW, CHOICE = 3.0, 12.0
"""Standard deviations, in cells, of the windows for differences and choices."""

LEAST_VOTES = 0.05
"""Share of what has to go that must be sure, for its sharpness to be asked for there."""

WORSE, SHARPER = 0.6, 3.0
"""Energy by that of the earlier frames in the same place, between which the sharpness elsewhere is
asked for; beyond, it is clear which of the two is out of focus."""

LEAST_ENERGY = np.float32(1e-9)
"""Of fine detail; nothing is said about less."""

AROUND = 4
"""Cells around moved detail that go with it."""


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
            levels.append(reduced(mask, shape) ** 32)
    return levels


class Movement:
    """The sharpest detail so far, and what each new frame shows elsewhere.

    Parameters
    ----------
    shape : tuple of int
        ``(h, w)`` of the grid.
    level : int, optional
        Pyramid level that it is.
    search : bool, optional
        Whether detail that is found again elsewhere is motion, too.

    Attributes
    ----------
    moved : (h, w) bool ndarray
        Where detail moved far enough to be called motion and not a fault of the alignment, or
        where something is in some frames only.
    """

    def __init__(self, shape: tuple[int, int], level: int = 1, search: bool = True) -> None:
        self.moved: Mask = np.zeros(shape, bool)
        self._best: Sight | None = None
        halvings = windows_level(shape, level)
        self._presence = None if halvings is None else Presence(shape, halvings)
        self._search = (
            cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST) if search else None
        )
        rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
        self._rows, self._columns = rows, columns

    def add(self, new: Sight, light: Float32 | None = None) -> Motion | None:
        """Compare a frame with those before; None if nothing moved.

        Parameters
        ----------
        new : Sight
            Of the frame.
        light : (h, w, C) float32 ndarray, optional
            Its linear light on the grid; without, only what is found again elsewhere is motion.
        """
        best = self._best
        change = self._change(new, light)
        if best is None:
            self._best = new
            return None
        kept, stays = self._elsewhere(new, best)
        better = new.sharp > best.sharp
        if change is None and not (kept | stays).any():
            best.take(new, better)
            return None
        if change is not None:
            self.moved |= change.hidden | change.taken
            kept = (kept & ~change.taken) | change.hidden
            stays = (stays & ~change.hidden) | change.taken
        earlier = _around(stays)
        # Where the rims of both overlap, one of the two must still count.
        motion = Motion(np.maximum(_around(kept), 1 - earlier), earlier)
        best.take(new, (better & (motion.kept > 0.5)) | (motion.stays < 0.5))
        return motion

    def _change(self, new: Sight, light: Float32 | None) -> Change | None:
        """What is somewhere in the new frame and was not, or the reverse."""
        if light is None or self._presence is None:
            return None
        best = new if self._best is None else self._best
        known = np.minimum(new.trust, best.trust) > 0.9
        return self._presence.add(light, known, (best.fine, new.fine))

    def _elsewhere(self, new: Sight, best: Sight) -> tuple[Mask, Mask]:
        """Where the new frame must go and where those before, as detail is found elsewhere."""
        if self._search is None:
            return np.zeros_like(self.moved), np.zeros_like(self.moved)
        gone, gain = self._gone(new, best)
        wins = gain > np.log(BETTER)
        return gone & ~wins, gone & wins

    def _gone(self, new: Sight, best: Sight) -> tuple[Mask, Float32]:
        """Where only one of the two may count, and how much sharper the new one is there."""
        before_moved = self.moved.copy()
        before, now = _bytes(best.luma), _bytes(new.luma)
        back = self._flow(before, now)
        there = self._flow(now, before)
        known = cv2.erode(np.minimum(new.trust, best.trust), np.ones((9, 9), np.uint8)) > 0.9
        apart = window_mean((new.luma - best.luma) ** 2, WINDOW)
        gone, votes, gain = np.zeros_like(known), np.zeros_like(apart), np.zeros_like(apart)
        for way, other_way, own, other, sign in (
            (there, back, new, best, 1),
            (back, there, best, new, -1),
        ):
            sure, slight, ratio = self._displaced(way, other_way, own, other, apart)
            sure &= known
            votes += sure
            gain += np.where(sure, sign * ratio, np.float32(0))
            gone |= _grown(sure, slight & known)
        # Where something is known to move, whatever differs visibly is something else.
        gone |= known & before_moved & (apart > LEAST_DIFFERENCE**2)
        # What moved is all from one frame, so all of it has a say.
        here = np.log((new.sharp + LEAST_ENERGY) / (best.sharp + LEAST_ENERGY))
        votes, gain = window_mean(votes, CHOICE), window_mean(gain, CHOICE)
        enough = votes > LEAST_VOTES * window_mean(gone.astype(np.float32), CHOICE)
        gain = np.divide(gain, votes, out=here.copy(), where=enough & (votes > 1e-3))
        return gone, np.where((here > np.log(WORSE)) & (here < np.log(SHARPER)), gain, here)

    def _flow(self, first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Float32:
        assert self._search is not None
        flow = np.zeros((*first.shape, 2), np.float32)
        return np.asarray(self._search.calc(first, second, flow), np.float32)

    def _displaced(
        self, way: Float32, back: Float32, own: Sight, other: Sight, apart: Float32
    ) -> tuple[Mask, Mask, Float32]:
        """Where detail of `own` is surely or perhaps elsewhere in `other`, and how much weaker."""
        x, y = self._columns + way[..., 0], self._rows + way[..., 1]

        def seen(plane: Float32) -> Float32:
            return np.asarray(cv2.remap(plane, x, y, cv2.INTER_LINEAR), np.float32)

        far = cv2.magnitude(way[..., 0], way[..., 1])
        returned = way + seen(back)
        astray = cv2.magnitude(returned[..., 0], returned[..., 1])
        left = window_mean((own.luma - seen(other.luma)) ** 2, WINDOW)
        detail, fine = seen(other.detail), seen(other.fine)
        weak, strong = np.minimum(own.detail, detail), np.maximum(own.detail, detail)
        sure = (far > CLEAR_SHIFT) & (astray < ROUND_TRIP[0] + ROUND_TRIP[1] * far)
        sure &= (left < EXPLAINED * apart) & (apart > LEAST_DIFFERENCE**2)
        sure &= (weak > EQUALLY_SHARP * strong) & (strong > LEAST_DETAIL)
        sure &= (own.fine > IN_FOCUS * own.detail**2) & (fine > IN_FOCUS * detail**2)
        ratio = np.log((own.sharp + LEAST_ENERGY) / (seen(other.sharp) + LEAST_ENERGY))
        sure &= np.abs(ratio) < -np.log(ALIKE)
        self.moved |= _grown(sure & (far > FAR_SHIFT), sure)
        slight = (far > LEAST_SHIFT) & (apart > LEAST_DIFFERENCE**2 / 4)
        return sure, slight, ratio


def _grown(sure: Mask, slight: Mask) -> Mask:
    """What is sure, and what is slight where enough nearby is sure."""
    if not sure.any():
        return sure
    either = sure | slight
    near = window_mean(sure.astype(np.float32), WIDE) > SEEDED * window_mean(
        either.astype(np.float32), WIDE
    )
    return np.asarray(either & near)


def _bytes(luma: Float32) -> NDArray[np.uint8]:
    return np.asarray(np.rint(np.clip(luma, 0, 1) * np.float32(255)), np.uint8)


def _around(gone: Mask) -> Float32:
    """0 where `gone` and around it, 1 farther away."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * AROUND + 1, 2 * AROUND + 1))
    wide = cv2.dilate(gone.view(np.uint8), disc).astype(np.float32)
    return np.asarray(1 - cv2.blur(wide, (5, 5)), np.float32)
