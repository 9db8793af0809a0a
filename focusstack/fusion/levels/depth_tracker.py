"""Which frame is sharpest where, found while the frames pass by.

Kept for each pixel: the largest focus measure so far, the frame it came from and the measures of
the frames just before and after it, so that the peak can be placed between frames.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from focusstack.fusion.loops.codes import Codes, decoded
from focusstack.numeric.arrays import Float32
from focusstack.runtime.scratch import Room
from focusstack.runtime.strips import Crew, Strip, row_strips, strips


class Tracked(NamedTuple):
    """What a tracker has found of some frames that follow each other; all ``(H, W)``.

    Attributes
    ----------
    peaks : tuple of ndarray
        Codes of the peak, of the measures before and after it, and of the last frame's.
    first : ndarray
        Codes of the first frame's measure.
    at : ndarray
        Which of the frames the peak is of.
    total : ndarray
        Sum of the measure.
    frames : int
        How many there are.
    """

    peaks: tuple[Codes, Codes, Codes, Codes]
    first: Codes
    at: Codes
    total: Float32
    frames: int


class DepthTracker:
    """Running peak of a focus measure over the frames.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)`` of the focus measure.
    room : Room, optional
        Where all that is kept lies.
    crew : Crew, optional
        Shares the work.

    Attributes
    ----------
    index : (H, W) uint16 ndarray
        Frame of the peak.
    frames : int
        How many have been taken.
    """

    def __init__(
        self, shape: tuple[int, int], room: Room | None = None, crew: Crew | None = None
    ) -> None:
        self._grid = shape
        self._crew = Crew(1) if crew is None else crew
        self._room = room = Room() if room is None else room
        self.index: Codes = room.zeros(shape, np.uint16)
        self.frames = 0
        self._peak, self._before, self._after, self._last = (
            room.zeros(shape, np.uint16) for _ in range(4)
        )
        self._total = room.zeros(shape, np.float32)

    def add(self, focus: Float32, validity: Float32 | None = None) -> None:
        """Take the focus measure (not negative) of the next frame, less where validity is."""
        from focusstack.fusion.loops import depth_tracker as loops  # loads the compiler
        from focusstack.numeric.loops.running_peak import Peaks

        known = np.empty((0, 0), np.float32) if validity is None else validity
        peaks = Peaks(self._peak, self._before, self._after, self._last, self.index)

        def track(strip: Strip) -> None:
            first, stop = strip.rows.start, strip.rows.stop
            loops.track()(focus, known, self.frames, peaks, self._total, first, stop)

        self._crew.do(track, strips(*self._grid, 0))
        self.frames += 1

    def discount(self, stays: Float32) -> None:
        """Let the peak so far go where `stays` is below a half: the next frame takes its place."""
        np.copyto(self._peak, np.uint16(0), where=stays < 0.5)
        self._total *= stays

    def last(self) -> Codes:
        """Return the codes of the measure of the frame added last."""
        return self._last.copy()

    def tracked(self, first: Codes) -> Tracked:
        """Return what has been found, given what `last` was after the first frame."""
        peaks = self._peak, self._before, self._after, self._last
        return Tracked(peaks, first, self.index, self._total, self.frames)

    def merge(self, later: Tracked) -> None:
        """Take over what another has found of the frames that follow."""
        peak, before, after, last = later.peaks
        rises = peak > self._peak
        # The frame after the peak's is the first of the later ones if it was the last of these.
        np.copyto(self._after, later.first, where=self.index == self.frames - 1)
        np.copyto(self._before, np.where(later.at == 0, self._last, before), where=rises)
        for mine, theirs in ((self._after, after), (self._peak, peak)):
            np.copyto(mine, theirs, where=rises)
        np.copyto(self.index, later.at + np.uint16(self.frames), where=rises)
        np.copyto(self._last, last)
        self._total += later.total
        self.frames += later.frames

    def depth(self) -> Float32:
        """Focus index, by a parabola through the logarithms of the peak and its neighbours.

        The focus measure of a defocused texture falls like a Gaussian around its peak, whose
        logarithm is a parabola (Nayar and Nakagawa, "Shape from Focus", TPAMI 16(8), 1994). At
        the first and last frame the index stays whole.
        """
        found = np.empty(self.index.shape, np.float32)
        for rows in row_strips(*self._grid):
            found[rows] = self._depth(rows)
            self._room.tidy()
        return found

    def _depth(self, rows: slice) -> Float32:
        floor = np.float32(1e-12)
        before, peak, after = (
            np.log(np.maximum(decoded(codes[rows]), floor))
            for codes in (self._before, self._peak, self._after)
        )
        bend = before - 2 * peak + after
        shift = np.divide(0.5 * (before - after), bend, out=np.zeros_like(bend), where=bend < -1e-6)
        index = self.index[rows]
        inner = (index > 0) & (index < self.frames - 1)
        shift = np.where(inner, np.clip(shift, -0.5, 0.5), np.float32(0))
        return np.asarray(index + shift, np.float32)

    def distinctness(self, noise: float) -> Float32:
        """0..1: how far the peak stands above the mean of all frames and above `noise`."""
        found = np.empty(self.index.shape, np.float32)
        for rows in row_strips(*self._grid):
            peak = decoded(self._peak[rows])
            mean = self._total[rows] / np.float32(max(self.frames, 1))
            found[rows] = np.clip((peak - mean) / (peak + np.float32(noise)), 0, 1)
            self._room.tidy()
        return found
