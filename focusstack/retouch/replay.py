"""Strokes carried out: at full depth, from the originals, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from focusstack.errors import Change, InputError, UsageError
from focusstack.geometry.coordinates import Rect
from focusstack.images.write import write_image
from focusstack.numeric.arrays import Float32, Image
from focusstack.retouch.blend import laid_over, without_edge
from focusstack.retouch.blocks import AlignedBlocks
from focusstack.retouch.in_report import tell_in_report
from focusstack.retouch.paint_sources import Sources
from focusstack.retouch.recipes import make
from focusstack.retouch.result import Result, lock_result
from focusstack.retouch.stamps import cover
from focusstack.retouch.strokes import Point, Recipe, Retouch, Stroke
from focusstack.retouch.working import Before, WorkingPicture
from focusstack.runtime.files import write_atomically
from focusstack.runtime.progress import Progress, Silent, stage


@dataclass(frozen=True)
class Painted:
    """What a stroke has changed.

    Attributes
    ----------
    rect : Rect
        Around it, in pixels of the composite.
    before : dict
        What takes it back, for :meth:`WorkingPicture.restore`.
    """

    rect: Rect
    before: Before


def paint(picture: WorkingPicture, stroke: Stroke, crop: Rect, sources: Sources) -> Painted:
    """Carry out one stroke.

    Parameters
    ----------
    picture : WorkingPicture
        Is painted on.
    stroke : Stroke
        In pixels of the reference.
    crop : Rect
        The part of the reference that the picture shows.
    sources : Sources
        What is painted from.

    Raises
    ------
    SourceGoneError
        If its source is not there.
    """
    here = shifted(stroke, crop)
    rect, covered = cover(here, picture.rect)
    if here.kind == "clone":
        rect, covered = _with_source_inside(rect, covered, here, picture.rect)
    if not covered.any():
        if stroke.source:
            sources.check(stroke.source)
        return Painted(replace(rect, width=0, height=0), {})
    below = picture.read(rect)
    above = _above(picture, here, rect, sources, below, covered)
    return Painted(rect, picture.write(rect, laid_over(below, above, covered)))


def shifted(stroke: Stroke, crop: Rect) -> Stroke:
    """Return a stroke in pixels of the composite."""
    points = tuple(Point(p.x - crop.x, p.y - crop.y, p.pressure) for p in stroke.points)
    return replace(stroke, points=points)


def _above(
    picture: WorkingPicture,
    stroke: Stroke,
    rect: Rect,
    sources: Sources,
    below: Float32,
    covered: Float32,
) -> Float32:
    """Return what is painted, wherever it covers."""
    if stroke.kind == "erase":
        return picture.original(rect)
    if stroke.kind == "clone":
        dx, dy = (int(v) for v in stroke.offset)
        return picture.read(Rect(rect.x + dx, rect.y + dy, rect.width, rect.height))
    above = _channels(sources.pixels(stroke.source, rect), below)
    if stroke.kind == "fill" and stroke.blend == "gradient":
        return without_edge(below, above, covered > 0)
    return above


def _channels(above: Float32, below: Float32) -> Float32:
    """Return a source with as many channels as the picture."""
    if above.ndim == below.ndim:
        return above
    if below.ndim == 3:
        return np.repeat(above[..., None], 3, axis=2)
    return np.asarray(above.mean(axis=2), np.float32)


def _with_source_inside(
    rect: Rect, covered: Float32, stroke: Stroke, whole: Rect
) -> tuple[Rect, Float32]:
    """Part of what a clone covers that is taken from inside the picture."""
    dx, dy = (int(v) for v in stroke.offset)
    left, top = max(rect.x, -dx), max(rect.y, -dy)
    right = min(rect.x + rect.width, whole.width - dx)
    bottom = min(rect.y + rect.height, whole.height - dy)
    inner = Rect(left, top, max(0, right - left), max(0, bottom - top))
    x, y = left - rect.x, top - rect.y
    return inner, np.ascontiguousarray(covered[y : y + inner.height, x : x + inner.width])


def sources_of(
    result: Result, recipes: Sequence[Recipe], progress: Progress, threads: int
) -> Sources:
    """Return what strokes on a result are painted from; recipes are carried out when wanted."""
    by_name = {recipe.name: recipe for recipe in recipes}
    held: dict[str, Image] = {}

    def made(name: str) -> Image:
        if name not in held:
            held.clear()  # one composite at a time
            held[name] = make(result, by_name[name], progress, threads)
        return held[name]

    aligned = None if result.frames is None else AlignedBlocks(result.frames, result.rendering)
    return Sources(aligned, made)


def replay(
    result: Result,
    retouch: Retouch,
    progress: Progress | None = None,
    threads: int = 1,
    *,
    skip_lost: bool = False,
) -> Image:
    """Return the composite with all strokes carried out, in its own dtype.

    Parameters
    ----------
    result : Result
        The composite and its frames.
    retouch : Retouch
        The strokes.
    progress : Progress, optional
        Silent if not given; is warned of strokes that are left out.
    threads : int, optional
        That share the work of recipes.
    skip_lost : bool, optional
        Whether to leave out strokes whose source is gone.

    Raises
    ------
    SourceGoneError
        If a source is gone and `skip_lost` is off.
    """
    progress = progress or Silent()
    sources = sources_of(result, retouch.recipes, progress, threads)
    picture = WorkingPicture(result.picture.pixels)
    for stroke in _told(retouch.strokes, progress):
        try:
            paint(picture, stroke, result.plan.crop, sources)
        except (InputError, UsageError) as error:
            if not skip_lost or not stroke.source:
                raise
            progress.warn(f"left out a stroke: {error.message}")
    return picture.finished()


def _told(strokes: Sequence[Stroke], progress: Progress) -> Iterator[Stroke]:
    with stage(progress, "Retouching", len(strokes)):
        for stroke in strokes:
            yield stroke
            progress.advance()


def write_retouched(result: Result, image: Image, retouch: Retouch, quality: int = 95) -> Path:
    """Write the retouched picture beside the composite, with its profile and EXIF; return where.

    The report is told of it.

    Without strokes it is the composite's file, byte for byte.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    path = result.retouched
    if not retouch.strokes:
        write_atomically(path, _bytes_of(result.fused))
    else:
        write_image(path, image, result.picture.metadata, quality)
    tell_in_report(result, retouch)
    return path


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", "Run again.") from error


def retouch_folder(
    result: Result,
    progress: Progress | None = None,
    threads: int = 1,
    quality: int = 95,
    *,
    skip_lost: bool = False,
) -> Path:
    """Carry out the strokes that lie beside a composite and write what comes out; return where.

    Raises
    ------
    InputError
        If there are no strokes, or a source is gone and `skip_lost` is off.
    OutputError
        If it cannot be written, or something else writes there.
    """
    if not result.record.is_file():
        raise InputError(
            f"{result.folder} holds no {result.record.name}",
            "Paint first.",
            [
                Change(
                    "To paint",
                    drop=("--quality", "--threads", "--skip-lost"),
                    inputs=(str(result.folder),),
                    command="review",
                )
            ],
        )
    lock = lock_result(result.folder)
    try:
        retouch = result.retouch()
        image = replay(result, retouch, progress, threads, skip_lost=skip_lost)
        return write_retouched(result, image, retouch, quality)
    finally:
        lock.release()
