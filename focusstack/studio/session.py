"""One result that is open in the browser: what its page is told, shown, and may ask for."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from focusstack.errors import UsageError
from focusstack.numeric.arrays import Image
from focusstack.retouch.blocks import BlockKey, block_rect
from focusstack.retouch.recipes import planned
from focusstack.retouch.result import Result, check_frames, open_result
from focusstack.retouch.strokes import FRAME, MADE, Recipe
from focusstack.retouch.worth_a_look import State, on_reference, places_of, state_of
from focusstack.runtime.progress import Progress
from focusstack.studio.display import Display, shrunk
from focusstack.studio.easel import Easel
from focusstack.studio.foresight import Foresight
from focusstack.studio.jobs import Jobs
from focusstack.studio.rerunning import Again, common_outline, run_again, told_frames
from focusstack.studio.survey import Survey, taken_from


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
    opened : int
        How often it was opened: its page begins anew after each.
    busy : bool
        Whether it is being run again.
    choices : list of dict
        Frames that it may be run again with, as plain data.
    area : (N, 2) ndarray
        Corners of what all its frames share, in pixels of the reference.
    shelf : bool
        Whether there is a start page to go back to.

    Raises
    ------
    InputError, OutputError
        As `Easel`.
    """

    def __init__(self, result: Result, jobs: Jobs, *, shelf: bool = False) -> None:
        self.jobs, self.shelf = jobs, shelf
        self.opened, self.busy = 0, False
        self._open(result)

    def _open(self, result: Result) -> None:
        """Put a result on the easel, and find out what there is besides the picture."""
        self.easel = Easel(result)
        self.result = result
        try:
            self._look_around(result)
        except BaseException:
            self.easel.close()
            raise
        self.opened += 1

    def _look_around(self, result: Result) -> None:
        self.choices = told_frames(result)
        self.area = common_outline(result.plan)
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
        """Carry out what was painted before."""
        if self.easel.retouch.strokes:
            self.jobs.add("Carrying out what was painted before", self.easel.carry_out)

    def close(self) -> None:
        """Let go of the folder."""
        if self.survey is not None:
            self.survey.close()
        if self._foresight is not None:
            self._foresight.close()
        self.easel.close()

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
            if self.survey is not None:
                self.survey.start()  # not before: the picture comes first, however late its page
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

    def place_states(self) -> list[State]:
        """Return of each place whether it was found fine, mended, or is left to be looked at."""
        crop, retouch = self.result.plan.crop, self.easel.retouch
        return [state_of(place, crop, retouch.fine, retouch.strokes) for place in self.places]

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

    def run_again(self, asked: Again) -> int:
        """Run it again in its folder, as a job; return the job's number.

        Raises
        ------
        UsageError
            If the frames were not found, or that is going on already.
        """
        if self.result.aligned:
            raise UsageError(
                "only aligned frames are there, and those cannot be aligned anew",
                "Say where the frames are.",
            )
        check_frames(self.result)
        self.refuse_busy()
        self.busy = True
        return self.jobs.add("Running again", partial(self._run_again, asked)).number

    def refuse_busy(self) -> None:
        """Make sure that the result is not being run again.

        Raises
        ------
        UsageError
            If it is.
        """
        if self.busy:
            raise UsageError("it is being run again", "Wait until that is done, or stop it.")

    def find_frames(self, folder: Path) -> None:
        """Open it again with frames from a folder.

        Raises
        ------
        InputError, UsageError
            If they are not its frames; it is then open as it was.
        """
        self.refuse_busy()
        found = open_result(self.result.folder, folder)
        self.close()
        self._open(found)
        self.start()

    def _run_again(self, asked: Again, progress: Progress) -> str:
        before = self.result
        frames = None if before.frames is None else before.frames.paths[0].parent
        self.close()
        try:
            return run_again(before, asked, progress)
        finally:  # whatever became of it, a result lies there
            try:
                self._open(open_result(before.folder, frames))
                self.start()
            finally:
                self.busy = False
