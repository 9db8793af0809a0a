"""Pass 2: every full-size pixel is touched once, moved, written and fused."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from itertools import cycle

import numpy as np

from focusstack.frames.files import FileFrames
from focusstack.frames.sources import FrameSource
from focusstack.fusion.base import Fused
from focusstack.fusion.registry import make_fuser
from focusstack.images.colour import to_dtype
from focusstack.memory_need import footprint_of
from focusstack.numeric.arrays import Float32, Image
from focusstack.options import StackOptions
from focusstack.output.folder import OutputFolder
from focusstack.plan.model import StackPlan
from focusstack.runtime.memory import keep_large_arrays_apart, memory_bound
from focusstack.runtime.prefetch import Ahead, one_ahead
from focusstack.runtime.progress import Progress, track
from focusstack.runtime.scratch import Room
from focusstack.runtime.strips import row_strips
from focusstack.runtime.threads import Background, own_threads
from focusstack.second_pass.frame import AlignedFrame
from focusstack.second_pass.render import render


def fused_frames(
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
        beside = options.workers > 1 and footprint_of(frames, options).ahead > 1
        rendered = rendered_frames(frames, plan, options, placements, room, buffers=1 + beside)
        if beside:
            rendered = one_ahead(rendered)
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


def rendered_frames(
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
    ahead = options.workers > 1 and footprint_of(frames, options).ahead > 0
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
                field = plan.displacement(placed, in_focus=in_focus)
                frame = render(
                    picture, replace(placed, field=field), plan.crop, highest, options.workers,
                    coded, room, next(turns, None),
                )  # fmt: skip
                if number == len(placements):
                    del picture  # makes room for the next one, which is read meanwhile
                    pictures.begin()
                yield frame, in_focus
                del frame


TOUCHED = 3
"""Bytes per pixel that one step on a whole coarse level may touch."""


def room_for(frames: FrameSource, options: StackOptions, folder: OutputFolder | None) -> Room:
    """Where what is as large as a frame lies: in a file if the bound leaves no other way."""
    if not footprint_of(frames, options).in_file:
        return Room()
    whole = TOUCHED * frames.size[0] * frames.size[1]
    return Room(memory_bound(options.memory) - whole, folder.scratch if folder else None)


def rounded(image: Float32, dtype: np.dtype[np.generic], room: Room) -> Image:
    """The composite clipped to 0..1 and rounded to `dtype`."""
    found = np.empty(image.shape, dtype)
    for rows in row_strips(*image.shape[:2]):
        found[rows] = to_dtype(image[rows], dtype)
        room.tidy()
    return found
