"""Work on one stack, in whatever process or machine it is done: files in, an outcome out."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np

from focusstack.errors import BusyError, FocusstackError, OutputError, UsageError
from focusstack.images.colour import to_dtype, to_float
from focusstack.images.read import read_picture
from focusstack.numeric.arrays import Image
from focusstack.options import OutputOptions, StackOptions
from focusstack.output.lock import FolderLock
from focusstack.output.staging import STATE, UNFINISHED
from focusstack.output.which_composite import composites
from focusstack.pipeline import StackResult, stack
from focusstack.plan.file import read_plan
from focusstack.plan.model import StackPlan
from focusstack.runtime.allowances import told_as_limit
from focusstack.runtime.files import write_atomically
from focusstack.runtime.progress import Silent
from focusstack.shoot.content import readable, record_inputs, record_outputs
from focusstack.shoot.shots import Shot, read_shot
from focusstack.shoot.state import InputRecord, Row

THUMBNAIL = 200
"""Pixels of the longer side of the small picture in the overview. Chosen."""

_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 75]

PATIENCE = 20.0
"""Seconds that a folder is waited for whose last writer is still ending. Chosen: a run ends within
a second, whatever ends it."""

UNEXPECTED = 1
"""Exit code of what should not happen."""

DISK_FULL = OutputError.exit_code
"""Exit code of what is not the stack's fault."""


@dataclass(frozen=True)
class Task:
    """What is to be done of one stack; goes to other processes and machines.

    Attributes
    ----------
    name : str
        Of the stack.
    paths : tuple of path
        Its files.
    options : StackOptions
        How.
    output : OutputOptions
        Where to.
    thumbnail : path
        Where its small picture goes.
    ours : bool
        Whether what lies in the folder is of an earlier try, and may be replaced.
    """

    name: str
    paths: tuple[Path, ...]
    options: StackOptions
    output: OutputOptions
    thumbnail: Path
    ours: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of a stack.

    Attributes
    ----------
    name : str
        Of the stack.
    exit_code : int
        0 if it is done, else as of a run of this stack alone.
    row : Row
        For the overview.
    inputs : tuple of InputRecord
        The files as they were.
    outputs : dict of str to int
        Sizes of what was written.
    """

    name: str
    exit_code: int
    row: Row
    inputs: tuple[InputRecord, ...] = ()
    outputs: dict[str, int] | None = None


def work(task: Task) -> Outcome:
    """Stack the files of a task; whatever goes wrong is part of the outcome."""
    begun = time.monotonic()
    first = read_shot(task.paths[0])
    row = _begun_row(task, first)
    try:
        _wait_for(task.output.folder)
        result = _stacked(task)
        row = _row(row, task, result.plan, seconds=time.monotonic() - begun)
        _write_thumbnail(task.thumbnail, result.image)
    except (FocusstackError, Exception) as error:
        told = error if isinstance(error, FocusstackError) else told_as_limit(error)
        if told is None:
            told = FocusstackError(
                f"something unexpected happened ({type(error).__name__}: {error})"
            )
        words = readable(str(told))[:2000]
        row = row.model_copy(update={"words": words, "seconds": time.monotonic() - begun})
        return Outcome(task.name, told.exit_code, row, record_inputs(task.paths))
    folder = task.output.folder
    return Outcome(task.name, 0, row, record_inputs(task.paths), record_outputs(folder))


def recovered(task: Task) -> Outcome | None:
    """Return the outcome of a run that ended before it could be noted; None if none did.

    Parameters
    ----------
    task : Task
        That was claimed, and whose report is another than before.
    """
    if (task.output.folder / UNFINISHED).exists():
        return None
    try:
        plan = read_plan(task.output.folder / "report.json")
    except FocusstackError:
        return None
    row = _row(_begun_row(task, read_shot(task.paths[0])), task, plan, seconds=0.0)
    if row.composite and not task.thumbnail.exists():
        with suppress(FocusstackError):
            _write_thumbnail(
                task.thumbnail, read_picture(task.output.folder / row.composite).pixels
            )
    outputs = record_outputs(task.output.folder)
    return Outcome(task.name, 0, row, record_inputs(task.paths), outputs)


def _stacked(task: Task) -> StackResult:
    """Go on from what an interrupted run has left, or begin anew where that does not fit."""
    folder = task.output.folder
    if (folder / UNFINISHED / STATE).is_file():
        with suppress(UsageError):  # of other options
            return stack(
                list(task.paths), replace(task.output, resume=True), task.options, Silent()
            )
    output = replace(task.output, overwrite=task.ours)
    return stack(list(task.paths), output, task.options, Silent())


def _wait_for(folder: Path) -> None:
    """Wait until nobody writes to a folder; whoever does so for long is told of by the run."""
    ending = time.monotonic() + PATIENCE
    while folder.is_dir() and time.monotonic() < ending:
        lock = FolderLock(folder)
        try:
            lock.acquire()
        except BusyError:
            time.sleep(0.1)
            continue
        except OutputError:  # which the run tells
            return
        lock.release()
        return


def _begun_row(task: Task, first: Shot) -> Row:
    """What is known before the work."""
    taken = ""
    if first.time is not None:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=first.time)
        taken = f"{moment:%Y-%m-%d %H:%M:%S}"
    return Row(
        folder=task.output.folder.name,
        frames=len(task.paths),
        camera=first.camera[:300],
        lens=first.lens[:300],
        taken=taken,
        catalogue=task.output.catalogue,
    )


def _row(row: Row, task: Task, plan: StackPlan, *, seconds: float) -> Row:
    used = plan.used()
    stops = [f.exposure_ev for f in used]
    verdict = plan.verdict
    found = composites(task.output.folder)
    width, height = plan.canvas
    return row.model_copy(
        update={
            "composite": found[0].name if found else "",
            "report": "report.html" if task.output.report else "report.json",
            "grade": verdict.grade if verdict else "",
            "words": readable(verdict.lines(advise=False)[0])[:2000] if verdict else "done",
            "frames": len(plan.frames),
            "used": len(used),
            "error_px": plan.error_px,
            "spread_ev": max(stops) - min(stops) if stops else None,
            "area": plan.crop.area / (width * height),
            "seconds": round(seconds, 2),
        }
    )


def _write_thumbnail(path: Path, image: Image | None) -> None:
    """Write the composite small; there is none where nothing is fused."""
    if image is not None:
        _, data = cv2.imencode(".jpg", _small(image)[..., ::-1], _JPEG)
        write_atomically(path, data.tobytes())


def _small(image: Image) -> Image:
    """The picture small, in RGB of 8 bits."""
    image = np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image
    rows, columns = image.shape[:2]
    scale = THUMBNAIL / max(rows, columns)
    if scale < 1:
        size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    if image.dtype == np.uint8:
        return image
    return to_dtype(to_float(np.ascontiguousarray(image)), np.dtype(np.uint8))
