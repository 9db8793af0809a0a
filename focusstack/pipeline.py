"""The two passes, from files to pictures: a table of contents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from focusstack.errors import UsageError
from focusstack.first_pass.assemble import make_plan
from focusstack.first_pass.effort import THOROUGH, Effort
from focusstack.first_pass.findings import Findings
from focusstack.first_pass.light import find_light
from focusstack.first_pass.measure import check_reference, glanced, measure_frames, spool_for
from focusstack.first_pass.rejection import find_unsupported
from focusstack.first_pass.steps import (
    find_alignment,
    find_displacement,
    refine_alignment,
    series_of,
)
from focusstack.frames.files import FileFrames
from focusstack.frames.open import Inputs, open_frames
from focusstack.frames.sources import FrameSource
from focusstack.fusion.base import Fused
from focusstack.fusion.registry import check_method
from focusstack.memory_need import footprint_of
from focusstack.numeric.arrays import Image
from focusstack.options import OutputOptions, StackOptions
from focusstack.output.folder import OutputFolder, opened_folder
from focusstack.output.maps import fusion_entry, motion_warning
from focusstack.output.report.provenance import provenance
from focusstack.plan.file import read_plan
from focusstack.plan.model import StackPlan
from focusstack.plan.reuse import fit_plan
from focusstack.runtime.memory import in_gigabytes, release_freed, reuse_freed_memory
from focusstack.runtime.progress import Progress, Silent, StageClock
from focusstack.runtime.scratch import Room
from focusstack.runtime.threads import own_threads
from focusstack.second_pass.frame import AlignedFrame
from focusstack.second_pass.run import fused_frames, rendered_frames, room_for, rounded


@dataclass(frozen=True)
class StackResult:
    """What a run gives.

    Attributes
    ----------
    plan : StackPlan
        Matrices, gains, crop, verdicts.
    fused : Fused or None
        The composite and its depth and source maps; None if it was not asked for.
    image : ndarray or None
        The composite in the dtype of the frames, or the bit depth asked for.
    written : tuple of str
        What the output folder now holds, for people; empty if there is none.
    """

    plan: StackPlan
    fused: Fused | None
    image: Image | None
    written: tuple[str, ...] = ()


QUICK_PLAN = (
    "the plan is of a quick look: measured on small proxies, parallax not followed "
    "(inspect --thorough measures as a run does)"
)
"""What is said of rendering from a quick look."""


def plan_stack(
    inputs: Inputs,
    options: StackOptions | None = None,
    progress: Progress | None = None,
    effort: Effort = THOROUGH,
) -> StackPlan:
    """Pass 1: measure a stack without moving a pixel.

    Parameters
    ----------
    inputs : FrameSource, path, sequence of paths or sequence of ndarray
        The frames.
    options : StackOptions, optional
        Defaults if not given. With `plan` set, that plan is returned for these frames.
    progress : Progress, optional
        Silent if not given.
    effort : Effort, optional
        How closely to look. Rendering from a quick look is possible, and warned of.

    Raises
    ------
    InputError, AlignmentError, UsageError
        See their docstrings.
    """
    options, progress = options or StackOptions(), progress or Silent()
    frames = open_frames(inputs, progress, options.max_megapixels)
    if options.plan is not None:
        return _given_plan(options, frames, progress)
    check_reference(frames.names, options.reference)
    reuse_freed_memory()
    need = footprint_of(frames, options)
    spool, scale = spool_for(frames, effort.megapixels, need.kept)
    with spool, own_threads():
        seen = glanced(frames, scale) if effort.quick else frames
        stack = measure_frames(seen, spool, scale, need.readers, progress)
        coarse, gains = find_alignment(stack, options.reference, options.workers, progress, effort)
        series = series_of(stack, coarse, gains, options.workers, progress)
        refined = refine_alignment(series, coarse, progress, effort)
        if not effort.quick:  # too few tiles to give up a frame for
            coarse = coarse.without(find_unsupported(stack, coarse, refined))
        light = find_light(stack, refined.poses.matrices, coarse, options.workers)
        local = None
        if options.local and effort.local:
            series = series_of(stack, coarse, light.gains, options.workers, progress)
            local = find_displacement(series, refined, progress)
        deep = frames.dtype != np.uint8
        found = Findings(stack, coarse, refined, local, light)
        plan = make_plan(found, frames.size, deep=deep, quick=effort.quick)
    for warning in plan.warnings:
        progress.warn(warning)
    return plan.with_warnings(frames.notes) if isinstance(frames, FileFrames) else plan


def _given_plan(options: StackOptions, frames: FrameSource, progress: Progress) -> StackPlan:
    """Read an earlier plan and fit it to these frames and options."""
    assert options.plan is not None
    plan = fit_plan(read_plan(options.plan), frames.names, frames.size, frames.channels)
    if options.reference not in ("auto", plan.reference):
        raise UsageError(
            f"the plan's reference is {plan.reference}, not {options.reference}",
            "Give either --plan or --reference.",
        )
    if plan.quick and QUICK_PLAN not in plan.warnings:
        progress.warn(QUICK_PLAN)
        plan = plan.with_warnings([QUICK_PLAN])
    return plan if options.local else plan.without_local()


def aligned_frames(
    inputs: Inputs, plan: StackPlan, options: StackOptions | None = None
) -> Iterator[AlignedFrame]:
    """Pass 2: yield the used frames, equalised, aligned and cropped, in focus order.

    The next frame is decoded while one is in use; memory does not depend on their number.
    """
    options = options or StackOptions()
    frames = open_frames(inputs, max_megapixels=options.max_megapixels)
    for frame, _ in rendered_frames(frames, plan, options, (False,), Room(), buffers=0):
        yield frame


def _tell_footprint(frames: FrameSource, options: StackOptions, progress: Progress) -> None:
    """Say how much memory will be taken before any is; warn if that is more than was asked for."""
    need = footprint_of(frames, options).bytes
    progress.note(f"memory: up to {in_gigabytes(need)}; threads: {options.workers}")
    if options.memory is not None and need > options.memory:
        progress.warn(
            f"frames of this size take about {in_gigabytes(need)}, more than the "
            f"{in_gigabytes(options.memory)} asked for"
        )


def stack(
    inputs: Inputs,
    output: OutputOptions | str | Path | None = None,
    options: StackOptions | None = None,
    progress: Progress | None = None,
) -> StackResult:
    """Align a hand-held focus stack and fuse it into one sharp image.

    Parameters
    ----------
    inputs : FrameSource, path, sequence of paths or sequence of ndarray
        The frames.
    output : OutputOptions or path, optional
        Folder for the composite, the aligned frames and the report; nothing is written without.
    options : StackOptions, optional
        Defaults if not given.
    progress : Progress, optional
        Silent if not given.

    Returns
    -------
    StackResult

    Raises
    ------
    InputError, AlignmentError, OutputError, UsageError
        See their docstrings.
    """
    options, progress = options or StackOptions(), StageClock(progress)
    frames = open_frames(inputs, progress, options.max_megapixels)
    check_method(options.fusion)
    _tell_footprint(frames, options, progress)
    with opened_folder(output, frames, options) as folder:
        plan = (folder and folder.plan) or plan_stack(frames, options, progress)
        if folder:
            folder.begin(plan)
            if footprint_of(frames, options).ahead > 1:
                folder.draw_ahead(plan)
        release_freed()
        wants_image = folder is None or folder.options.fused
        room = room_for(frames, options, folder)
        fused = fused_frames(frames, plan, options, folder, wants_image, room, progress)
        dtype = folder.dtype if folder else frames.dtype
        image = None if fused is None else rounded(fused.image, dtype, room)
        room.vacated()
        if fused:
            plan = _with_fusion(plan, fused, options, folder, progress)
        room.vacated()
        written: list[str] = []
        if folder:
            made = provenance(frames, options, folder.options, progress)
            written = folder.finish(plan, image, made)
    return StackResult(plan, fused, image, tuple(written))


def _with_fusion(
    plan: StackPlan,
    fused: Fused,
    options: StackOptions,
    folder: OutputFolder | None,
    progress: Progress,
) -> StackPlan:
    """Write the maps, and add to the plan what fusion has found."""
    maps = folder.write_maps(fused, len(plan.used())) if folder else []
    entry = fusion_entry(fused, options.fusion.method, maps)
    warnings = [text for text in motion_warning(entry) if text not in plan.warnings]
    for text in warnings:
        progress.warn(text)
    return replace(plan, fusion=entry).with_warnings(warnings)
