"""Pass 1: every frame is read once, and the plan concluded from what is kept of it."""

from __future__ import annotations

from functools import partial

import numpy as np

from focusstack.alignment.coarse import Coarse
from focusstack.first_pass.assemble import make_plan
from focusstack.first_pass.damage import find_broken
from focusstack.first_pass.effort import Effort
from focusstack.first_pass.findings import Findings
from focusstack.first_pass.impossible import (
    check_possible,
    failures_in_words,
    without_impossible,
)
from focusstack.first_pass.light import find_light
from focusstack.first_pass.marks.cleaning import Blemishes, cleaned, reduced_mask
from focusstack.first_pass.marks.finding import Search
from focusstack.first_pass.marks.shot import read_shot
from focusstack.first_pass.measure import (
    Measured,
    check_reference,
    glanced,
    measure_frames,
    spool_for,
)
from focusstack.first_pass.rejection import find_unsupported
from focusstack.first_pass.steps import (
    find_alignment,
    find_displacement,
    refine_alignment,
    search_elsewhere,
    series_of,
)
from focusstack.frames.sources import FrameSource
from focusstack.numeric.arrays import Floats
from focusstack.options import StackOptions
from focusstack.plan.model import StackPlan
from focusstack.runtime.heap import reuse_freed_memory
from focusstack.runtime.memory_need import MemoryNeed
from focusstack.runtime.progress import Progress
from focusstack.runtime.threads import own_threads


def _align(
    stack: Measured, options: StackOptions, progress: Progress, effort: Effort
) -> tuple[Coarse, Floats]:
    """Align a stack coarsely, as the options say."""
    return find_alignment(stack, options.reference, options.threads, progress, effort)


def find_plan(
    frames: FrameSource,
    options: StackOptions,
    need: MemoryNeed,
    progress: Progress,
    effort: Effort,
) -> StackPlan:
    """Measure a stack, align it, find light and displacement, and conclude.

    Parameters
    ----------
    frames : FrameSource
        The frames.
    options : StackOptions
        Reference, threads, and whether displacement may be added.
    need : MemoryNeed
        How many frames are read at once, and how much of them is kept.
    progress : Progress
        Is told of each stage, and of every warning.
    effort : Effort
        How closely to look.

    Raises
    ------
    InputError, AlignmentError, UsageError
        See their docstrings.
    """
    check_reference(frames.names, options.reference)
    reuse_freed_memory()
    spool, scale = spool_for(frames, effort.megapixels, need.kept)
    with spool, own_threads(), failures_in_words():
        seen = glanced(frames, scale) if effort.quick else frames
        stack = measure_frames(seen, spool, scale, need.readers, progress)
        given = None
        if options.dust is not None:
            given = read_shot(options.dust, frames.size, options.max_megapixels)
            stack = cleaned(stack, Blemishes(reduced_mask(given.mask, stack.size)), "shot")
        align = partial(_align, options=options, progress=progress, effort=effort)
        marks = Search(stack, align, options.threads).begun(*align(stack))
        stack, coarse, gains = marks.stack, marks.coarse, marks.gains
        if broken := find_broken(stack, coarse, gains):
            stack = stack.with_broken(broken, keep=options.keep_damaged)
            if not options.keep_damaged:
                coarse, gains = align(stack)
        coarse = without_impossible(stack, coarse, coarse.matrices)
        series = series_of(stack, coarse, gains, options.threads, progress)
        refined = refine_alignment(series, coarse, progress, effort)
        possible = without_impossible(stack, coarse, refined.poses.matrices)
        if possible is not coarse:  # what harmed the others is gone: they may lie elsewhere now
            coarse = without_impossible(stack, possible, possible.matrices)
            series = series_of(stack, coarse, gains, options.threads, progress)
            refined = refine_alignment(series, coarse, progress, effort)
            check_possible(stack, coarse, refined.poses.matrices)
        if not effort.quick:  # too few tiles to give up a frame for
            coarse = coarse.without(find_unsupported(stack, coarse, refined))
        light = find_light(stack, refined.poses.matrices, coarse, options.threads)
        local = None
        series = series_of(stack, coarse, light.gains, options.threads, progress)
        if options.local and effort.local:
            local = find_displacement(series, refined, coarse, progress)
            if local is not None and coarse.travel is not None:  # near things lay in other areas
                placed = local.poses.matrices
                light = find_light(stack, placed, coarse, options.threads, local.field)
        elsewhere = search_elsewhere(stack, series, refined, local, progress)
        deep = frames.dtype != np.uint8
        mask = marks.full_size(frames.size, scale, given)
        found = Findings(stack, coarse, refined, local, light, elsewhere, mask, marks.doubted)
        plan = make_plan(found, frames.size, deep=deep, quick=effort.quick)
    for warning in plan.warnings:
        progress.warn(warning)
    return plan.with_warnings(frames.notes)
