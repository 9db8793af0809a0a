"""Find the marks of a stack, and align what is behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from focusstack.alignment.coarse import Coarse
from focusstack.alignment.tiles.measure import Round
from focusstack.alignment.tiles.poses import Series
from focusstack.errors import AlignmentError
from focusstack.first_pass.marks.cleaning import Blemishes, cleaned
from focusstack.first_pass.marks.found import Found, apart
from focusstack.first_pass.marks.outline import RIM, cores, mostly, outlined, widened
from focusstack.first_pass.marks.persistence import (
    Looking,
    Persistence,
    measure_persistence,
)
from focusstack.first_pass.marks.stripes import is_striped, stripes
from focusstack.first_pass.marks.witness import STIRRED_PX, Witness, belongs_to_sensor, question
from focusstack.first_pass.measure import Measured
from focusstack.geometry.coordinates import at_scale, outline, transform
from focusstack.numeric.arrays import Floats, Image, Indices, Mask, Matrix, Points

ROUNDS = (Round(1, 1.0, 6.0, 96), Round(0.5, 1.0, 6.0, 64), Round(0.25, 1.0, 6.0, 64))
"""Scales at which marks are looked for, with what tiles are measured in: their detail is made
anyway. Marks wider than some 40 pixels of a proxy are not found (``python -m benchmarks.alignment
--only dust``)."""

CONVINCED = 0.5
"""Share of the detail that comes and goes that must be found again where the scene, or the sensor,
says, for that to be believed: detail changes its blur from frame to frame (``python -m
benchmarks.alignment --only dust tripod``)."""

TELLING = 10
"""Places that stay, at one scale, of which it counts how many move with the scene. Chosen, not
measured."""

CLEARLY = 0.15
"""By how much larger the scene's share must be than the sensor's. Chosen, not measured."""

HELD = 0.25
"""Share of a pair's feature matches that must lie where marks may be for these to hold the pair in
place: a fit goes with the most. Chosen, not measured."""

SAME_PX = 1.0
"""Root mean square distance, in proxy pixels, between where the corners of all frames lie with and
without what may be marks, up to which these do not matter to the alignment: stacks that marks hold
in place differ by 14 and more, those whose detail only changes its blur by half a pixel (``python
-m benchmarks.alignment --only dust "strong blur"``)."""

Align = Callable[[Measured], tuple[Coarse, Floats]]
"""Aligns a stack coarsely: gives the alignment, and gains."""


FEWEST = 5
"""Frames without which what stands still is not known to be a mark: of four, a hand that goes round
a subject holds all of it in place. Chosen, not measured."""

MOST_MARKED = 0.1
"""Share of the frame that marks cover at most: more is a subject that stands still, or a window.
Chosen, not measured: dust covers a hundredth, a caption or scale three."""


class Search:
    """The search for marks in a stack.

    Parameters
    ----------
    stack : Measured
        The frames.
    align : callable
        Aligns a stack coarsely.
    threads : int
        Threads; no result depends on them.
    rounds : sequence of Round
        The scales at which to look.
    """

    def __init__(
        self, stack: Measured, align: Align, threads: int, rounds: Sequence[Round] = ROUNDS
    ) -> None:
        self._stack, self._align, self._threads, self._rounds = stack, align, threads, rounds

    def begun(self, coarse: Coarse, gains: Floats) -> Found:
        """Look for marks in a stack that has been aligned as it is."""
        plain = Found(self._stack, coarse, gains)
        used = coarse.kept
        # A hand that walked far can hold what lies at one depth in place: that is no mark.
        if len(used) < FEWEST or coarse.travel is not None:
            return plain
        seen = self._persistence(self._stack, used)
        striped = self._without_stripes(plain, seen[0], used)
        if striped is not None:
            return striped
        peaks = [p.peaks() for p in seen]
        if not any(len(p) for p in peaks):
            return plain
        return self._told_apart(plain, seen, peaks, used)

    def _told_apart(
        self, plain: Found, seen: list[Persistence], peaks: list[Points], used: list[int]
    ) -> Found:
        """Tell marks from the scene; align without what may be marks where that takes it."""
        coarse = plain.coarse
        witnesses = self._ask(self._stack, coarse.matrices, peaks, used)
        own = _owned(witnesses, seen, peaks)
        open_ = [w.moved < STIRRED_PX for w in witnesses]
        # Where most of what stays moves with the scene, the rest lies where the scene hardly moves.
        # The finest detail tells: what is coarse comes to rest as soon as the hand is steady.
        told = next((o for o in open_ if len(o) >= TELLING), open_[0])
        resting = 2 * int(told.sum()) > len(told) or not len(told)
        if not resting and not any(o.any() for o in own):
            return plain
        scene, sensor = self._movement(self._stack, coarse.matrices, seen, used)
        right = max(scene, sensor) > CONVINCED and scene >= sensor
        if right and not any(o.any() for o in own):
            return plain
        if not right:
            which = [a | b for a, b in zip(own, open_, strict=True)]
            if not self._hold(coarse, seen, peaks, which):
                return self._without_fine(plain, seen, peaks, own, used)
            tried = self._tried(seen, peaks, which, used)
            if tried is None:
                return replace(plain, doubted=True)
            if apart(coarse, tried.coarse, self._stack.size) < SAME_PX:
                return self._without_fine(plain, seen, peaks, own, used)
            coarse = tried.coarse
            scene, sensor = self._movement(tried.stack, coarse.matrices, seen, used)
            witnesses = self._ask(self._stack, coarse.matrices, peaks, used)
            own = _owned(witnesses, seen, peaks)
            if scene < CONVINCED or scene < sensor + CLEARLY:
                return replace(plain, doubted=sensor < CONVINCED)
            if not any(o.any() for o in own):
                return plain
        marked = self._outlines(seen, peaks, own, used, "marks")
        if not 0 < float(marked.mean()) <= MOST_MARKED:
            return plain
        return self._aligned(Blemishes(marked), "marks")

    def _hold(
        self, coarse: Coarse, seen: list[Persistence], peaks: list[Points], which: list[Mask]
    ) -> bool:
        """Whether what may be marks has so many of the matches that it may hold frames in place."""
        mask = np.zeros(self._stack.size[::-1], np.uint8)
        for found, places, some in zip(seen, peaks, which, strict=True):
            reach = round(RIM / found.scale)
            here = widened(cores(found, places[some], self._stack.size), reach)
            # Coarse detail that covers so much is a scene out of focus.
            if found is seen[0] or float(here.mean()) <= MOST_MARKED:
                mask |= here
        shares = np.array([float((mask[_at(m.p)] > 0).mean()) for m in coarse.matches if len(m.p)])
        return bool((shares > HELD).any())

    def _without_fine(
        self,
        plain: Found,
        seen: list[Persistence],
        peaks: list[Points],
        own: list[Mask],
        used: list[int],
    ) -> Found:
        """Take marks out of a stack that they do not hold in place.

        What is small and sharp is the sensor's for certain; what is coarse may be a blurred scene
        that hardly moves.
        """
        fine = [own[0], *(np.zeros_like(o) for o in own[1:])]
        marked = self._outlines(seen, peaks, fine, used, "marks")
        if not 0 < float(marked.mean()) <= MOST_MARKED:
            return plain
        blemishes = Blemishes(marked)
        return replace(plain, stack=cleaned(self._stack, blemishes, "marks"), blemishes=blemishes)

    def _tried(
        self, seen: list[Persistence], peaks: list[Points], which: list[Mask], used: list[int]
    ) -> Found | None:
        """Align without all that may be marks; None if nothing is left to align."""
        try:
            mask = self._outlines(seen, peaks, which, used, "trial")
            return self._aligned(Blemishes(mask), "trial")
        except AlignmentError:
            return None

    def _aligned(self, blemishes: Blemishes, name: str) -> Found:
        stack = cleaned(self._stack, blemishes, name)
        coarse, gains = self._align(stack)
        return Found(stack, coarse, gains, blemishes)

    def _outlines(
        self,
        seen: list[Persistence],
        peaks: list[Points],
        which: list[Mask],
        used: list[int],
        name: str,
    ) -> Image:
        size, load = self._stack.size, self._stack.load
        core = np.zeros(size[::-1], np.uint8)
        mask = core
        for found, places, some in zip(seen, peaks, which, strict=True):
            chosen = places[some]
            if mask.any() and len(chosen):
                # Coarser detail that smaller marks do not account for.
                left = cleaned(self._stack, Blemishes(mask), f"{name} {found.scale}")
                how = next(how for how in self._rounds if how.scale == found.scale)
                still = measure_persistence(self._series(left), used, how)
                chosen = chosen[still.holds(chosen)]
            if len(chosen):
                core = core | cores(found, found.without_rims(chosen), size)
                mask = outlined(load, used, core)
        return mask

    def _series(self, stack: Measured) -> Series:
        ones = [1.0] * len(stack.names)
        return Series(
            stack.load, stack.size, 0, (), ones, self._threads, kept=stack.kept, marked=stack.marked
        )

    def _persistence(self, stack: Measured, used: list[int]) -> list[Persistence]:
        series = self._series(stack)
        return [measure_persistence(series, used, how) for how in self._rounds]

    def _ask(
        self, stack: Measured, matrices: Matrix, places: list[Points], used: list[int]
    ) -> list[Witness]:
        series = self._series(stack)
        asked = []
        for how, some in zip(self._rounds, places, strict=True):
            look = Looking(series, how)
            small = np.stack([at_scale(H, 1 / how.scale) for H in matrices])
            asked.append(question(look.at, look.size, small, used, some))
        return asked

    def _movement(
        self, stack: Measured, matrices: Matrix, seen: list[Persistence], used: list[int]
    ) -> tuple[float, float]:
        """How far detail that comes and goes is found again in the scene, and on the sensor.

        At the scale at which it is found best.
        """
        asked = self._ask(stack, matrices, [p.passing() for p in seen], used)
        return max((w.whole() for w in asked), key=max)

    def _without_stripes(self, plain: Found, seen: Persistence, used: list[int]) -> Found | None:
        """Align without columns or rows that are brighter than others, if that proves movement."""
        load = self._stack.load
        lines = [stripes(load, used, axis) if is_striped(seen, axis) else None for axis in (0, 1)]
        if all(one is None for one in lines):
            return None
        try:
            found = self._aligned(Blemishes(None, *lines), "striped")
        except AlignmentError:
            return replace(plain, doubted=True)
        corners = outline(*self._stack.size)
        used = found.coarse.kept
        moved = np.stack([transform(found.coarse.matrices[k], corners) - corners for k in used])
        across = [float(np.ptp(moved[..., axis], axis=0).max()) for axis in (0, 1)]
        far = [a for a, one in zip(across, lines, strict=True) if one is not None]
        return found if max(far) >= STIRRED_PX else None


def _at(places: Points) -> tuple[Indices, Indices]:
    """Rows and columns of the pixels at places ``(N, 2)``."""
    columns, rows = np.rint(places).astype(int).T
    return rows, columns


def _owned(
    witnesses: Sequence[Witness], seen: Sequence[Persistence], peaks: Sequence[Points]
) -> list[Mask]:
    """Tell which peaks are the sensor's, at each scale."""
    return [
        mostly(belongs_to_sensor(w, p.wavering(places)), p, places)
        for w, p, places in zip(witnesses, seen, peaks, strict=True)
    ]
