"""Find what moved between frames, so that only one of them shows it.

A leaf in the wind is sharp in several frames, each time somewhere else. Wherever detail of a new
frame is found again, as sharp, but elsewhere among the sharpest detail so far, one of the two has
to go. Defocus does not look like that: it takes detail away but leaves what remains in its place,
so scenes that stand still, with whatever depth, are left alone.

The motion is found by dense inverse search (T. Kroeger et al., "Fast Optical Flow using Dense
Inverse Search", ECCV 2016) on a reduced luma.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.laplacian import down, reduced, up
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

NARROW, WINDOW, WIDE, CHOICE = 2.0, 3.0, 6.0, 12.0
"""Standard deviations, in cells, of the windows for detail, differences, sharpness and choices."""

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


@dataclass
class Sight:
    """A frame, or the sharpest of all frames, as motion is looked for in it; on the grid.

    Attributes
    ----------
    luma : (h, w) float32 ndarray
        Encoded luma.
    trust : (h, w) float32 ndarray
        1 where the luma is what the scene had, less where it was clipped or missing.
    detail : (h, w) float32 ndarray
        Root mean square of the finest detail.
    fine, sharp : (h, w) float32 ndarray
        Energy finer than the grid in a narrow and in a wide window.
    """

    luma: Float32
    trust: Float32
    detail: Float32
    fine: Float32
    sharp: Float32

    def take(self, other: Sight, where: Mask) -> None:
        """Replace what is known by `other`'s."""
        for plane in fields(self):
            np.copyto(getattr(self, plane.name), getattr(other, plane.name), where=where)


def motion_level(shapes: list[tuple[int, int]]) -> int | None:
    """Return the pyramid level that is searched, at least 1; None if the picture is too small."""
    for level, (height, width) in enumerate(shapes):
        if min(height, width) < FEWEST_CELLS:
            return None
        if level and height * width <= MOST_CELLS:
            return level
    return None


def sight(luma: Float32, focus: Float32, trust: Float32 | None) -> Sight:
    """Return what is needed of a frame.

    Parameters
    ----------
    luma : (h, w) float32 ndarray
        Encoded luma of the frame on the grid.
    focus : (h, w) float32 ndarray
        Energy of detail finer than the grid, on the grid.
    trust : (h, w) float32 ndarray, optional
        0..1; None is 1 everywhere.
    """
    band = luma - up(down(luma), luma.shape)
    return Sight(
        luma=luma.copy(),
        trust=np.ones_like(luma) if trust is None else trust.copy(),
        detail=np.sqrt(_mean(band * band, NARROW)),
        fine=_mean(focus, NARROW),
        sharp=_mean(focus, WIDE),
    )


def mask_levels(mask: Float32, shapes: list[tuple[int, int]]) -> list[Float32]:
    """Spread a mask on the grid to all levels of a pyramid.

    Coarse coefficients that reach across the rim of the mask are masked rather than not.
    """
    levels = []
    for shape in shapes:
        if shape[0] >= mask.shape[0]:
            levels.append(np.asarray(cv2.resize(mask, shape[::-1]), np.float32))
        else:
            levels.append(reduced(mask, shape) ** 4)
    return levels


class Movement:
    """The sharpest detail so far, and what each new frame shows elsewhere.

    Parameters
    ----------
    shape : tuple of int
        ``(h, w)`` of the grid.

    Attributes
    ----------
    moved : (h, w) bool ndarray
        Where detail moved far enough to be called motion and not a fault of the alignment.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self.moved: Mask = np.zeros(shape, bool)
        self._best: Sight | None = None
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
        self._rows, self._columns = rows, columns

    def add(self, new: Sight) -> Motion | None:
        """Compare a frame with those before; None if nothing moved.

        Parameters
        ----------
        new : Sight
            Of the frame.
        """
        best = self._best
        if best is None:
            self._best = new
            return None
        gone, gain = self._gone(new, best)
        better = new.sharp > best.sharp
        if not gone.any():
            best.take(new, better)
            return None
        wins = gain > np.log(BETTER)
        stays = _around(gone & wins)
        # Where the rims of both overlap, one of the two must still count.
        motion = Motion(np.maximum(_around(gone & ~wins), 1 - stays), stays)
        best.take(new, (better & (motion.kept > 0.5)) | (stays < 0.5))
        return motion

    def _gone(self, new: Sight, best: Sight) -> tuple[Mask, Float32]:
        """Where only one of the two may count, and how much sharper the new one is there."""
        before_moved = self.moved.copy()
        before, now = _bytes(best.luma), _bytes(new.luma)
        back = self._flow(before, now)
        there = self._flow(now, before)
        known = cv2.erode(np.minimum(new.trust, best.trust), np.ones((9, 9), np.uint8)) > 0.9
        apart = _mean((new.luma - best.luma) ** 2, WINDOW)
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
        votes, gain = _mean(votes, CHOICE), _mean(gain, CHOICE)
        enough = votes > LEAST_VOTES * _mean(gone.astype(np.float32), CHOICE)
        gain = np.divide(gain, votes, out=here.copy(), where=enough & (votes > 1e-3))
        return gone, np.where((here > np.log(WORSE)) & (here < np.log(SHARPER)), gain, here)

    def _flow(self, first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Float32:
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
        left = _mean((own.luma - seen(other.luma)) ** 2, WINDOW)
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


def _mean(plane: Float32, sigma: float) -> Float32:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.float32)


def _grown(sure: Mask, slight: Mask) -> Mask:
    """What is sure, and what is slight where enough nearby is sure."""
    if not sure.any():
        return sure
    either = sure | slight
    near = _mean(sure.astype(np.float32), WIDE) > SEEDED * _mean(either.astype(np.float32), WIDE)
    return np.asarray(either & near)


def _bytes(luma: Float32) -> NDArray[np.uint8]:
    return np.asarray(np.rint(np.clip(luma, 0, 1) * np.float32(255)), np.uint8)


def _around(gone: Mask) -> Float32:
    """0 where `gone` and around it, 1 farther away."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * AROUND + 1, 2 * AROUND + 1))
    wide = cv2.dilate(gone.view(np.uint8), disc).astype(np.float32)
    return np.asarray(1 - cv2.blur(wide, (5, 5)), np.float32)
