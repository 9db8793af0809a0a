"""The picture on the easel: strokes carried out as they come, kept in the file, taken back."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from focusstack.errors import FocusstackError, OutputError
from focusstack.geometry.coordinates import Rect
from focusstack.numeric.arrays import Image
from focusstack.retouch.blocks import AlignedBlocks
from focusstack.retouch.in_report import tell_in_report
from focusstack.retouch.made_lately import Kept
from focusstack.retouch.paint_sources import Sources
from focusstack.retouch.recipes import make
from focusstack.retouch.record import plain_stroke, read_stroke, write_retouch
from focusstack.retouch.replay import paint, write_retouched
from focusstack.retouch.result import Result, lock_result
from focusstack.retouch.strokes import Recipe, Retouch, Stroke
from focusstack.retouch.working import Before, WorkingPicture
from focusstack.runtime.cores import usable_cores
from focusstack.runtime.progress import Progress, Silent
from focusstack.studio.picture_levels import Pyramid

KEPT_UNDO = 64 << 20
"""Bytes of what undoing needs that are kept: some hundred strokes. Older ones are undone by
carrying out all that came before them anew. Chosen so that a session stays below a gigabyte."""

KEPT_MADE = 128 << 20
"""Bytes of composites made by recipes that are kept, and one at least. Chosen as `KEPT_UNDO`."""

NOTHING = Rect(0, 0, 0, 0)
"""A part of no pixels."""


class Changed(NamedTuple):
    """What has changed: the version of the picture, and where it differs from the one before."""

    version: int
    rect: Rect


class Easel:
    """A composite that is painted on.

    The folder is locked while it is open, and a stroke is in the file before it is answered.

    Parameters
    ----------
    result : Result
        With or without its frames.

    Attributes
    ----------
    retouch : Retouch
        What was done.
    picture : WorkingPicture
        What came out.
    pyramid : Pyramid
        The same at every size.
    blocks : AlignedBlocks or None
        The frames, if they were found.
    version : int
        Goes up with every change.
    saved : int
        The version that was written last; -1 if none was.
    lost : list of str
        What could not be carried out, for people.

    Raises
    ------
    InputError
        If its retouch.json is damaged.
    OutputError
        If another run writes to its folder.
    """

    def __init__(self, result: Result) -> None:
        self.result = result
        self._file = lock_result(result.folder)
        try:
            self.retouch = result.retouch()
            self.picture = WorkingPicture(result.picture.pixels)
            self.pyramid = Pyramid(self.picture)
        except BaseException:
            self._file.release()
            raise
        frames = result.frames
        self.blocks = None if frames is None else AlignedBlocks(frames, result.rendering)
        self._made = Kept[Image](KEPT_MADE, lambda image: int(image.nbytes))
        self._sources = Sources(self.blocks, self.made)
        self._lock = threading.RLock()
        self._undo: deque[tuple[Before, Rect]] = deque()
        self.version, self.saved = 0, -1
        self._whole = not self.retouch.strokes
        self._told = self.retouch  # what the report tells of
        self.lost: list[str] = []

    def close(self) -> None:
        """Let go of the folder, and tell its report what was done."""
        if self._file.is_held():
            self._tell()
        self._file.release()

    def paint(self, data: object, *, again: bool = False) -> Changed:
        """Carry out a stroke and keep it.

        Parameters
        ----------
        data : object
            The stroke as plain data; ValueError if it is none.
        again : bool, optional
            Whether it may have arrived before: if it was the last that did, nothing is done.

        Raises
        ------
        SourceGoneError
            If its source is not there.
        OutputError
            If it cannot be kept; it is then not done.
        """
        stroke = read_stroke(plain_stroke(read_stroke(data)))  # as the file will hold it
        with self._lock:
            if again and self.retouch.strokes and self.retouch.strokes[-1] == stroke:
                return self._changed(self.picture.rect)
            return self._done(stroke, self.retouch.with_stroke(stroke))

    def undo(self) -> Changed:
        """Take the last stroke back."""
        with self._lock:
            if not self.retouch.strokes:
                return Changed(self.version, NOTHING)
            self._keep(self.retouch.without_last())
            if not self._undo:
                self.carry_out(Silent())
                return self._changed(self.picture.rect)
            before, rect = self._undo.pop()
            self.picture.restore(before)
            self.pyramid.update(rect)
            return self._changed(rect)

    def redo(self) -> Changed:
        """Do again what was taken back last."""
        with self._lock:
            if not self.retouch.undone:
                return Changed(self.version, NOTHING)
            return self._done(self.retouch.undone[-1], self.retouch.with_last_again())

    def mark_fine(self, rect: Rect, *, fine: bool) -> None:
        """Note that a place, in pixels of the reference, is as it should be, or take that back."""
        with self._lock:
            others = tuple(one for one in self.retouch.fine if one != rect)
            self._keep(replace(self.retouch, fine=(*others, rect) if fine else others))
            self._tell()

    def save(self, progress: Progress) -> str:
        """Write the retouched picture; return the file's name."""
        progress.start("Writing", 1)
        with self._lock:
            self._check_held()
            if not self._whole:  # what was painted before has not been carried out to its end
                self.carry_out(Silent())
            version, retouch = self.version, self.retouch
            image = self.picture.finished()
        with _told_to_painters():
            path = write_retouched(self.result, image, retouch)
        self.saved, self._told = version, retouch
        progress.advance()
        return path.name

    def made(self, name: str) -> Image:
        """Return the composite of a recipe; KeyError if there is none of that name."""
        recipe = {one.name: one for one in self.retouch.recipes}[name]
        return self._made.get(name, lambda: make(self.result, recipe, Silent(), usable_cores()))

    def make(self, recipe: Recipe, progress: Progress) -> str:
        """Carry out a new recipe and keep it as a source; return its name."""
        image = make(self.result, recipe, progress, usable_cores())
        self._made.get(recipe.name, lambda: image)
        with self._lock:
            self._keep(replace(self.retouch, recipes=(*self.retouch.recipes, recipe)))
        return recipe.name

    def carry_out(self, progress: Progress) -> None:
        """Carry out all strokes from the beginning; what cannot be is told in `lost`."""
        with self._lock:
            self._whole = False
            self.picture.clear()
            self._undo.clear()
            self.lost = []
            progress.start("Carrying out strokes", len(self.retouch.strokes))
            for stroke in self.retouch.strokes:
                try:
                    self._carry(stroke)
                except FocusstackError as error:
                    self._undo.append(({}, NOTHING))
                    if error.message not in self.lost:
                        self.lost.append(error.message)
                progress.advance()
            self.pyramid.renew()
            self.version += 1
            self._whole = True

    def _done(self, stroke: Stroke, kept: Retouch) -> Changed:
        """Carry out a stroke and keep it: both or neither."""
        rect = self._carry(stroke)
        try:
            self._keep(kept)
        except BaseException:
            before, _ = self._undo.pop()
            self.picture.restore(before)
            self.pyramid.update(rect)
            raise
        return self._changed(rect)

    def _carry(self, stroke: Stroke) -> Rect:
        """Carry out a stroke, without keeping it in the file."""
        done = paint(self.picture, stroke, self.result.plan.crop, self._sources)
        self._undo.append((done.before, done.rect))
        held = sum(_bytes(before) for before, _ in self._undo)
        while held > KEPT_UNDO and len(self._undo) > 1:
            held -= _bytes(self._undo.popleft()[0])
        self.pyramid.update(done.rect)
        return done.rect

    def _tell(self) -> None:
        """Tell the report what was done since it was told."""
        if self._told is not self.retouch:
            tell_in_report(self.result, self.retouch)
            self._told = self.retouch

    def _keep(self, retouch: Retouch) -> None:
        """Write down what was done before it counts as done."""
        self._check_held()
        with _told_to_painters():
            write_retouch(self.result.record, retouch)
        self.retouch = retouch

    def _check_held(self) -> None:
        """Make sure that the folder is still the one that was opened."""
        if not self._file.is_held():
            raise OutputError(
                f"{self.result.folder} was closed, removed or replaced while it was open here",
                "Open it again.",
            )

    def _changed(self, rect: Rect) -> Changed:
        self.version += 1
        return Changed(self.version, rect)


@contextmanager
def _told_to_painters() -> Iterator[None]:
    """Say what helps on the page, where nobody chooses an output folder."""
    try:
        yield
    except OutputError as error:
        remedy = "See that there is room and that the folder may be written to; then do it again."
        raise OutputError(error.message, remedy) from error


def _bytes(before: Before) -> int:
    return sum(held.nbytes if isinstance(held, np.ndarray) else 64 for held in before.values())
