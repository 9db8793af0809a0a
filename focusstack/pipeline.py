"""The two passes, from files to pictures: a table of contents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Unpack

from focusstack.errors import WITHOUT_PLAN, Change, UsageError
from focusstack.first_pass.effort import THOROUGH, Effort
from focusstack.first_pass.run import find_plan
from focusstack.first_pass.verify import verify_plan
from focusstack.frames.asked import open_asked, selection_of
from focusstack.frames.memory_needed import memory_needed
from focusstack.frames.open import Inputs
from focusstack.frames.sources import FrameSource
from focusstack.fusion.base import Fused
from focusstack.fusion.registry import check_method
from focusstack.numeric.arrays import Image
from focusstack.options import OutputOptions, StackOptions
from focusstack.output.folder import OutputFolder, done_before, open_folder
from focusstack.output.keywords import Common, output_options, stack_options
from focusstack.output.maps import fusion_entry, motion_warning
from focusstack.output.nowhere import Nowhere
from focusstack.plan.file import given_plan
from focusstack.plan.folds import refuse_folds
from focusstack.plan.model import StackPlan
from focusstack.plan.outlines import within_outlines
from focusstack.plan.reuse import check_places, fit_plan, leave_out
from focusstack.plan.seams import Seams
from focusstack.runtime.allowances import check_allowances
from focusstack.runtime.heap import release_freed
from focusstack.runtime.memory import in_gigabytes
from focusstack.runtime.memory_need import MemoryNeed
from focusstack.runtime.progress import Logged, Progress, StageClock
from focusstack.runtime.scratch import Room
from focusstack.second_pass.frame import AlignedFrame
from focusstack.second_pass.prepare import prepare
from focusstack.second_pass.run import (
    fuse_frames,
    means_for,
    render_frames,
    rounded,
    write_frames,
)
from focusstack.second_pass.sink import NoSink


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
    done_before : bool
        Whether a run to be resumed was done already: nothing has been computed, and `fused` and
        `image` are None.
    """

    plan: StackPlan
    fused: Fused | None = field(repr=False)  # a notebook shows what it is given last
    image: Image | None = field(repr=False)
    written: tuple[str, ...] = ()
    done_before: bool = False

    def _repr_html_(self) -> str:
        return self.plan._repr_html_()


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
    **common: Unpack[Common],
) -> StackPlan:
    """Pass 1: measure a stack without moving a pixel.

    Parameters
    ----------
    inputs : FrameSource, path, sequence of paths or sequence of ndarray
        The frames.
    options : StackOptions, optional
        Defaults if not given. With `plan` set, that plan is returned for these frames.
    progress : Progress, optional
        Is told of each stage and of every warning; if not given, they are logged.
    effort : Effort, optional
        How closely to look. Rendering from a quick look is possible, and warned of.
    common : Common
        Options by keyword, as for `stack`.

    Raises
    ------
    InputError, AlignmentError, UsageError
        See their docstrings.

    Examples
    --------
    >>> from focusstack.scene import render_stack
    >>> frames = render_stack("plane", width=240, height=180, frames=3).frames
    >>> plan_stack(frames).reference
    'frame_0002'
    """
    options, progress = stack_options(options, common), progress or Logged()
    check_allowances(options.threads)
    frames = open_asked(inputs, options, progress)
    prepare(frames, options, progress, "measure")
    return plan_of(frames, options, memory_needed(frames, options), progress, effort)


def _fitted(plan: StackPlan, frames: FrameSource, options: StackOptions) -> StackPlan:
    """An earlier plan for these frames, without those that the options leave out."""
    plan = leave_out(plan, frames.names, selection_of(options))
    return fit_plan(plan, frames.names, frames.size, frames.channels)


def _given_plan(
    options: StackOptions, frames: FrameSource, need: MemoryNeed, progress: Progress
) -> StackPlan:
    """Read an earlier plan, fit it to these frames and options, and see whether it does."""
    read = given_plan(options.plan)
    plan = _fitted(read, frames, options)
    check_places(read)  # names the places in the file
    if options.reference not in ("auto", plan.reference):
        raise UsageError(
            f"the plan's reference is {plan.reference}, not {options.reference}",
            "The plan says which frame does not move.",
            [Change("To keep the plan's", drop=("--reference",)), WITHOUT_PLAN],
        )
    if plan.quick and QUICK_PLAN not in plan.warnings:
        plan = plan.with_warnings([QUICK_PLAN])
    if options.local:
        plan = refuse_folds(plan)
    plan = verify_plan(plan, frames, need, options.threads, progress)
    if not options.local:
        plan = within_outlines(plan.without_local())
    for warning in plan.warnings[len(read.warnings) :]:
        progress.warn(warning)
    return plan


