"""Sources that are composites: of some frames, by another method, of a part of the picture.

A recipe is all that is kept for good. What it gives is written beside the strokes, so that nobody
waits twice, under a name that holds a digest of all that it depends on: after another run it is
made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from focusstack.errors import FocusstackError, InputError
from focusstack.frames.memory_needed import memory_needed
from focusstack.frames.sources import FrameSource
from focusstack.geometry.coordinates import Rect, cut
from focusstack.images.colour import to_dtype, to_float
from focusstack.images.read import Picture, read_picture
from focusstack.images.write import write_image
from focusstack.numeric.arrays import Image
from focusstack.options import FusionOptions, StackOptions
from focusstack.plan.file import plan_to_json
from focusstack.plan.model import StackPlan
from focusstack.plan.reuse import check_places, fit_plan
from focusstack.retouch.result import Result, check_frames
from focusstack.retouch.strokes import Recipe
from focusstack.runtime.files import output_errors
from focusstack.runtime.progress import Progress

FOLDER = "retouch"
"""Folder beside the composite that holds what recipes gave: it may be thrown away."""

MARGIN = 64
"""Pixels around a part that are fused with it, so that its edge looks as it does in the whole.
Chosen, not measured: the fusers' windows and finest levels reach less far."""


class RecipeError(InputError):
    """A recipe that cannot be carried out any more."""


def make(result: Result, recipe: Recipe, progress: Progress, threads: int) -> Image:
    """Return what a recipe gives, as large as the composite; from its file if it was made before.

    Parameters
    ----------
    result : Result
        With its frames.
    recipe : Recipe
        What to fuse. Outside its part the picture is the composite.
    progress : Progress
        Is told how far it is.
    threads : int
        That share the work.

    Raises
    ------
    RecipeError
        If a frame that it names is no longer used.
    OutputError
        If what it gives cannot be written.
    """
    frames = check_frames(result)
    plan, part = planned(result.rendering, recipe)
    if result.aligned:  # whose files may be called by other suffixes
        plan = fit_plan(plan, frames.names, frames.size)
    check_places(plan)
    path = result.folder / FOLDER / f"{_digest(result.rendering, recipe, frames)}.tif"
    made = _read(path, part)
    if made is None:
        made = fused(frames, plan, recipe, progress, threads)
        with output_errors(path.parent):
            path.parent.mkdir(exist_ok=True)
        write_image(path, made)
    return _placed(made, part, result.picture.pixels)


def planned(plan: StackPlan, recipe: Recipe) -> tuple[StackPlan, Rect]:
    """Return the plan that a recipe is carried out by, and the part of the composite it fills.

    Raises
    ------
    RecipeError
        If a frame that it names is not used, or its part lies outside.
    """
    gone = [name for name in recipe.frames if name not in plan.focus_order]
    if gone:
        raise RecipeError(
            f"{recipe.name} cannot be made: {gone[0]} is not among the frames any more",
            "Take back what was painted from it, or run again with that frame.",
        )
    order = tuple(name for name in plan.focus_order if name in recipe.frames)
    crop = plan.crop
    if recipe.rect is not None:
        crop = _common(recipe.rect, plan.crop)
        if not crop.area:
            raise RecipeError(
                f"{recipe.name} cannot be made: its part lies outside the picture",
                "Take back what was painted from it, or run again with a larger crop.",
            )
    part = Rect(crop.x - plan.crop.x, crop.y - plan.crop.y, crop.width, crop.height)
    return replace(plan, focus_order=order, crop=crop), part


def fused(
    frames: FrameSource, plan: StackPlan, recipe: Recipe, progress: Progress, threads: int
) -> Image:
    """Fuse the frames that a plan puts in order, in the frames' dtype."""
    # Fusion is loaded when it is wanted: looking does not wait for it.
    from focusstack.second_pass.run import fuse_frames, means_for, rounded
    from focusstack.second_pass.sink import NoSink

    options = StackOptions(threads=threads)
    means = means_for(frames, threads, memory_needed(frames, options), NoSink())
    fusion = FusionOptions(method=recipe.method, smoothing=recipe.smoothing, threads=threads)
    found, _ = fuse_frames(frames, plan, fusion, NoSink(), means, progress)
    image = rounded(found.image, frames.dtype, means.room)
    means.room.vacated()
    return image


def slabs(names: Sequence[str], size: int, overlap: int) -> list[tuple[str, ...]]:
    """Part frames in focus order into slabs of so many, each sharing some with the one before.

    Examples
    --------
    >>> slabs("abcdefg", 3, 1)
    [('a', 'b', 'c'), ('c', 'd', 'e'), ('e', 'f', 'g')]
    >>> slabs("abcdef", 4, 1)
    [('a', 'b', 'c', 'd'), ('c', 'd', 'e', 'f')]
    """
    if size < 2 or not 0 <= overlap < size:
        raise ValueError(f"no slabs of {size} frames share {overlap}")
    found = []
    for start in range(0, max(len(names) - overlap, 1), size - overlap):
        end = min(start + size, len(names))
        found.append(tuple(names[max(0, end - size) : end]))
    return list(dict.fromkeys(found))


def _common(first: Rect, second: Rect) -> Rect:
    """What a part, with `MARGIN` around, shares with the whole."""
    x, y = max(first.x - MARGIN, second.x), max(first.y - MARGIN, second.y)
    right = min(first.x + first.width + MARGIN, second.x + second.width)
    bottom = min(first.y + first.height + MARGIN, second.y + second.height)
    return Rect(x, y, max(0, right - x), max(0, bottom - y))


def _placed(made: Image, part: Rect, composite: Image) -> Image:
    if made.shape[:2] == composite.shape[:2]:
        return made
    whole = to_dtype(to_float(composite), made.dtype)
    cut(whole, part)[...] = made
    return whole


def _read(path: Path, part: Rect) -> Image | None:
    """What a recipe gave before; None if it must be made."""
    if not path.is_file():
        return None
    try:
        picture: Picture = read_picture(path)
    except FocusstackError:
        return None
    height, width = picture.pixels.shape[:2]
    return picture.pixels if (width, height) == (part.width, part.height) else None


def _digest(plan: StackPlan, recipe: Recipe, frames: FrameSource) -> str:
    """Characters that change with anything that what a recipe gives depends on."""
    made_of = asdict(replace(recipe, name="")) | {"method": recipe.method}
    try:
        files = [[p.name, p.stat().st_size, p.stat().st_mtime_ns] for p in map(Path, frames.paths)]
    except OSError as error:
        told = f"{recipe.name} cannot be made: {error.filename} is not there any more"
        raise RecipeError(told, "Bring it back.") from error
    plain = replace(plan, warnings=(), fusion=None)
    text = json.dumps([made_of, files]) + plan_to_json(plain)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
