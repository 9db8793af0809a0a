"""Pass 1: from frames to a StackPlan. Full-size pixels are read once and dropped at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from focusstack.alignment import displacement
from focusstack.alignment.coarse import Coarse, align_coarsely, detect_all, match_all
from focusstack.alignment.displacement import ROUNDS as LOCAL_ROUNDS
from focusstack.alignment.displacement import Displacement
from focusstack.alignment.refine import Refined, refine
from focusstack.alignment.tiles.poses import Series
from focusstack.exposure.recorded import with_recorded
from focusstack.first_pass.damage import refuse_too_many, told
from focusstack.first_pass.effort import Effort
from focusstack.first_pass.light import find_gains
from focusstack.first_pass.measure import Measured
from focusstack.first_pass.reference import reservations
from focusstack.first_pass.rejection import find_spoilt, find_unlinked
from focusstack.numeric.arrays import Floats
from focusstack.runtime.progress import Progress, stage


def find_alignment(
    stack: Measured, reference: str, threads: int, progress: Progress, effort: Effort
) -> tuple[Coarse, Floats]:
    """Match features, link all frames, solve them coarsely, and measure exposure on the result."""
    count = len(stack.names)
    refuse_too_many(stack.damaged, stack.names, reference)
    with stage(progress, "Finding features", count):
        features = detect_all(stack.load, count, threads, progress.advance, effort.features)
    spoilt = find_spoilt(stack.statistics) | told(stack.damaged)
    fits = [
        f
        for f in match_all(features, stack.size, threads, effort.features)
        if f.first not in spoilt and f.second not in spoilt
    ]
    coarse = align_coarsely(
        fits,
        stack.names,
        stack.size,
        reservations(stack.statistics),
        None if reference == "auto" else stack.names.index(reference),
    ).without(spoilt)
    coarse = coarse.without(find_unlinked(stack, coarse, features))
    gains = find_gains(stack, coarse.matrices, coarse, threads)
    used = [k for k, u in enumerate(coarse.used) if u]
    return coarse, with_recorded(gains, stack.recorded, used, coarse.reference)[0]


def series_of(
    stack: Measured, coarse: Coarse, gains: Floats, threads: int, progress: Progress
) -> Series:
    """What there is to align, with present gains; 1 where exposure is unknown."""
    brightness = [float(np.nanmean(g)) if np.isfinite(g).any() else 1.0 for g in gains]
    return Series(
        stack.load,
        stack.size,
        coarse.reference,
        coarse.pairs,
        brightness,
        threads,
        progress.advance,
        stack.kept,
    )


def refine_alignment(series: Series, coarse: Coarse, progress: Progress, effort: Effort) -> Refined:
    """Bring the coarse alignment to sub-pixel accuracy."""
    if effort.apart is not None:
        near = [(i, j) for i, j in series.pairs if abs(i - j) <= effort.apart]
        series = replace(series, pairs=near)
    with stage(progress, "Aligning", len(effort.rounds)):
        return refine(series, coarse.matrices, coarse.matches, effort.rounds, effort.model)


def find_displacement(series: Series, refined: Refined, progress: Progress) -> Displacement | None:
    """Local displacement of the frames, if matrices leave enough and tiles prove it."""
    if not displacement.is_considered(refined):
        return None
    with stage(progress, "Local displacement", LOCAL_ROUNDS):
        return displacement.find_displacement(series, refined)
