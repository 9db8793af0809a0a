"""A result run again from its page: without some frames, on another reference, with another crop.

What was painted stays: strokes are told in pixels of a frame, and are carried out on the new
composite. Where only frames that were used are left out, or the crop is another, frames stay where
the earlier run has found them; else they are measured anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from focusstack.crop import half_planes, largest_rectangle, within_fields
from focusstack.errors import InputError, UsageError
from focusstack.frames.search import natural_key
from focusstack.geometry.coordinates import Rect
from focusstack.images.catalogue import catalogue_of
from focusstack.images.suffixes import READABLE
from focusstack.numeric.arrays import Floats, Points
from focusstack.options import FusionOptions, MapOptions, OutputOptions, StackOptions
from focusstack.output.paths import ALIGNED, USUAL_NAME
from focusstack.plan.limits import Many
from focusstack.plan.model import StackPlan
from focusstack.plan.reuse import without_frames
from focusstack.retouch.result import Result, check_frames
from focusstack.retouch.stroke_schema import Name, RectPart
from focusstack.runtime.progress import Progress

AROUND = 20
"""Pictures before the first frame and after the last that may be taken in, too. Chosen, not
measured: cuts between stacks err by fewer."""

SMALLEST = 16
"""Pixels of the shorter side of a crop. Chosen, not measured: less is no picture."""


Method = Literal["auto", "pyramid", "weighted", "depth"]
"""Of fusion, as a page may ask for it."""


class Again(BaseModel):
    """What a page asks for: all of it, as it is to be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    frames: Annotated[list[Name], Field(min_length=2), Many]
    reference: Name = "auto"
    method: Method = "auto"
    crop: RectPart | None = None


def told_frames(result: Result) -> list[dict[str, Any]]:
    """Return the frames that may be chosen, as plain data: those of the run, and others around."""
    known = {frame.file: frame for frame in result.plan.frames}
    told = []
    for name in _choices(result):
        frame = known.get(name)
        why = "" if frame is None or frame.used else str(frame.reason or "")
        told.append({"name": name, "used": bool(frame and frame.used), "why": why})
    return told


def _choices(result: Result) -> dict[str, Path | None]:
    """Names of pictures that may be chosen, in natural order, and their files where each is one."""
    if result.frames is None:
        return {}
    paths: dict[str, Path | None] = {path.name: path for path in result.frames.paths}
    if set(paths) != set(result.frames.names):  # pages, or pictures of a film
        return dict.fromkeys(result.frames.names)
    first = result.frames.paths[0]
    with suppress(OSError):
        same = (p for p in first.parent.iterdir() if p.suffix == first.suffix and p.is_file())
        there = sorted(same, key=lambda path: natural_key(path.name))
        at = [k for k, path in enumerate(there) if path.name in paths]
        if at:
            near = there[max(0, at[0] - AROUND) : at[-1] + AROUND + 1]
            return {path.name: path for path in near} | paths
    return paths


def common_outline(plan: StackPlan) -> Points:
    """Return the corners of the area that all used frames share, in pixels of the reference."""
    width, height = plan.canvas
    corners = Rect(0, 0, width, height).corners()
    for line in _planes(plan):
        corners = _clipped(corners, line)
    return corners


def _planes(plan: StackPlan) -> Floats:
    matrices = [f.matrix for f in plan.used() if f.matrix is not None]
    return np.concatenate([half_planes(H, *plan.canvas) for H in matrices])


def _clipped(corners: Points, line: Floats) -> Points:
    """Part of a convex outline on the inner side of a line."""
    found = []
    inside = corners @ line[:2] + line[2]
    for k, (here, d) in enumerate(zip(corners, inside, strict=True)):
        before, was = corners[k - 1], inside[k - 1]
        if (d >= 0) != (was >= 0):
            found.append(before + (here - before) * (was / (was - d)))
        if d >= 0:
            found.append(here)
    return np.array(found, float).reshape(-1, 2)