def aligned_frames(
    inputs: Inputs, plan: StackPlan, options: StackOptions | None = None
) -> Iterator[AlignedFrame]:
    """Pass 2: yield the used frames, equalised, aligned and cropped, in focus order.

    The next frame is decoded while one is in use; memory does not depend on their number.

    Raises
    ------
    UsageError
        If the plan is of other frames: other names, another size or number of channels.
    InputError
        If it takes pixels from outside a frame.

    Examples
    --------
    >>> from focusstack.scene import render_stack
    >>> frames = render_stack("plane", width=240, height=180, frames=3).frames
    >>> [frame.name for frame in aligned_frames(frames, plan_stack(frames))]
    ['frame_0003', 'frame_0002', 'frame_0001']
    """
    options = options or StackOptions()
    frames = open_asked(inputs, options)
    plan = _fitted(plan, frames, options)
    check_places(plan)
    need = memory_needed(frames, options)
    means = replace(means_for(frames, options.threads, need, NoSink()), room=Room())
    for frame, _ in render_frames(frames, plan, (False,), means, buffers=0):
        yield frame


def _tell_memory(need: MemoryNeed, count: int, options: StackOptions, progress: Progress) -> None:
    """Say how much memory will be taken before any is; warn if that is more than was asked for."""
    progress.note(f"memory: up to {in_gigabytes(need.bytes)}; threads: {options.threads}")
    if options.memory is not None and need.bytes > options.memory:
        progress.warn(
            f"{count} frames of this size take about {in_gigabytes(need.bytes)}, more than the "
            f"{in_gigabytes(options.memory)} asked for"
        )


def stack(
    inputs: Inputs,
    output: OutputOptions | str | Path | None = None,
    options: StackOptions | None = None,
    progress: Progress | None = None,
    **common: Unpack[Common],
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
        Is told of each stage and of every warning; if not given, they are logged. What it raises
        ends the run, which leaves nothing half done: that is how to cancel one.
    common : Common
        Options by keyword, such as ``method="depth"`` or ``overwrite=True``; see
        `focusstack.output.keywords.Common`.

    Returns
    -------
    StackResult

    Raises
    ------
    InputError, AlignmentError, OutputError, UsageError
        See their docstrings.

    Examples
    --------
    >>> from focusstack.scene import render_stack
    >>> frames = render_stack("plane", width=240, height=180, frames=3).frames
    >>> stack(frames).image.shape  # 240 x 180, less what the frames do not share
    (172, 232, 3)
    """
    options, output = stack_options(options, common), output_options(output, common)
    progress = StageClock(progress or Logged())
    check_allowances(options.threads)
    frames = open_asked(inputs, options, progress)
    check_method(options.fusion)
    need = memory_needed(frames, options)
    _tell_memory(need, len(frames), options, progress)
    if before := done_before(output, frames, options):
        return StackResult(before[0], None, None, tuple(before[1]), done_before=True)
    with open_folder(output, frames, options) as folder:
        prepare(frames, options, progress)
        plan = folder.plan or plan_of(frames, options, need, progress)
        folder.begin(plan, ahead=need.ahead > 1)
        release_freed()
        means = means_for(frames, options.threads, need, folder)
        if folder.wants_composite:
            fused, seams = fuse_frames(frames, plan, options.fusion, folder, means, progress)
            image = rounded(fused.image, folder.dtype, means.room)
            means.room.vacated()
            plan = _with_fusion(plan, (fused, seams), options, folder, progress)
        else:
            fused, image = None, None
            write_frames(frames, plan, folder, means, progress)
        means.room.vacated()
        written = folder.finish(plan, image, options, progress)
    return StackResult(plan, fused, image, tuple(written))


def plan_of(
    frames: FrameSource,
    options: StackOptions,
    need: MemoryNeed,
    progress: Progress,
    effort: Effort = THOROUGH,
) -> StackPlan:
    """Find the plan of frames that are opened, or take the one that is given."""
    if options.plan is not None:
        return _given_plan(options, frames, need, progress)
    return find_plan(frames, options, need, progress, effort)


def _with_fusion(
    plan: StackPlan,
    found: tuple[Fused, Seams],
    options: StackOptions,
    folder: OutputFolder | Nowhere,
    progress: Progress,
) -> StackPlan:
    """Write the maps, add to the plan what fusion has found, and judge the picture by its seams."""
    fused, seams = found
    maps = folder.write_maps(fused, len(plan.used()))
    entry = fusion_entry(fused, options.fusion.method_name, maps) | {"seams": asdict(seams)}
    warnings = [text for text in motion_warning(entry) if text not in plan.warnings]
    for text in warnings:
        progress.warn(text)
    return replace(plan.judged_by(seams), fusion=entry).with_warnings(warnings)
