"""A folder of results, opened to be retouched: plan, composite, and the frames it was made of."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from focusstack.errors import BusyError, Change, InputError, UsageError
from focusstack.frames.sources import FrameSource
from focusstack.images.read import Picture, read_picture
from focusstack.output.lock import FolderLock
from focusstack.output.paths import STACKED
from focusstack.output.which_composite import find_composite
from focusstack.plan.file import read_plan
from focusstack.plan.model import StackPlan
from focusstack.plan.reuse import fit_plan
from focusstack.retouch.aligned_files import as_aligned, find_aligned
from focusstack.retouch.frame_places import find_frames, folders_in, given_frames
from focusstack.retouch.record import NAME, read_retouch
from focusstack.retouch.strokes import Retouch
from focusstack.runtime.files import remove_halves

MOST_NEARBY = 3
"""Folders of results that are named where another folder was given. Chosen: a few lines."""

WRITTEN = (NAME, "retouched.*", "report.html")
"""Files that retouching writes into a folder of results, as patterns."""


@dataclass(frozen=True, eq=False)
class Result:
    """What a run has left, and where its frames are.

    Attributes
    ----------
    folder : path
        Of the results.
    fused : path
        The composite.
    plan : StackPlan
        Fitted to `frames` where there are any.
    frames : FrameSource or None
        The frames it was made of, or what a run has written of them aligned; None if neither was
        found.
    aligned : bool
        Whether `frames` are aligned already.
    """

    folder: Path
    fused: Path
    plan: StackPlan
    frames: FrameSource | None
    aligned: bool = False

    @cached_property
    def rendering(self) -> StackPlan:
        """By which `frames` become aligned frames."""
        return as_aligned(self.plan) if self.aligned else self.plan

    @cached_property
    def picture(self) -> Picture:
        """The composite, decoded."""
        return read_picture(self.fused)

    @property
    def record(self) -> Path:
        """Where strokes are kept."""
        return self.folder / NAME

    @property
    def retouched(self) -> Path:
        """Where the retouched picture goes."""
        return self.folder / f"retouched{self.fused.suffix}"

    def retouch(self) -> Retouch:
        """Return what was done so far, in pixels of this plan's reference.

        Raises
        ------
        InputError
            If the file is damaged, or was painted on a frame that this plan does not use.
        """
        blank = Retouch(self.plan.reference, self.plan.canvas)
        if not self.record.exists():
            return blank
        return _brought(read_retouch(self.record), self.plan, self.record)


def open_result(folder: Path, frames: Path | None = None) -> Result:
    """Open a folder of results.

    Parameters
    ----------
    folder : path
        What ``focusstack run`` has written.
    frames : path, optional
        Folder of the frames; looked for beside `folder` if not given. Where they are not there,
        aligned frames that the run has written stand in for them.

    Raises
    ------
    InputError
        If there are no results in it, or the composite is not that of the plan.
    UsageError
        If `frames` are not those of the plan.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder", "Give the folder that a run has written.")
    report = folder / "report.json"
    if not report.is_file():
        raise InputError(
            f"{folder} holds no report.json",
            "Give the folder that `focusstack run` has written.",
            _nearby(folder),
        )
    plan = read_plan(report)
    fused = find_composite(folder)
    found = given_frames(frames, plan) if frames is not None else find_frames(folder, plan)
    if found is not None:
        plan = fit_plan(plan, found.names, found.size, found.channels)
    aligned = find_aligned(folder, plan) if found is None else None
    result = Result(folder, fused, plan, found or aligned, aligned is not None)
    _check_size(result)
    return result


def _nearby(folder: Path) -> list[Change]:
    """Return how to open what may have been meant: results beside frames, or those of a batch."""
    whole = Path(os.path.abspath(folder))  # noqa: PTH100 - links stay as they are
    beside = folder if folder.name not in ("", "..") else whole
    places = [beside.with_name(f"{whole.name}{STACKED}"), *folders_in(folder)]
    results = [place for place in places if (place / "report.json").is_file()]
    return [Change(f"To open {p.name}", inputs=(str(p),)) for p in results[:MOST_NEARBY]]


def _check_size(result: Result) -> None:
    height, width = result.picture.pixels.shape[:2]
    crop = result.plan.crop
    if (width, height) != (crop.width, crop.height):
        raise InputError(
            f"{result.fused} has {width} x {height} pixels, where its report.json tells of "
            f"{crop.width} x {crop.height}",
            "Run again with --overwrite, so that both are of one run.",
        )


def _brought(retouch: Retouch, plan: StackPlan, path: Path) -> Retouch:
    """Strokes on the reference of a plan: another run may have chosen another."""
    if retouch.reference == plan.reference and retouch.canvas == plan.canvas:
        return retouch
    if retouch.canvas != plan.canvas:
        size = f"{retouch.canvas[0]} x {retouch.canvas[1]}"
        raise InputError(
            f"{path} was painted on frames of {size} pixels, which these are not",
            f"Run again with the frames that it was painted on, or put {path.name} aside.",
        )
    frame = next((f for f in plan.frames if f.file == retouch.reference and f.used), None)
    if frame is None or frame.matrix is None:
        raise InputError(
            f"{path} was painted on {retouch.reference}, which report.json does not use",
            f"Run with --reference {retouch.reference}, or put {path.name} aside.",
        )
    H, canvas = frame.matrix, plan.canvas
    return Retouch(
        plan.reference,
        canvas,
        tuple(stroke.moved(H, canvas) for stroke in retouch.strokes),
        tuple(stroke.moved(H, canvas) for stroke in retouch.undone),
        tuple(r for r in retouch.recipes if r.rect is None),
    )


def lock_result(folder: Path) -> FolderLock:
    """Lock a folder of results, so that no run and no other page writes to it.

    Half files that a page left behind when it was killed are removed: nobody writes them any more.

    Raises
    ------
    BusyError
        If one does.
    OutputError
        If nothing can be written there.
    """
    lock = FolderLock(folder)
    try:
        lock.acquire()
    except BusyError as error:
        told = f"{folder} is open already, or a run is writing there"
        raise BusyError(told, "Close the page that it is open in, or wait.") from error
    remove_halves(folder, WRITTEN)
    return lock


def check_frames(result: Result) -> FrameSource:
    """Return the frames of a result.

    Raises
    ------
    UsageError
        If they were not found.
    """
    if result.frames is None:
        raise UsageError(
            f"the frames that {result.folder} was made of were not found beside it",
            f"Say where they are: --frames FOLDER (they begin with {result.plan.frames[0].file}).",
        )
    return result.frames
