"""The two passes, from files to pictures: a table of contents."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import cast

import numpy as np

from focusstack.capacity import in_gigabytes, memory_bound
from focusstack.colour import to_dtype
from focusstack.conclusion import make_plan
from focusstack.effort import THOROUGH, Effort
from focusstack.errors import UsageError
from focusstack.exclusion import unsupported
from focusstack.footprint import Footprint, footprint
from focusstack.frames import ArrayFrames, FileFrames, FilmFrames, FrameSource, survey
from focusstack.fusion import Fused, check_method, make_fuser
from focusstack.fusion.running_mean import row_strips
from focusstack.images.choice import some
from focusstack.images.read import MOST_MEGAPIXELS, Reading
from focusstack.images.suffixes import VIDEO
from focusstack.maps import fusion_entry, motion_warning
from focusstack.memory import keep_large_arrays_apart, release_freed, reuse_freed_memory
from focusstack.options import OutputOptions, StackOptions
from focusstack.output import OutputFolder, opened_folder
from focusstack.plan import StackPlan, fitted_to
from focusstack.plan_file import read_plan
from focusstack.planning import (
    check_reference,
    find_alignment,
    find_displacement,
    find_light,
    glanced,
    measure_frames,
    refine_alignment,
    series_of,
    spool_for,
)
from focusstack.progress import Progress, Silent, track
from focusstack.reading_ahead import Ahead, one_ahead
from focusstack.render import AlignedFrame, render
from focusstack.report.provenance import StageClock, provenance
from focusstack.room import Room
from focusstack.threads import Background, own_threads
from focusstack.typing import Float32, Image

Inputs = FrameSource | Iterable[str | Path] | Iterable[Image] | str | Path


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


def open_frames(
    inputs: Inputs, progress: Progress | None = None, max_megapixels: float = MOST_MEGAPIXELS
) -> FrameSource:
    """Return the frames behind a folder, files, globs or arrays, in natural order.

    Parameters
    ----------
    inputs : FrameSource, path, iterable of paths or iterable of ndarray
        The frames.
    progress : Progress, optional
        Is told what is left out; silent if not given.
    max_megapixels : float, optional
        Files that claim more are refused.

    Raises
    ------
    InputError
        If they cannot be a stack; names the file.
    UsageError
        If `inputs` is of another type.
    """
    if isinstance(inputs, (str, Path)):
        inputs = [inputs]
    elif isinstance(inputs, FrameSource):
        return inputs
    given = _listed(inputs)
    if given and all(isinstance(one, np.ndarray) for one in given):
        return ArrayFrames(cast(Sequence[Image], given))
    if not all(isinstance(one, (str, Path)) for one in given):
        kinds = ", ".join(sorted({type(one).__name__ for one in given}))
        raise UsageError(f"a stack cannot be read from a list of {kinds}", _INPUTS)
    found = survey(cast(Sequence[str | Path], given))
    if progress:
        if found.skipped:
            progress.note(f"not used: {some([p.name for p in found.skipped], 20)}")
        for note in found.notes:
            progress.warn(note)
    films = [path for path in found.files if path.suffix.lower() in VIDEO]
    if not films:
        return FileFrames(found.files, found.notes, Reading(max_megapixels))
    if len(found.files) > 1:
        raise UsageError(
            f"{films[0]} is a film, which is a stack by itself", "Give the film alone."
        )
    return FilmFrames(films[0])


QUICK_PLAN = (
    "the plan is of a quick look: measured on small proxies, parallax not followed "
    "(inspect --thorough measures as a run does)"
)
"""What is said of rendering from a quick look."""

_INPUTS = "Give a folder, files, globs, or a list of arrays, one for each frame."


def _listed(inputs: object) -> list[object]:
    if not isinstance(inputs, Iterable) or isinstance(inputs, (np.ndarray, bytes, Mapping)):
        raise UsageError(f"a stack cannot be read from {type(inputs).__name__}", _INPUTS)
    return list(inputs)


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
    need = _footprint(frames, options)
    spool, scale = spool_for(frames, effort.megapixels, need.kept)
    with spool, own_threads():
        seen = glanced(frames, scale) if effort.quick else frames
        stack = measure_frames(seen, spool, scale, need.readers, progress)
        coarse, gains = find_alignment(stack, options.reference, options.workers, progress, effort)
        series = series_of(stack, coarse, gains, options.workers, progress)
        refined = refine_alignment(series, coarse, progress, effort)
        if not effort.quick:  # too few tiles to give up a frame for
            coarse = coarse.without(unsupported(stack, coarse, refined))
        light = find_light(stack, refined.poses.matrices, coarse, options.workers)
        local = None
        if options.local and effort.local:
            series = series_of(stack, coarse, light.gains, options.workers, progress)
            local = find_displacement(series, refined, progress)
        deep = frames.dtype != np.uint8
        plan = make_plan(stack, coarse, refined, local, light, frames.size, deep, effort.quick)
    for warning in plan.warnings:
        progress.warn(warning)
    return plan.with_warnings(frames.notes) if isinstance(frames, FileFrames) else plan


def _given_plan(options: StackOptions, frames: FrameSource, progress: Progress) -> StackPlan:
    """Read an earlier plan and fit it to these frames and options."""
    assert options.plan is not None
    plan = fitted_to(read_plan(options.plan), frames.names, frames.size, frames.channels)
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
    for frame, _ in _rendered(frames, plan, options, (False,), Room(), buffers=0):
        yield frame


def _rendered(
    frames: FrameSource,
    plan: StackPlan,
    options: StackOptions,
    placements: Sequence[bool],
    room: Room,
    buffers: int = 1,
) -> Generator[tuple[AlignedFrame, bool], None, None]:
    """Every used frame once per placement: with all it shows, or what is in focus, in place.

    New memory costs the system time: a frame takes that of the one before it or, with two
    `buffers`, of the one before that. With none, frames may be kept.
    """
    keep_large_arrays_apart()
    at = {name: i for i, name in enumerate(frames.names)}
    used = plan.used()
    if not used:
        return
    highest = np.max([f.gain for f in used], axis=0)
    ahead = options.workers > 1 and _footprint(frames, options).ahead > 0
    order = [at[f.file] for f in used]
    coded = frames.dtype == np.uint8
    shape = (frames.channels, plan.crop.height, plan.crop.width)
    dtype = np.int16 if coded else np.float32
    turns = cycle([room.zeros(shape, dtype) for _ in range(buffers)])
    decoded = 2 * frames.size[0] * frames.size[1] * frames.channels * frames.dtype.itemsize
    # Where frames are not read ahead, nothing of them is to stay while they are fused.
    source = frames.one_by_one() if ahead and isinstance(frames, FileFrames) else frames
    with own_threads(), Ahead(source.read, order, ahead) as pictures:
        for placed in used:
            room.tidy(coming=decoded)  # decoders hold a picture twice for a moment
            picture = pictures.take()
            for number, in_focus in enumerate(placements, start=1):
                field = plan.displacement(placed, in_focus)
                frame = render(
                    picture, replace(placed, field=field), plan.crop, highest, options.workers,
                    coded, room, next(turns, None),
                )  # fmt: skip
                if number == len(placements):
                    del picture  # makes room for the next one, which is read meanwhile
                    pictures.begin()
                yield frame, in_focus
                del frame


def _footprint(frames: FrameSource, options: StackOptions) -> Footprint:
    bound = memory_bound(options.memory)
    pixel = frames.channels, frames.dtype.itemsize
    return footprint(frames.size, *pixel, len(frames), options.workers, bound)


def _tell_footprint(frames: FrameSource, options: StackOptions, progress: Progress) -> None:
    """Say how much memory will be taken before any is; warn if that is more than was asked for."""
    need = _footprint(frames, options).bytes
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
            if _footprint(frames, options).ahead > 1:
                folder.draw_ahead(plan)
        release_freed()
        wants_image = folder is None or folder.options.fused
        room = _room(frames, options, folder)
        fused = _render(frames, plan, options, folder, wants_image, room, progress)
        dtype = folder.dtype if folder else frames.dtype
        image = None if fused is None else _rounded(fused.image, dtype, room)
        room.vacated()
        if fused:
            plan = _with_fusion(plan, fused, options, folder, progress)
        room.vacated()
        written: list[str] = []
        if folder:
            made = provenance(frames, options, folder.options, progress)
            written = folder.finish(plan, image, made)
    return StackResult(plan, fused, image, tuple(written))


TOUCHED = 3
"""Bytes per pixel that one step on a whole coarse level may touch."""


def _room(frames: FrameSource, options: StackOptions, folder: OutputFolder | None) -> Room:
    """Where what is as large as a frame lies: in a file if the bound leaves no other way."""
    if not _footprint(frames, options).in_file:
        return Room()
    whole = TOUCHED * frames.size[0] * frames.size[1]
    return Room(memory_bound(options.memory) - whole, folder.scratch if folder else None)


def _rounded(image: Float32, dtype: np.dtype[np.generic], room: Room) -> Image:
    """The composite clipped to 0..1 and rounded to `dtype`."""
    found = np.empty(image.shape, dtype)
    for rows in row_strips(*image.shape[:2]):
        found[rows] = to_dtype(image[rows], dtype)
        room.tidy()
    return found


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


def _render(
    frames: FrameSource,
    plan: StackPlan,
    options: StackOptions,
    folder: OutputFolder | None,
    wants_image: bool,
    room: Room,
    progress: Progress,
) -> Fused | None:
    """Feed every frame to the writer and to the fuser, as often as the fuser wants to see it."""
    shape = (plan.crop.height, plan.crop.width, *((3,) if frames.channels == 3 else ()))
    count = len(plan.used())
    fusion = replace(
        options.fusion,
        workers=options.workers,
        motion=options.fusion.motion and plan.scene is None,
        precise=frames.dtype != np.uint8,
    )
    fuser = make_fuser(shape, count, fusion, room) if wants_image else None
    if folder and not fuser:  # what an interrupted run has written need not be made again
        lacking = tuple(name for name in plan.focus_order if folder.lacks(name))
        plan, count = replace(plan, focus_order=lacking), len(lacking)
    passes = fuser.passes if fuser else 1
    for number in range(passes):
        stage = "Fusing" if fuser else "Writing aligned frames"
        stage += f" ({number + 1} of {passes})" if passes > 1 else ""
        writes = folder is not None and folder.options.aligned and number == 0
        placements = _placements(plan, writes, fuser is not None)
        if options.workers > 1 and _footprint(frames, options).ahead > 1:
            rendered = one_ahead(_rendered(frames, plan, options, placements, room, buffers=2))
        else:
            rendered = _rendered(frames, plan, options, placements, room)
        steps = count * len(placements)
        with track(progress, stage, rendered, steps) as found, Background() as writer:
            for frame, in_focus in found:
                if folder and number == 0 and in_focus == placements[0]:
                    writer.run(folder.add, frame)
                if fuser and in_focus == placements[-1]:
                    fuser.add(frame.planes, frame.validity)
                writer.wait()
                del frame  # before the next one is asked for
        if fuser:
            fuser.end_pass()
    return fuser.result() if fuser else None


def _placements(plan: StackPlan, writes: bool, fuses: bool) -> tuple[bool, ...]:
    """How often each frame is rendered: parallax places it differently for fusion."""
    if plan.scene is None or not fuses:
        return (False,)
    return (False, True) if writes else (True,)
