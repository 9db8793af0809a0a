"""A folder of results, opened to be retouched: plan, composite, and the frames it was made of."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from focusstack.errors import BusyError, Change, FocusstackError, InputError, UsageError
from focusstack.frames.open import open_frames
from focusstack.frames.sources import FrameSource
from focusstack.images.read import Picture, read_picture
from focusstack.images.write import SUFFIXES
from focusstack.output.lock import FolderLock
from focusstack.output.paths import USUAL_NAME
from focusstack.plan.file import read_plan
from focusstack.plan.model import StackPlan
from focusstack.plan.reuse import fit_plan
from focusstack.retouch.record import NAME, read_retouch
from focusstack.retouch.strokes import Retouch

STACKED = "-stacked"
"""What a folder of results is called after the folder of its frames unless said otherwise."""

NO_COMPOSITES = ("retouched", "depth", "depth-confidence", "source-map", "aligned")
"""How names end of what else lies in a folder of results."""

MOST_FOLDERS = 200
"""Folders beside the results in which frames are looked for. Chosen, not measured."""

MOST_NEARBY = 3
"""Folders of results that are named where another folder was given. Chosen: a few lines."""


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
        The frames it was made of; None if they were not found.
    """

    folder: Path
    fused: Path
    plan: StackPlan
    frames: FrameSource | None

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
        Folder of the frames; looked for beside `folder` if not given.

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
    found = _given(frames, plan) if frames is not None else _found(folder, plan)
    if found is not None:
        plan = fit_plan(plan, found.names, found.size, found.channels)
    result = Result(folder, fused, plan, found)
    _check_size(result)
    return result


def _nearby(folder: Path) -> list[Change]:
    """Return how to open what may have been meant: results beside frames, or those of a batch."""
    try:
        inside = sorted(islice((p for p in folder.iterdir() if p.is_dir()), MOST_FOLDERS))
    except OSError:
        inside = []
    whole = Path(os.path.abspath(folder))  # noqa: PTH100 - links stay as they are
    beside = folder if folder.name not in ("", "..") else whole
    places = [beside.with_name(f"{whole.name}{STACKED}"), *inside]
    results = [place for place in places if (place / "report.json").is_file()]
    return [Change(f"To open {p.name}", inputs=(str(p),)) for p in results[:MOST_NEARBY]]


def composites(folder: Path) -> list[Path]:
    """Return the pictures in a folder of results that may be its composite.

    Those called ``fused``; where there are none (``--name``), all that are neither maps nor
    retouched.
    """
    try:
        files = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in SUFFIXES]
    except OSError:
        return []
    usual = [p for p in files if p.stem == USUAL_NAME]
    others = [p for p in files if not p.stem.endswith(NO_COMPOSITES)]
    return [p for p in usual or others if p.is_file()]


def find_composite(folder: Path) -> Path:
    """Return the composite in a folder of results; the newest, if several formats were written.

    Raises
    ------
    InputError
        If there is none.
    """
    found = composites(folder)
    if not found:
        raise InputError(
            f"{folder} holds no composite",
            "Give the folder that `focusstack run` has written, without --no-fuse.",
        )
    return max(found, key=_changed)


def _changed(path: Path) -> int:
    """When a file was changed; 0 if it has gone meanwhile, as whoever reads it will tell."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _check_size(result: Result) -> None:
    height, width = result.picture.pixels.shape[:2]
    crop = result.plan.crop
    if (width, height) != (crop.width, crop.height):
        raise InputError(
            f"{result.fused} has {width} x {height} pixels, where its report.json tells of "
            f"{crop.width} x {crop.height}",
            "Run again with --overwrite, so that both are of one run.",
        )


def _given(place: Path, plan: StackPlan) -> FrameSource:
    """Open the frames that the user names."""
    names = {frame.file for frame in plan.frames}
    inside = [p for p in _files(place) if p.name in names]
    return open_frames(inside if len(inside) > 1 else place)


def _found(folder: Path, plan: StackPlan) -> FrameSource | None:
    """Frames of a plan, looked for where a run usually has them; None if they are not there."""
    for place in _places(folder):
        at = {path.name: path for path in _files(place)}
        if all(frame.file in at for frame in plan.frames if frame.used):
            try:
                found = open_frames([at[f.file] for f in plan.frames if f.file in at])
                fit_plan(plan, found.names, found.size, found.channels)
            except FocusstackError:
                continue
            return found
    return None


def _places(folder: Path) -> Iterator[Path]:
    """Folders in which the frames of results may be, the likeliest first."""
    here = Path(os.path.abspath(folder))  # noqa: PTH100 - links stay as they are
    if here.name.endswith(STACKED):
        yield here.with_name(here.name.removesuffix(STACKED))
    yield here
    yield here.parent
    yield from _folders(here)
    beside = [p for p in _folders(here.parent) if p != here]
    yield from beside
    below = (p for folder in beside for p in _folders(folder))
    yield from islice(below, MOST_FOLDERS)


def _folders(place: Path) -> Sequence[Path]:
    try:
        found = sorted(p for p in place.iterdir() if p.is_dir() and p.name != "aligned")
    except OSError:
        return []
    return found[:MOST_FOLDERS]


def _files(place: Path) -> list[Path]:
    try:
        return [p for p in place.iterdir() if p.is_file()]
    except OSError:
        return []


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
