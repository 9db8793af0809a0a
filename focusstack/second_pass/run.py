"""Pass 2: every full-size pixel is touched once, moved, written and fused."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np

from focusstack.frames.sources import FrameSource
from focusstack.fusion.base import Fused
from focusstack.fusion.passes import name_pass, run_passes
from focusstack.fusion.registry import make_fuser
from focusstack.images.colour import to_dtype
from focusstack.numeric.arrays import Float32, Image
from focusstack.options import FusionOptions
from focusstack.plan.model import StackPlan
from focusstack.plan.seams import Seams
from focusstack.resample.planes import Planes
from focusstack.resample.warp import Destination
from focusstack.runtime.heap import keep_large_arrays_apart
from focusstack.runtime.memory_need import MemoryNeed
from focusstack.runtime.prefetch import Ahead, one_ahead
from focusstack.runtime.progress import Progress, track
from focusstack.runtime.scratch import Room
from focusstack.runtime.strips import row_strips
from focusstack.runtime.threads import Background, own_threads
from focusstack.second_pass.behind_marks import Veil
from focusstack.second_pass.behind_things import without_hidden
from focusstack.second_pass.frame import AlignedFrame, Validity
from focusstack.second_pass.render import render
from focusstack.second_pass.seam_check import SeamCheck
from focusstack.second_pass.sink import FrameSink, NoSink

TOUCHED = 3
"""Bytes per pixel that one step on a whole coarse level may touch."""


@dataclass(frozen=True)
class Means:
    """What the second pass works with.

    Attributes
    ----------
    threads : int
        That share the work.
    ahead : int
        Frames that are prepared while one is being fused; 0 with a single thread.
    room : Room
        Where what is as large as a frame lies.
    """

    threads: int
    ahead: int
    room: Room


def means_for(frames: FrameSource, threads: int, need: MemoryNeed, sink: FrameSink) -> Means:
    """Return what to work with: in a file if the bound on memory leaves no other way."""
    ahead = need.ahead if threads > 1 else 0
    if not need.in_file:
        return Means(threads, ahead, Room())
    whole = TOUCHED * frames.size[0] * frames.size[1]
    return Means(threads, ahead, Room(need.bound - whole, sink.scratch))


def write_frames(
    frames: FrameSource, plan: StackPlan, sink: FrameSink, means: Means, progress: Progress
) -> None:
    """Feed every frame that the sink lacks to it: what an interrupted run made is not made anew."""
    lacking = tuple(name for name in plan.focus_order if sink.lacks(name))
    rendered = _rendered(frames, plan, (False,), means, lacking)
    with track(progress, "Writing aligned frames", rendered, len(lacking)) as found:
        for _ in _given(found, sink, in_place=False):
            pass


def fuse_frames(
    frames: FrameSource,
    plan: StackPlan,
    fusion: FusionOptions,
    sink: FrameSink,
    means: Means,
    progress: Progress,
) -> tuple[Fused, Seams]:
    """Feed every frame to the sink and to the fuser, as often as the fuser wants to see it.

    Returns
    -------
    fused : Fused
        The composite.
    seams : Seams
        How far frames disagree where it goes from one to another.
    """
    shape = (plan.crop.height, plan.crop.width, *((3,) if frames.channels == 3 else ()))
    count = len(plan.used())
    fusion = replace(
        fusion,
        astray=max(frame.error_px or 0.0 for frame in plan.used()),
        threads=means.threads,
        # What is blurred then lies beside its place by design, which is no movement.
        motion=fusion.motion and plan.scene is None,
        deep=frames.dtype != np.uint8,
    )
    fuser = make_fuser(shape, count, fusion, means.room)

    check = SeamCheck(shape)

    def shown(number: int) -> Generator[tuple[Planes, Validity | None], None, None]:
        placements = _placements(plan, sink.takes_frames and number == 0)
        rendered = _rendered(frames, plan, placements, means)
        stage = name_pass(number, fuser.passes)
        with track(progress, stage, rendered, count * len(placements)) as found:
            for frame, in_focus in _given(found, sink if number == 0 else NoSink(), placements[0]):
                if in_focus == placements[-1]:
                    if number == 0:
                        check.add(frame.planes, frame.validity)
                    yield frame.planes, frame.validity
                del frame  # before the next one is asked for

    with check:
        fused = run_passes(fuser, shown)
        return fused, check.compare(fused.source, plan.focus_order)


def _given(
    found: Iterator[tuple[AlignedFrame, bool]], sink: FrameSink, in_place: bool
) -> Generator[tuple[AlignedFrame, bool], None, None]:
    """Pass frames on; those placed as the sink wants them go there meanwhile."""
    with Background() as writer:
        for frame, in_focus in found:
            if in_focus == in_place:
                writer.run(sink.add, frame)
            yield frame, in_focus
            writer.wait()
            del frame  # before the next one is asked for


def _placements(plan: StackPlan, writes: bool) -> tuple[bool, ...]:
    """How often each frame is rendered: parallax places it differently for fusion."""
    if plan.scene is None:
        return (False,)
    return (False, True) if writes else (True,)


def _rendered(
    frames: FrameSource,
    plan: StackPlan,
    placements: Sequence[bool],
    means: Means,
    only: Sequence[str] | None = None,
) -> Generator[tuple[AlignedFrame, bool], None, None]:
    """Rendered frames, the next one being made while one is in use if memory allows."""
    if means.ahead > 1:
        return one_ahead(render_frames(frames, plan, placements, means, buffers=2, only=only))
    return render_frames(frames, plan, placements, means, only=only)


def render_frames(
    frames: FrameSource,
    plan: StackPlan,
    placements: Sequence[bool],
    means: Means,
    buffers: int = 1,
    only: Sequence[str] | None = None,
) -> Generator[tuple[AlignedFrame, bool], None, None]:
    """Yield every used frame once per placement: with all it shows, or what is in focus, in place.

    With `only`, those of these names: as they are rendered among all others, whose exposures say
    how far clipped pixels are to be trusted.

    New memory costs the system time: a frame takes that of the one before it or, with two
    `buffers`, of the one before that. With none, frames may be kept.
    """
    keep_large_arrays_apart()
    at = {name: i for i, name in enumerate(frames.names)}
    used = plan.used()
    if not used:
        return
    room, ahead = means.room, means.ahead > 0
    highest = np.max([f.gain for f in used], axis=0)
    used = used if only is None else [frame for frame in used if frame.file in only]
    order = [at[f.file] for f in used]
    coded = frames.dtype == np.uint8
    shape = (frames.channels, plan.crop.height, plan.crop.width)
    dtype = np.int16 if coded else np.float32
    turns = cycle([room.zeros(shape, dtype) for _ in range(buffers)])
    decoded = 2 * frames.size[0] * frames.size[1] * frames.channels * frames.dtype.itemsize
    # Where frames are not read ahead, nothing of them is to stay while they are fused.
    source = frames.one_by_one() if ahead else frames
    veil = None
    if plan.marks is not None:
        veil = Veil.over(plan, plan.marks, means.threads, in_focus=placements[-1])
    with own_threads(), Ahead(source.read, order, ahead) as pictures:
        for placed in used:
            room.tidy(coming=decoded)  # decoders hold a picture twice for a moment
            picture = pictures.take()
            for number, in_focus in enumerate(placements, start=1):
                field = plan.displacement(placed, in_focus=in_focus)
                moved = replace(placed, field=field)
                frame = render(
                    picture,
                    moved,
                    plan.crop,
                    highest,
                    Destination(next(turns, None), coded, room),
                    means.threads,
                )
                if number == len(placements):
                    del picture  # makes room for the next one, which is read meanwhile
                    pictures.begin()
                if in_focus:
                    frame = without_hidden(frame, plan, placed)
                yield frame if veil is None else veil.laid_over(frame, moved), in_focus
                del frame


def rounded(image: Float32, dtype: np.dtype[np.generic], room: Room) -> Image:
    """The composite clipped to 0..1 and rounded to `dtype`."""
    found = np.empty(image.shape, dtype)
    for rows in row_strips(*image.shape[:2]):
        found[rows] = to_dtype(image[rows], dtype)
        room.tidy()
    return found
