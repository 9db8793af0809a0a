"""One large stack by several workers: each renders and fuses a range of its frames.

Only what fuses each frame whatever came before can be merged: `pyramid`. `weighted` and `auto`
weigh a frame by the noise of those before it and let go of what they showed where something has
moved; `depth` sees all frames twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from focusstack.errors import UsageError
from focusstack.frames.open import open_frames
from focusstack.fusion.base import Fused
from focusstack.fusion.pyramid import PyramidFuser, Seen
from focusstack.options import FusionOptions
from focusstack.plan.model import StackPlan
from focusstack.plan.reuse import check_places, fit_plan
from focusstack.runtime.scratch import Room
from focusstack.second_pass.run import Means, render_frames


def fuse_in_ranges(
    paths: Sequence[Path],
    plan: StackPlan,
    executor: Executor,
    ranges: int,
    options: FusionOptions | None = None,
) -> Fused:
    """Fuse a stack by the method `pyramid`, a range of frames a worker.

    Parameters
    ----------
    paths : sequence of path
        The frames, where every worker finds them.
    plan : StackPlan
        That of all of them.
    executor : concurrent.futures.Executor
        Does the work; a Dask client's ``get_executor()``, for one.
    ranges : int
        How many there are.
    options : FusionOptions, optional
        `radius` and `threads`, those of each worker.

    Returns
    -------
    Fused
        As one pass over all frames gives it, to rounding.

    Raises
    ------
    UsageError
        If the plan is of other frames, or there is no range.
    InputError
        If it takes pixels from outside a frame.

    Examples
    --------
    >>> import tempfile
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from focusstack.images.write import write_image
    >>> from focusstack.pipeline import plan_stack
    >>> from focusstack.scene import render_stack
    >>> paths = [Path(tempfile.mkdtemp()) / f"IMG_{k}.png" for k in range(3)]
    >>> rendered = render_stack("plane", width=240, height=180, frames=3)
    >>> for path, frame in zip(paths, rendered.frames, strict=True):
    ...     write_image(path, frame)
    >>> plan = plan_stack(paths)
    >>> with ThreadPoolExecutor(2) as pool:
    ...     fuse_in_ranges(paths, plan, pool, 2).image.shape[2]
    3
    """
    options = replace(options or FusionOptions(), method="pyramid")
    parts = _parts(plan.focus_order, ranges)
    asked = [executor.submit(_fused_range, tuple(paths), plan, part, options) for part in parts]
    fuser: PyramidFuser | None = None
    for one in asked:
        shape, seen = one.result()
        fuser = fuser or PyramidFuser(shape, options)
        fuser.merge(seen)
    assert fuser is not None
    return fuser.result()


def _parts(names: Sequence[str], ranges: int) -> list[tuple[str, ...]]:
    """Part frames in focus order into so many ranges, about as long; none is empty."""
    if ranges < 1:
        raise UsageError(f"{ranges} ranges do no work", "Give 1 or more.")
    count = min(ranges, len(names))
    ends = [len(names) * k // count for k in range(count + 1)]
    return [tuple(names[a:b]) for a, b in pairwise(ends)]


def _fused_range(
    paths: tuple[Path, ...], plan: StackPlan, names: tuple[str, ...], options: FusionOptions
) -> tuple[tuple[int, ...], Seen]:
    """Render and fuse some frames, wherever that is done; return what was found of them."""
    frames = open_frames(list(paths))
    plan = fit_plan(plan, frames.names, frames.size, frames.channels)
    check_places(plan)
    shape = (plan.crop.height, plan.crop.width, *((3,) if frames.channels == 3 else ()))
    fuser = PyramidFuser(shape, options)
    means = Means(options.threads, 1 if options.threads > 1 else 0, Room())
    placements = (plan.scene is not None,)
    for frame, _ in render_frames(frames, plan, placements, means, only=names):
        fuser.add(frame.planes, frame.validity)
        del frame
    return shape, fuser.seen()
