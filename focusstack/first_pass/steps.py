"""Pass 1: from frames to a StackPlan. Full-size pixels are read once and dropped at once."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from focusstack.alignment import displacement
from focusstack.alignment.coarse import (
    Coarse,
    align_coarsely,
    detect_all,
    match_all,
    with_travel,
)
from focusstack.alignment.displacement import ROUNDS as LOCAL_ROUNDS
from focusstack.alignment.displacement import Displacement
from focusstack.alignment.features.sift import Features
from focusstack.alignment.quality.elsewhere import Elsewhere, find_elsewhere
from focusstack.alignment.quality.wide import search_widely
from focusstack.alignment.refine import Refined, refine
from focusstack.alignment.tiles.poses import Series
from focusstack.alignment.whole_frames import complete_fits
from focusstack.exposure.recorded import with_recorded
from focusstack.first_pass.damage import refuse_too_many, told
from focusstack.first_pass.effort import Effort
from focusstack.first_pass.light import find_gains
from focusstack.first_pass.measure import Measured
from focusstack.first_pass.reference import reservations
from focusstack.first_pass.rejection import find_spoilt, find_unlinked
from focusstack.geometry.field import undisplaced
from focusstack.numeric.arrays import Floats
from focusstack.runtime.progress import Progress, stage

BY_DETAIL = (
    "only fine detail tells where the frames lie; if it repeats, as in fabric or a grid, they may "
    "lie a whole repeat off"
)
"""What is said where features say nothing, and what is coarse in the frames neither."""

BESIDE_BORDER = 6.0
"""Proxy pixels from a border within which features are given up: what describes them reaches
beyond it. Chosen, not measured."""


def find_alignment(
    stack: Measured, reference: str, threads: int, progress: Progress, effort: Effort
) -> tuple[Coarse, Floats]:
    """Match features, link all frames, solve them coarsely, and measure exposure on the result."""
    count = len(stack.names)
    refuse_too_many(stack.damaged, stack.names, reference)
    with stage(progress, "Finding features", count):
        features = detect_all(stack.load, count, threads, progress.advance, effort.features)
    features = [_shown(f, stack.border(k)) for k, f in enumerate(features)]
    spoilt = find_spoilt(stack.statistics) | told(stack.damaged)
    fits = [
        f
        for f in match_all(features, stack.size, threads, effort.features)
        if f.first not in spoilt and f.second not in spoilt
    ]
    exposed = [k for k in range(count) if k not in spoilt]
    fits, guided = complete_fits(fits, stack.load, stack.size, exposed, threads, effort.features)
    coarse = align_coarsely(
        fits,
        stack.names,
        stack.size,
        reservations(stack.statistics),
        None if reference == "auto" else stack.names.index(reference),
        spoilt.keys(),
    ).without(spoilt)
    coarse = coarse.without(find_unlinked(stack, coarse, features))
    if not guided:
        coarse = replace(coarse, notes=(BY_DETAIL,))
    if effort.local:
        coarse = with_travel(coarse, fits, stack.size)
    gains = find_gains(stack, coarse.matrices, coarse, threads)
    used = coarse.kept
    return coarse, with_recorded(gains, stack.recorded, used, coarse.reference)[0]


def _shown(features: Features, border: Floats | None) -> Features:
    """Features that are well inside what a frame shows: a border's edge is none of the scene's."""
    if border is None:
        return features
    x, y = features.points.T
    far = np.min([a * x + b * y + c for a, b, c in border], axis=0) > BESIDE_BORDER
    return Features(features.points[far], features.descriptors[far])


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
        stack.marked,
        stack.origin,
    )


def refine_alignment(series: Series, coarse: Coarse, progress: Progress, effort: Effort) -> Refined:
    """Bring the coarse alignment to sub-pixel accuracy."""
    if effort.apart is not None:
        near = [(i, j) for i, j in series.pairs if abs(i - j) <= effort.apart]
        series = replace(series, pairs=near)
    with stage(progress, "Aligning", len(effort.rounds)):
        return refine(series, coarse.matrices, coarse.matches, effort.rounds, effort.model)


def find_displacement(
    series: Series, refined: Refined, coarse: Coarse, progress: Progress
) -> Displacement | None:
    """Local displacement of the frames, if matrices leave enough and tiles prove it."""
    if coarse.travel is None and not displacement.is_considered(refined):
        return None
    with stage(progress, "Local displacement", LOCAL_ROUNDS):
        return displacement.find_displacement(series, refined, coarse.travel)


def search_elsewhere(
    stack: Measured,
    series: Series,
    refined: Refined,
    displaced: Displacement | None,
    progress: Progress,
) -> Elsewhere:
    """Search every frame once more, widely, for what lies elsewhere than it was put."""
    kept, scale, width = refined.kept, stack.scale, stack.size[0]
    poses = (displaced or refined).poses
    field = displaced.field if displaced is not None else undisplaced
    with stage(progress, "Checking", 1):
        found = search_widely(series, poses, list(pairwise(kept)), field)
        off = find_elsewhere(found, kept, scale, width).px
        doubted = {k for k, px in zip(kept, off, strict=True) if px}
        # Who of two neighbours is displaced, those beyond them tell.
        more = [pair for pair in zip(kept, kept[2:], strict=False) if doubted.intersection(pair)]
        found += search_widely(series, poses, more, field)
        progress.advance()
    return find_elsewhere(found, kept, scale, width)
