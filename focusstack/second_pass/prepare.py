"""What has to be compiled is compiled before the work, as a stage of its own.

A stack of a few small frames, of the type of those to come, goes through both passes: that way just
those loops are compiled which a run needs, and none of them is named here. Where a core is idle, a
second process fuses such frames while this one aligns them. Whoever installs the program may have
all of that done ahead, for frames of every type and every method.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from importlib import import_module
from inspect import signature
from itertools import product
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np

from focusstack.errors import FocusstackError, OutputError
from focusstack.first_pass.effort import QUICK, THOROUGH
from focusstack.first_pass.run import find_plan
from focusstack.frames.in_memory import ArrayFrames
from focusstack.frames.memory_needed import memory_needed
from focusstack.frames.sources import FrameSource
from focusstack.fusion.passes import run_passes
from focusstack.fusion.registry import FUSERS, make_fuser
from focusstack.images.colour import to_dtype, to_float
from focusstack.numeric.arrays import Image
from focusstack.options import FusionOptions, StackOptions
from focusstack.plan.model import StackPlan
from focusstack.resample.planes import Planes
from focusstack.runtime import prepared
from focusstack.runtime.cores import usable_cores
from focusstack.runtime.progress import Progress, Silent, stage
from focusstack.runtime.second_process import in_second_process
from focusstack.second_pass.frame import AlignedFrame
from focusstack.second_pass.prealigned import fuse_aligned
from focusstack.second_pass.run import fuse_frames, means_for, rounded
from focusstack.second_pass.sink import NoSink

STAGE = "Preparing for this machine, once"

LOOPS = 30
"""Loops that are compiled at most: steps of the stage. What is not needed now ends it sooner."""

TYPES, CHANNELS = (np.uint8, np.uint16, np.float32), (3, 1)
"""Of frames that can be read. Loops go over one channel or any number of them: grey needs none of
its own."""

WIDTH, HEIGHT = 320, 240
"""Of the frames: as small as can be aligned with certainty. Chosen, not measured."""


class _Taker(NoSink):
    """Wants frames as they are written to files."""

    takes_frames = True

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._dtype = dtype

    def add(self, frame: AlignedFrame) -> None:
        """Round it as if it were written."""
        frame.planes.rounded(self._dtype)


Work = Literal["run", "measure", "fuse"]
"""What is to be done with frames: all of a run, a quick look, or fusing what is aligned."""


def prepare(
    frames: FrameSource, options: StackOptions, progress: Progress, work: Work = "run"
) -> None:
    """Compile what the work on frames like these needs, unless that was done before.

    Parameters
    ----------
    frames : FrameSource
        To come; only their type is looked at.
    options : StackOptions
        Of the run.
    progress : Progress
        Is told of the stage, and warned where compiled code cannot be kept.
    work : str, optional
        What is to be done with them.
    """
    kind = _kind(work, np.dtype(frames.dtype), frames.channels, options.fusion.method_name)
    if prepared.is_prepared(kind):
        return
    from focusstack.runtime import compiler  # loads it

    small = _small_frames(frames.dtype, frames.channels)
    with (
        stage(progress, STAGE, LOOPS),
        compiler.told_of_each(progress.advance),
        _shared(small, options, work) as meanwhile,
    ):
        with suppress(FocusstackError):
            _work_on(small, options, work, meanwhile)
        for loop in _others() if work == "run" and options.local else ():
            loop()
    if not prepared.note_prepared(kind):
        progress.warn(prepared.UNKEPT)


class Prepared(NamedTuple):
    """What has been prepared ahead.

    Attributes
    ----------
    place : path
        Folder below which compiled code is kept.
    anew : bool
        Whether anything had to be done.
    """

    place: Path
    anew: bool


def prepare_everything(progress: Progress) -> Prepared:
    """Compile what work of any kind needs, on frames of any type, unless that was done before.

    Parameters
    ----------
    progress : Progress
        Is told of the stage; of none where nothing is left to be done.

    Raises
    ------
    OutputError
        If it cannot be kept anywhere: before anything is compiled, if that is known then.
    """
    kinds = _every_kind()
    place = prepared.cache_place()
    if place is None:
        raise _unkept()
    if all(map(prepared.is_prepared, kinds)):
        return Prepared(place, anew=False)
    from focusstack.runtime import compiler  # loads it

    with (
        stage(progress, STAGE, LOOPS + len(TYPES)),
        compiler.told_of_each(progress.advance),
    ):
        for dtype in TYPES:
            _work_in_every_way(_small_frames(np.dtype(dtype), CHANNELS[0]))
            progress.advance()
        for loop in _others():
            loop()
    if not all(map(prepared.note_prepared, kinds)):
        raise _unkept()
    return Prepared(place, anew=True)


def _unkept() -> OutputError:
    what, _, remedy = prepared.UNKEPT.partition(": ")
    return OutputError(what, f"{remedy[0].upper()}{remedy[1:]}.")


def _kind(work: Work, dtype: np.dtype[Any], channels: int, method: str) -> str:
    """What is noted of work that was prepared for; a quick look needs no method."""
    return f"{work}-{dtype}-{channels}{'' if work == 'measure' else f'-{method}'}"


def _every_kind() -> list[str]:
    works: tuple[Work, ...] = ("run", "measure", "fuse")
    every = product(works, map(np.dtype, TYPES), CHANNELS, FUSERS)
    return list(dict.fromkeys(_kind(*one) for one in every))


def _work_in_every_way(small: ArrayFrames) -> None:
    """Look at frames quickly, align them, and fuse them by every method, before and after."""
    options = StackOptions()
    need = memory_needed(small, options)
    with _shared(small, options, "run") as meanwhile, meanwhile:
        plan = find_plan(small, options, need, Silent(), THOROUGH)
    find_plan(small, options, need, Silent(), QUICK)
    for method in FUSERS:
        by = replace(options, fusion=FusionOptions(method))
        _fuse_by(plan, small, by)
        fuse_aligned(small, by.fusion, Silent())


def _work_on(
    small: ArrayFrames, options: StackOptions, work: Work, meanwhile: AbstractContextManager[None]
) -> None:
    """Do all that is to be done, with these frames; align them while others do their part."""
    if work == "fuse":
        fuse_aligned(small, options.fusion, Silent())
        return
    options = replace(options, reference="auto", plan=None, only=(), exclude=(), dust=None)
    need = memory_needed(small, options)
    if work == "measure":
        find_plan(small, options, need, Silent(), QUICK)
        return
    with meanwhile:
        plan = find_plan(small, options, need, Silent(), THOROUGH)
    _fuse_by(plan, small, options)


def _fuse_by(plan: StackPlan, small: ArrayFrames, options: StackOptions) -> None:
    """Carry a plan out, once without and once with files in mind."""
    need = memory_needed(small, options)
    for sink in (NoSink(), _Taker(small.dtype)):
        means = means_for(small, options.threads, need, sink)
        composite, _ = fuse_frames(small, plan, options.fusion, sink, means, Silent())
        rounded(composite.image, small.dtype, means.room)


@contextmanager
def _shared(
    small: ArrayFrames, options: StackOptions, work: Work
) -> Iterator[AbstractContextManager[None]]:
    """Give what lets a second process fuse such frames meanwhile, if there is a core for it.

    What it compiles can be taken from the cache until this ends.
    """
    method = options.fusion.method
    idle = options.threads > 1 and usable_cores() > 1 and options.memory is None
    if work != "run" or not idle or not isinstance(method, str):
        yield nullcontext()
        return
    kind = str(small.dtype), str(small.channels), method, "local" if options.local else ""
    with prepared.some_cache() as cache:
        yield in_second_process(__name__, fuse_small_frames.__name__, (*kind, cache))


def fuse_small_frames(dtype: str, channels: str, method: str, local: str, cache: str) -> None:
    """Compile what fuses frames, as a process of its own; see `prepare`.

    Parameters
    ----------
    dtype, channels, method, local : str
        Of the frames and the options, `local` empty for no displacement.
    cache : str
        Folder for compiled code, as `focusstack.runtime.prepared.some_cache` gives it.
    """
    prepared.keep_in(cache)
    small = _small_frames(np.dtype(dtype), int(channels))
    coded = small.dtype == np.uint8
    planes = [Planes.of(to_float(frame), coded=coded) for frame in small.arrays]
    options = FusionOptions(method, threads=1, deep=not coded)
    fuser = make_fuser(small.arrays[0].shape, len(planes), options)
    run_passes(fuser, lambda _: ((frame, None) for frame in planes))
    planes[0].rounded(small.dtype)
    for loop in _others() if local else ():
        loop()


def _small_frames(dtype: np.dtype[Any], channels: int) -> ArrayFrames:
    """Frames of noise, focused on the left, in the middle and on the right."""
    rng = np.random.default_rng(1)
    shape = (HEIGHT, WIDTH, 3)[: 2 + (channels == 3)]
    light = cv2.GaussianBlur(rng.random(shape, np.float32), (0, 0), 1.2)
    sharp = np.clip(0.5 + 3 * (light - 0.5), 0, 1)
    soft = cv2.GaussianBlur(sharp, (0, 0), 3)
    across = np.linspace(0, 1, WIDTH, dtype=np.float32)
    made: list[Image] = []
    for focus in (0.0, 0.5, 1.0):
        share = np.clip(1.5 - 2.5 * np.abs(across - focus), 0, 1)
        share = share.reshape(1, -1, *([1] * (len(shape) - 2)))
        frame = np.asarray(share * sharp + (1 - share) * soft, np.float32)
        made.append(to_dtype(np.roll(frame, round(4 * focus), axis=1), dtype))
    return ArrayFrames(made)


def _others() -> Iterator[Any]:
    """Loops of one kind only, those for displacement too, which small frames do not have."""
    for found in walk_packages([str(prepared.PACKAGE)], f"{prepared.PACKAGE.name}."):
        if ".loops." in found.name:
            for member in vars(import_module(found.name)).values():
                if hasattr(member, "made_once") and not signature(member).parameters:
                    yield member
