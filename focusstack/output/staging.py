"""A folder of results that appears complete or not at all.

Files are first written to a hidden folder inside the output folder and moved to their names once
all of them are there. Whatever ends the program before, results of an earlier run are as they were.
"""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from focusstack.errors import Change, OutputError, OutputExistsError
from focusstack.output.anchor import Anchor
from focusstack.output.lock import LOCK, FolderLock
from focusstack.output.manifest import KEPT, Manifest, make_folder
from focusstack.runtime.cleanup import remove_if_ended
from focusstack.runtime.files import output_errors

UNFINISHED = ".focusstack-unfinished"
"""Name of the hidden folder."""

STATE = KEPT / "run.json"
"""File in it from which a run can go on."""


class StagedFolder:
    """An output folder whose files appear when its ``with`` block ends well.

    While the block lasts, no other run writes to the folder. Only files that the run has asked a
    place for are moved to their names, and none of them replaces a file that came to be meanwhile.
    If the block ends with an error nothing is left, unless `keep` has been called.

    Parameters
    ----------
    folder : path
        Created if need be.
    overwrite : bool
        Whether it may hold other files, and unfinished work may be thrown away.
    resume : bool
        Whether unfinished work is to be gone on from.

    Attributes
    ----------
    place : path
        The hidden folder.
    resumed : bool
        Whether it holds unfinished work that is gone on from.

    Raises
    ------
    OutputError
        On entering: if another run is writing there, the folder holds files and `overwrite` is
        off, is a file, or cannot be made. On leaving: if a file vanished, or one appeared.
    """

    def __init__(self, folder: Path, overwrite: bool = False, resume: bool = False) -> None:
        self.folder = folder
        self.place = folder / UNFINISHED
        self.resumed = False
        self._overwrite, self._resume = overwrite, resume
        self._made: list[Path] = []
        self._manifest = Manifest(folder, self.place)
        self._kept = False
        self._lock = FolderLock(folder)
        self._anchor = Anchor(folder)
        self._guard = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as failing:
            with output_errors(self.folder):
                self._made = _make(self.folder)
            failing.callback(self._remove_made)
            self._lock.acquire()
            failing.callback(self._lock.release)
            self._anchor.drop()
            failing.callback(self._anchor.weigh)
            self._check()
            self._prepare()
            failing.pop_all()
        self._guard.callback(self._anchor.weigh)
        self._guard.callback(self._remove_made)
        self._guard.callback(self._lock.release)
        self._guard.enter_context(remove_if_ended(self._end))
        return self

    def _check(self) -> None:
        """Refuse what may not be replaced, and whatever is not a hidden folder of this program."""
        if self.place.is_symlink() or (self.place.exists() and not self.place.is_dir()):
            raise OutputError(
                f"{self.place} is not a folder of this program's", "Remove it, then start again."
            )
        unfinished = (self.place / STATE).is_file()
        if unfinished and not (self._overwrite or self._resume):
            raise OutputExistsError(
                f"{self.folder} holds an unfinished run",
                "Go on from it, or start again.",
                [
                    Change("To go on from it", add=("--resume",)),
                    Change("To start again", add=("--overwrite",)),
                ],
            )
        self.resumed = self._kept = unfinished and self._resume
        if not (self._overwrite or self.resumed):
            refuse_filled(self.folder)

    def _prepare(self) -> None:
        """Make the hidden folder, and note what may be replaced."""
        with output_errors(self.folder):
            if self.resumed:
                _remove_parts(self.place)
            else:
                shutil.rmtree(self.place, ignore_errors=True)
                self.place.mkdir()
            self._manifest.agree(overwrite=self._overwrite, resumed=self.resumed)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._guard:
            if error is None:
                try:
                    self._finish()
                except BaseException as late:
                    self._abandon(late)
                    raise
                self._made = []
            else:
                self._abandon(error)

    def staged(self, target: Path) -> Path:
        """Return where to write what will be `target`, which lies in the folder.

        What is asked a place for must be there when the block ends.
        """
        self.check_place()
        path = self._manifest.promise(target)
        make_folder(path.parent)
        return path

    def check_place(self) -> None:
        """Make sure that the folder is still where it was: what is made there would be another's.

        Raises
        ------
        OutputError
            If it is not.
        """
        self._anchor.check()

    def looked_up(self, target: Path) -> Path:
        """Return where what will be `target` lies, or would lie, until then."""
        return self._manifest.looked_up(target)

    def own(self, target: Path) -> None:
        """Count a file that lies in the folder as one of this run's: it may be replaced."""
        self._manifest.own(target)

    def keep(self) -> None:
        """From here on, leave what is there if the block ends with an error."""
        self._kept = True

    def _finish(self) -> None:
        """Move every promised file to its name and remove the hidden folder."""
        self._anchor.check()
        with output_errors(self.folder):
            self._manifest.check()
            self._manifest.move()
            shutil.rmtree(self.place)

    def _abandon(self, error: BaseException) -> None:
        """Leave what can be gone on from, and say so, or nothing."""
        self._clear()
        if isinstance(error, OSError | OutputError):
            self._anchor.check()  # what was written by its name failed for that
        hint = self._hint()
        if hint:
            error.add_note(hint)

    def _hint(self) -> str | None:
        """How to go on, if that is possible."""
        if self._anchor.moved() or not (self._kept and (self.place / STATE).is_file()):
            return None
        return f"What is done is kept in {self.folder}; --resume goes on from there."

    def _clear(self) -> None:
        if self._anchor.moved():  # what has the name now is somebody else's
            self._anchor.clear(UNFINISHED, LOCK)
        elif self._kept:
            with suppress(OSError):
                _remove_parts(self.place)
        else:
            shutil.rmtree(self.place, ignore_errors=True)

    def _end(self) -> str | None:
        """Leave what `_abandon` leaves, before the process ends; say what is kept."""
        self._clear()
        self._lock.release()
        self._remove_made()
        return self._hint()

    def _remove_made(self) -> None:
        """Remove the folders that were made, if nothing is in them."""
        for folder in reversed(self._made):
            with suppress(OSError):
                folder.rmdir()


def refuse_filled(folder: Path) -> None:
    """Make sure that `folder` does not exist or holds nothing but what a killed run left.

    Raises
    ------
    OutputError
        If it is not.
    """
    with output_errors(folder):
        if folder.is_dir() and any(p.name not in (UNFINISHED, LOCK) for p in folder.iterdir()):
            raise OutputExistsError(
                f"{folder} is not empty",
                "Replace what is there, or write elsewhere.",
                ways_past(folder),
            )


def ways_past(path: Path) -> list[Change]:
    """Return what may be typed where a folder or file of results exists already."""
    return [
        Change("To replace it", add=("--overwrite",), drop=("--resume",)),
        Change("To write elsewhere", add=("--output", str(free_name(path)))),
    ]


def free_name(path: Path) -> Path:
    """Return a name like `path` that nothing has: with the first number that is free."""
    return next(
        other
        for k in count(2)
        if not os.path.lexists(other := path.with_name(f"{path.stem}-{k}{path.suffix}"))
    )


def _make(folder: Path) -> list[Path]:
    """Create `folder`; return what has been made, outermost first."""
    missing = [f for f in (folder, *folder.parents) if not f.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def _remove_parts(place: Path) -> None:
    """Remove files that a killed run had half written."""
    for part in place.rglob(".*.part-*"):
        part.unlink(missing_ok=True)
