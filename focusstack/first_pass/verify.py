"""A quick look at whether a given plan fits the frames at hand.

Names and sizes may agree where pictures do not. Each frame is compared, as small as a glance needs
it, with the next in focus order: where the plan puts both, tiles that are sharp in both must show
the same. Where tiles do not agree with each other, feature points tell how far the frames lie from
where they should.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from focusstack.alignment.coarse import INLIER_PX, detect_reduced
from focusstack.alignment.features.sift import fit_pair
from focusstack.alignment.tiles.measure import MIN_TILES, Round, measure_pairs
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.alignment.tiles.shifts import TileShifts
from focusstack.errors import WITHOUT_PLAN, AlignmentError
from focusstack.first_pass.effort import QUICK
from focusstack.first_pass.measure import glanced, spool_for
from focusstack.frames.proxies.proxy import ProxySpool, make_proxy, proxy_scale
from focusstack.frames.sources import FrameSource
from focusstack.geometry.coordinates import at_scale
from focusstack.geometry.field import Field
from focusstack.geometry.lens import on_canvas
from focusstack.geometry.parallax import seen_from
from focusstack.numeric.arrays import Points
from focusstack.plan.model import FramePlan, StackPlan
from focusstack.plan.verdict import FAIL_PX, PASS_PX, Verdict
from focusstack.runtime.memory_need import MemoryNeed
from focusstack.runtime.prefetch import prefetch
from focusstack.runtime.progress import Progress, track
from focusstack.runtime.threads import own_threads

ROUNDS = (Round(1, 1.0, 6.0, 64), Round(0.5, 1.0, 6.0, 64), Round(0.25, 1.0, 6.0, 48))
"""How tiles are measured: finest first; the coarser see larger displacements. As in a quick look,
``python -m benchmarks.alignment --quick``."""

ONE_STEP = 1.0
"""Pixels of a round up to which its tiles tell where they are: beyond, the next coarser one tells.
Follows from how tiles are measured (`focusstack.alignment.tiles.shifts`)."""

AGREEING = 0.6
"""Median distance of tiles from their median, in pixels of a round, up to which they agree: shifts
of tiles that show different things are anything up to 2.5 pixels, 1.2 from each other. Chosen
between, held against ``python -m benchmarks.adversary plans``."""

GLANCE_PX = 0.15
"""What a median of tiles of a small proxy is better than, in its pixels: what is off by less than
this is not told from what fits. Held against ``python -m benchmarks.adversary plans``."""

TRUST = 1.0
"""How many times what a plan says of its own error its frames may be off by besides: estimates are
good to a factor of two (``python -m benchmarks.alignment``), and two frames are compared."""


MOST_BLANK = 0.25
"""Share of a plan's frames that may hold too little detail to be checked. Chosen, not measured:
sweeps begin and end beyond the subject."""


@dataclass(frozen=True)
class Look:
    """What two frames next to each other in focus tell of a plan.

    Attributes
    ----------
    first, second : int
        Positions in focus order.
    px : float or None
        By how much one lies elsewhere against the other than planned, median over what was
        compared, in full-size pixels; None if nothing could be.
    """

    first: int
    second: int
    px: float | None


def verify_plan(
    plan: StackPlan, frames: FrameSource, need: MemoryNeed, threads: int, progress: Progress
) -> StackPlan:
    """Return a given plan with verdicts that hold for these frames.

    Parameters
    ----------
    plan : StackPlan
        Of frames with these names.
    frames : FrameSource
        The frames.
    need : MemoryNeed
        How many frames are read at once, and how much of them is kept.
    threads : int
        That share the work; the result does not depend on it.
    progress : Progress
        Is told of the stage.

    Raises
    ------
    AlignmentError
        If a frame lies elsewhere than the plan puts it; names the worst.
    """
    used = plan.used()
    spool, scale = spool_for(frames, QUICK.megapixels, 0 if need.in_file else need.kept)
    with spool, own_threads():
        readers = 1 if need.in_file else need.readers
        _read(glanced(frames, scale), used, spool, scale, readers, progress)
        glance = _Glance(plan, spool, scale, threads)
        looks = [glance.at(k) for k in range(len(used) - 1)]
    return judged_again(plan, looks, scale)


def _read(
    frames: FrameSource,
    used: Sequence[FramePlan],
    spool: ProxySpool,
    scale: float,
    readers: int,
    progress: Progress,
) -> None:
    """Put a small proxy of each used frame into the spool, in focus order."""
    at = {name: i for i, name in enumerate(frames.names)}

    def reduce(position: int) -> int:
        picture = frames.read(at[used[position].file])
        proxy, _ = make_proxy(picture.pixels, scale, picture.transfer, spool.size)
        spool.put(position, proxy)
        return position

    reduced = prefetch(reduce, range(len(used)), ahead=readers, threads=readers)
    with track(progress, "Checking the given plan", reduced, len(used)) as tracked:
        for _ in tracked:
            pass


class _Glance:
    """Compares neighbours where a plan puts them."""

    def __init__(self, plan: StackPlan, spool: ProxySpool, scale: float, threads: int) -> None:
        self._used = plan.used()
        self._scale, self._spool = scale, spool
        reference = next(k for k, f in enumerate(self._used) if f.file == plan.reference)
        matrices = np.stack([at_scale(np.asarray(f.matrix), 1 / scale) for f in self._used])
        bends = np.array([f.bend for f in self._used], float)
        self._poses = Poses(matrices, bends, reference, spool.size)
        self._moved = [seen_from(plan.scene, f.view, f.field) for f in self._used]
        self._series = Series(
            spool.get,
            spool.size,
            reference,
            [],
            [float(f.gain.mean()) for f in self._used],
            threads,
            kept=spool.arrays,
        )

    def at(self, k: int) -> Look:
        """Compare a frame with the next in focus order."""
        series = replace(self._series, pairs=[(k, k + 1)])
        for how in ROUNDS:
            for _, _, tiles in measure_pairs(series, self._poses, how, self._displaced):
                off = _agreed(tiles, how.scale)
                if off is not None:
                    return Look(k, k + 1, off / self._scale)
        return Look(k, k + 1, self._by_features(k))

    def _displaced(self, k: int) -> Field | None:
        field = self._moved[k]
        return None if field is None else field.reduced(self._scale, *self._spool.size)

    def _by_features(self, k: int) -> float | None:
        """Median distance of matching features where the plan puts them, in full-size pixels."""
        a, b = (detect_reduced(self._spool.get(i), QUICK.features) for i in (k, k + 1))
        s = proxy_scale(*self._spool.size, QUICK.features)
        fit = fit_pair(k, k + 1, a, b, INLIER_PX / s)
        if fit is None:
            return None
        apart = self._on_canvas(k, fit.p) - self._on_canvas(k + 1, fit.q)
        return float(np.median(np.linalg.norm(apart, axis=1))) / self._scale

    def _on_canvas(self, k: int, points: Points) -> Points:
        """Where pixels of a proxy lie by the plan, but for how displacement changes on the way."""
        bends = self._poses.bends
        moved = on_canvas(
            points,
            self._poses.matrices[k],
            bends[k],
            bends[self._poses.reference],
            self._poses.size,
        )
        field = self._displaced(k)
        return moved if field is None else np.asarray(moved - field.at(moved), float)


def _agreed(tiles: TileShifts, scale: float) -> float | None:
    """How far tiles say that two frames are apart, in proxy pixels; None if they do not agree."""
    if len(tiles.shifts) < MIN_TILES:
        return None
    spread = np.median(np.linalg.norm(tiles.shifts - np.median(tiles.shifts, axis=0), axis=1))
    far = float(np.median(np.linalg.norm(tiles.shifts, axis=1)))
    return far if spread * scale <= AGREEING and far * scale <= ONE_STEP else None


def judged_again(plan: StackPlan, looks: Sequence[Look], scale: float) -> StackPlan:
    """Return the plan with verdicts that what was seen allows; see `verify_plan`.

    Parameters
    ----------
    plan : StackPlan
        As it was given.
    looks : sequence of Look
        One for every two neighbours.
    scale : float
        Proxy pixels per full-size pixel.
    """
    used = plan.used()
    blank = _blank(used)
    seen: dict[int, tuple[float, int]] = {}
    for look in looks:
        if look.px is not None and not blank.intersection((look.first, look.second)):
            # Who lies elsewhere does so beside both neighbours: the better of them tells.
            for one, other in ((look.first, look.second), (look.second, look.first)):
                seen[one] = min(seen.get(one, (np.inf, other)), (look.px, other))
    beyond = {k: px - TRUST * (used[k].error_px or 0.0) for k, (px, _) in seen.items()}
    worst = max(beyond, key=lambda k: beyond[k], default=0)
    if beyond and beyond[worst] > FAIL_PX:
        px, beside = seen[worst]
        raise AlignmentError(
            f"the given plan does not fit these frames: {used[worst].file} lies {px:.1f} px from "
            f"where it puts it, beside {used[beside].file}",
            "They were taken from elsewhere, or something was moved.",
            [WITHOUT_PLAN],
        )
    limit = max(PASS_PX, GLANCE_PX / scale)
    unseen = [k for k in range(len(used)) if k not in seen and k not in blank]
    doubts = {used[k].file: "not checked here" for k in unseen}
    doubts |= {
        used[k].file: f"off by {seen[k][0]:.1f} px here" for k in beyond if beyond[k] > limit
    }
    return _doubted(plan, doubts)


def _blank(used: Sequence[FramePlan]) -> set[int]:
    """Frames of which a plan says that they hold too little detail to tell: none may be expected.

    Unless it says so of many, which no sweep through a subject is like.
    """
    found = {k for k, frame in enumerate(used) if frame.error_px is None}
    return found if len(found) <= MOST_BLANK * len(used) else set()


def _doubted(plan: StackPlan, doubts: dict[str, str]) -> StackPlan:
    """Return the plan; what is doubted does not pass, and is told."""
    if not doubts:
        return plan
    frames = tuple(
        replace(f, verdict=_lowered(f.verdict, f"given plan, {doubts[f.file]}"))
        if f.file in doubts
        else f
        for f in plan.frames
    )
    some = ", ".join(list(doubts)[:3]) + (f" and {len(doubts) - 3} more" if len(doubts) > 3 else "")
    told = set(doubts.values())
    why = "not checked" if told == {"not checked here"} else "not sure to fit"
    verdict = _lowered(plan.verdict, f"given plan, {why} in {some}")
    listed = ", ".join(f"{name} is {doubt}" for name, doubt in list(doubts.items())[:3])
    warning = (
        f"the given plan could not be checked in {some}: nothing there to compare"
        if told == {"not checked here"}
        else f"the given plan may not fit: {listed}"
    )
    return replace(plan, frames=frames, verdict=verdict).with_warnings([warning])


def _lowered(verdict: Verdict | None, doubt: str) -> Verdict:
    """A verdict that does not pass, for one more reason."""
    if verdict is None or verdict.grade == "pass":
        return Verdict("look", doubt, REMEDY)
    return Verdict(verdict.grade, f"{verdict.words}; {doubt}", f"{verdict.remedy} {REMEDY}".strip())


REMEDY = "Align without --plan if edges are double."
"""What to do about frames that a given plan may not fit."""
