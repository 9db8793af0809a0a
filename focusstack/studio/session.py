"""One result that is open in the browser: what its page is told, shown, and may ask for."""

from __future__ import annotations

import hashlib
from functools import partial
from threading import Event
from typing import Any

from focusstack.errors import UsageError
from focusstack.numeric.arrays import Image
from focusstack.retouch.blocks import BLOCK, BlockKey, block_rect
from focusstack.retouch.recipes import planned
from focusstack.retouch.result import Result
from focusstack.retouch.strokes import FRAME, MADE, Recipe
from focusstack.studio.display import Display, shrunk
from focusstack.studio.easel import Changed, Easel
from focusstack.studio.foresight import Foresight
from focusstack.studio.jobs import Jobs
from focusstack.studio.survey import CELL, Survey, taken_from
from focusstack.studio.worth_a_look import on_reference, places_of, state_of


class Session:
    """A result, open to be retouched.

    Parameters
    ----------
    result : Result
        With or without its frames.
    jobs : Jobs
        Takes what lasts.
    shelf : bool, optional
        Whether there is a start page to go back to.

    Attributes
    ----------
    easel : Easel
        What is painted on.
    survey : Survey or None
        A look at every frame, if they were found.
    display : Display
        How colours are shown.

    Raises
    ------
    InputError, OutputError
        As `Easel`.
    """

    def __init__(self, result: Result, jobs: Jobs, *, shelf: bool = False) -> None:
        self.result, self.jobs, self._shelf = result, jobs, shelf
        self.easel = Easel(result)
        self._shown = Event()
        try:
            self._look_around()
        except BaseException:
            self.easel.close()
            raise

    def _look_around(self) -> None:
        """Find out what there is besides the picture."""
        result = self.result
        self.display = Display(result.picture.metadata.icc)
        self.places = places_of(result.folder / "report.json", result.plan)
        self.survey: Survey | None = None
        self.source_map: bytes | None = None
        self._foresight: Foresight | None = None
        if self.easel.blocks is not None:
            order, crop = result.plan.focus_order, result.plan.crop
            self.survey = Survey(self.easel.blocks, order, crop, self.display)
            self._foresight = Foresight(self.easel.blocks, order)

    def start(self) -> None:
        """Look at the frames, and carry out what was painted before."""
        if self.easel.retouch.strokes:
            self.jobs.add("Carrying out what was painted before", self.easel.carry_out)
        if self.survey is not None:
            self.survey.start(self._shown)

    def close(self) -> None:
        """Let go of the folder."""
        if self.survey is not None:
            self.survey.close()
        if self._foresight is not None:
            self._foresight.close()
        self.easel.close()

    def told(self) -> dict[str, Any]:
        """Return what the page must know, as plain data."""
        plan, crop, easel = self.result.plan, self.result.plan.crop, self.easel
        return {
            "folder": self.result.folder.resolve().name,
            "key": hashlib.sha256(bytes(self.result.folder.resolve())).hexdigest()[:16],
            "size": [crop.width, crop.height],
            "offset": [crop.x, crop.y],
            "block": BLOCK,
            "levels": easel.pyramid.count,
            "shelf": self._shelf,
            "frames": list(plan.focus_order) if easel.blocks is not None else [],
            "reference": plan.reference,
            "recipes": [_told_recipe(recipe) for recipe in easel.retouch.recipes],
            "verdict": str(plan.verdict) if plan.verdict else "",
            "profile": self.display.profile,
            "converts": self.display.converts,
            "bits": 8 * self.result.picture.pixels.dtype.itemsize,
            "output": self.result.retouched.name,
            "lost": easel.lost,
            "survey": self._told_survey(),
            "jobs": self.jobs.told(),
            **self.told_changes(),
        }

    def told_changes(self, changed: Changed | None = None) -> dict[str, Any]:
        """Return what strokes change, as plain data."""
        easel = self.easel
        told: dict[str, Any] = {
            "version": easel.version,
            "saved": easel.saved == easel.version,
            "strokes": len(easel.retouch.strokes),
            "undone": len(easel.retouch.undone),
            "places": self._told_places(),
        }
        if changed is not None:
            rect = changed.rect
            told["rect"] = [rect.x, rect.y, rect.width, rect.height]
        return told

    def block(self, source: str, level: int, column: int, row: int) -> Image:
        """Return a block of what can be looked at, of any depth.

        Parameters
        ----------
        source : str
            ``result``, ``fused``, or what strokes call a source.
        level, column, row : int
            Which block.

        Raises
        ------
        ValueError
            If there is none.
        """
        easel = self.easel
        rect = block_rect(easel.picture.rect, level, column, row)
        if source == "result":
            self._shown.set()
            return easel.pyramid.block(level, column, row)
        if source == "fused":
            return shrunk(easel.picture.base, rect, level)
        if source.startswith(MADE):
            try:
                return shrunk(easel.made(source.removeprefix(MADE)), rect, level)
            except KeyError as error:
                raise ValueError(f"there is no source {source}") from error
        if source.startswith(FRAME) and easel.blocks is not None:
            if self._foresight is not None:
                self._foresight.choose(source.removeprefix(FRAME))
            return easel.blocks.block(BlockKey(source.removeprefix(FRAME), level, column, row))
        raise ValueError(f"there is no source {source}")

    def sharp(self) -> bytes:
        """Return how sharp every frame is where; nothing if the frames were not found."""
        return b"" if self.survey is None else self.survey.sharp()

    def taken(self) -> bytes:
        """Return which frame the composite is taken from where; nothing if that is not known."""
        if self.survey is None:
            return b""
        if self.source_map is None:
            crop, grid = self.result.plan.crop, (self.survey.rows, self.survey.columns)
            self.source_map = taken_from(self.result.folder, crop, *grid) or b""
        return self.source_map

    def mark_fine(self, index: int, *, fine: bool) -> None:
        """Note that a place was looked at and is as it should be, or take that back."""
        if not 0 <= index < len(self.places):
            raise ValueError(f"there is no place {index}")
        here = on_reference(self.places[index].rect, self.result.plan.crop)
        self.easel.mark_fine(here, fine=fine)

    def save(self) -> int:
        """Write the retouched picture, as a job; return its number."""
        return self.jobs.add("Writing the picture", self.easel.save).number

    def add_recipe(self, recipe: Recipe) -> int:
        """Make a source, as a job; it is there once that has ended. Return the job's number.

        Raises
        ------
        UsageError
            If there is one of that name already, or the frames were not found.
        RecipeError
            If it cannot be made.
        """
        if any(one.name == recipe.name for one in self.easel.retouch.recipes):
            raise UsageError(f"there is a source {recipe.name} already", "Choose another name.")
        if self.easel.blocks is None:
            raise UsageError("without the frames nothing can be fused", "Give --frames FOLDER.")
        planned(self.result.plan, recipe)
        work = partial(self.easel.make, recipe)
        return self.jobs.add(f"Fusing {recipe.name}", work).number

    def _told_survey(self) -> dict[str, Any] | None:
        survey = self.survey
        if survey is None:
            return None
        cell = CELL << survey.level
        return {"done": survey.done, "rows": survey.rows, "columns": survey.columns, "cell": cell}

    def _told_places(self) -> list[dict[str, Any]]:
        crop, retouch = self.result.plan.crop, self.easel.retouch
        return [
            {
                "rect": [p.rect.x, p.rect.y, p.rect.width, p.rect.height],
                "words": p.words,
                "source": p.source,
                "state": state_of(p, crop, retouch.fine, retouch.strokes),
            }
            for p in self.places
        ]


def _told_recipe(recipe: Recipe) -> dict[str, Any]:
    return {
        "name": recipe.name,
        "method": recipe.method,
        "frames": list(recipe.frames),
        "part": recipe.rect is not None,
    }