def fitted_crop(plan: StackPlan, wanted: Rect | None) -> Rect:
    """Return the largest crop inside what is wanted that all used frames cover.

    Raises
    ------
    UsageError
        If that is no picture.
    """
    width, height = plan.canvas
    within = Rect(0, 0, width, height) if wanted is None else _shared(wanted, width, height)
    found = largest_rectangle(_planes(plan), within) if within.area else None
    if found is not None:
        used = plan.used()
        matrices = np.array([f.matrix for f in used])
        for in_focus in (False, True):
            fields = [plan.displacement(f, in_focus=in_focus) for f in used]
            found = within_fields(found, matrices, fields, width, height)
    if found is None or min(found.width, found.height) < SMALLEST:
        raise UsageError("that crop is no picture", "Draw a larger one.")
    return found


def _shared(rect: Rect, width: int, height: int) -> Rect:
    """Part of a rectangle that lies on the canvas."""
    x, y = max(0, rect.x), max(0, rect.y)
    right, bottom = min(width, rect.x + rect.width), min(height, rect.y + rect.height)
    return Rect(x, y, max(0, right - x), max(0, bottom - y))


def run_again(result: Result, asked: Again, progress: Progress) -> str:
    """Run a result again in its folder; return its verdict, in words.

    The folder must not be locked. Whatever ends the run before it is complete, the folder is as it
    was.

    Parameters
    ----------
    result : Result
        With its frames.
    asked : Again
        How it is to be.
    progress : Progress
        Is told how far it is.

    Raises
    ------
    InputError, UsageError, AlignmentError, OutputError
        As `focusstack.pipeline.stack`.
    """
    from focusstack.pipeline import stack

    options = StackOptions(fusion=FusionOptions(method=asked.method))
    inputs, plan = _planned(result, asked, options, progress)
    options = replace(options, plan=plan)
    made = stack(inputs, _output(result), options, progress)
    _remove_stale(result, {Path(frame.file).stem for frame in made.plan.used()})
    return made.plan.verdict.sentence() if made.plan.verdict else ""


def _remove_stale(result: Result, used: set[str]) -> None:
    """Remove aligned frames that the earlier run has written and this one has not."""
    gone = {Path(frame.file).stem for frame in result.plan.used()} - used
    with suppress(OSError):
        for path in (result.folder / ALIGNED).iterdir():
            if path.stem in gone and path.suffix.lower() in READABLE:
                path.unlink()


def _planned(
    result: Result, asked: Again, options: StackOptions, progress: Progress
) -> tuple[Any, StackPlan]:
    """Return what is stacked, and by which plan."""
    from focusstack.pipeline import plan_stack

    frames, plan = check_frames(result), result.plan
    used = [frame.file for frame in plan.used()]
    same = asked.reference in ("auto", plan.reference) and plan.reference in asked.frames
    wanted = None if asked.crop is None else asked.crop.rect()
    inputs: Any = frames
    if same and set(asked.frames) <= set(used):
        plan = without_frames(plan, [name for name in used if name not in asked.frames])
    else:
        inputs = _files(result, asked.frames)
        plan = plan_stack(inputs, replace(options, reference=asked.reference), progress)
        if plan.reference != result.plan.reference:
            wanted = None  # it was drawn on another frame
    return inputs, replace(plan, crop=fitted_crop(plan, wanted))


def _files(result: Result, names: Sequence[str]) -> list[Path]:
    known = _choices(result)
    found = [path for name in names if (path := known.get(name)) is not None]
    if len(found) < len(names):
        gone = next(name for name in names if known.get(name) is None)
        raise InputError(f"{gone} is no picture that can be taken in", "Choose others.")
    return found


def _output(result: Result) -> OutputOptions:
    """Return how a result is written again as it was written."""
    folder, fused = result.folder, result.fused
    prefix = "" if fused.stem == USUAL_NAME else f"{fused.stem}-"
    kind: Any = {".jpeg": "jpg", ".tiff": "tif"}.get(fused.suffix, fused.suffix.removeprefix("."))
    bits = 8 * result.picture.pixels.dtype.itemsize
    pages = (folder / "aligned.tif").is_file()
    return OutputOptions(
        folder,
        format=kind,
        aligned=pages or (folder / ALIGNED).is_dir(),
        overwrite=True,
        bit_depth=bits if kind != "jpg" and bits in (8, 16) else None,
        multipage=pages,
        maps=MapOptions(
            depth=(folder / f"{prefix}depth.png").is_file(),
            source=(folder / f"{prefix}source-map.png").is_file(),
        ),
        report=(folder / "report.html").is_file(),
        name=fused.stem,
        catalogue=catalogue_of(result.picture.metadata),
    )
