"""A folder of results that appears complete or not at all.

Files are first written to a hidden folder inside the output folder and moved to their names once
all of them are there. Whatever ends the program before, results of an earlier run are as they were.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from focusstack.errors import OutputError
from focusstack.output.lock import LOCK, FolderLock
from focusstack.runtime.cleanup import removed_if_ended
from focusstack.runtime.files import atomic_write, output_errors

UNFINISHED = ".focusstack-unfinished"
"""Name of the hidden folder."""

STATE = Path(".state") / "run.json"
"""File in it from which a run can go on; its folder holds no results."""

BEFORE = STATE.with_name("before.json")
"""File beside it that names what lay in the folder at the start, and may be replaced."""

MOVING = STATE.with_name("moving.json")
"""File beside it that names what is being moved to its place, written before the first is."""


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
        self._promised: dict[Path, None] = {}
        self._before: set[Path] = set()
        self._kept = False
        self._lock = FolderLock(folder)
        self._guard = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as failing:
            with output_errors(self.folder):
                self._made = _make(self.folder)
            failing.callback(self._remove_made)
            self._lock.acquire()
            failing.callback(self._lock.release)
            self._check()
            self._prepare()
            failing.pop_all()
        self._guard.callback(self._remove_made)
        self._guard.callback(self._lock.release)
        self._guard.enter_context(removed_if_ended(self._end))
        return self

    def _check(self) -> None:
        """Refuse what may not be replaced, and whatever is not a hidden folder of this program."""
        if self.place.is_symlink() or (self.place.exists() and not self.place.is_dir()):
            raise OutputError(
                f"{self.place} is not a folder of this program's", "Remove it, then start again."
            )
        unfinished = (self.place / STATE).is_file()
        if unfinished and not (self._overwrite or self._resume):
            raise OutputError(
                f"{self.folder} holds an unfinished run",
                "Go on from it with --resume, or start again with --overwrite.",
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
            if self.resumed:
                self._before = {*self._noted(BEFORE), *self._noted(MOVING)}
            elif self._overwrite:
                self._before = {path for path in self.folder.rglob("*") if path.is_file()}
                self._note(BEFORE, self._before)

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
        self._promised[target] = None
        path = self.looked_up(target)
        make_folder(path.parent)
        return path

    def looked_up(self, target: Path) -> Path:
        """Return where what will be `target` lies, or would lie, until then."""
        return self.place / target.relative_to(self.folder)

    def own(self, target: Path) -> None:
        """Count a file that lies in the folder as one of this run's: it may be replaced."""
        self._before.add(target)

    def keep(self) -> None:
        """From here on, leave what is there if the block ends with an error."""
        self._kept = True

    def _note(self, name: Path, targets: Iterable[Path]) -> None:
        """Keep a list of files in the hidden folder, for a run that goes on from this one."""
        inside = [target.relative_to(self.folder).as_posix() for target in targets]
        make_folder((self.place / name).parent)
        atomic_write(self.place / name, json.dumps(sorted(inside)).encode())

    def _noted(self, name: Path) -> list[Path]:
        with suppress(OSError, ValueError, TypeError):
            names = json.loads((self.place / name).read_text(encoding="utf-8"))
            return [self.folder / str(inside) for inside in names]
        return []

    def _finish(self) -> None:
        """Move every promised file to its name and remove the hidden folder."""
        with output_errors(self.folder):
            self._check_promised()
            self._note(MOVING, self._promised)
            for target in self._promised:
                path = self.looked_up(target)
                if path.exists():  # else an earlier run has moved it
                    make_folder(target.parent)
                    self._move(path, target)
            shutil.rmtree(self.place)
            _flush_folders({target.parent for target in self._promised})

    def _check_promised(self) -> None:
        """Refuse to end with fewer files than were promised, or over files that appeared."""
        for target in self._promised:
            here = self.looked_up(target).is_file()
            if not here and not (target in self._before and target.is_file()):
                raise OutputError(
                    f"{target.name} has vanished while the others were made",
                    "Start again once nothing else works in that folder.",
                )
            if here and target not in self._before and os.path.lexists(target):
                raise _appeared(target)

    def _move(self, path: Path, target: Path) -> None:
        """Give a file its name; nothing is replaced that was not there at the start."""
        if target in self._before:
            path.replace(target)
            return
        try:
            os.link(path, target)  # unlike renaming, it replaces nothing
        except FileExistsError as error:
            raise _appeared(target) from error
        except (OSError, NotImplementedError, AttributeError):  # a disk without links
            if os.path.lexists(target):
                raise _appeared(target) from None
            path.replace(target)
        else:
            path.unlink()

    def _abandon(self, error: BaseException) -> None:
        """Leave what can be gone on from, and say so, or nothing."""
        self._clear()
        hint = self._hint()
        if hint:
            error.add_note(hint)

    def _hint(self) -> str | None:
        """How to go on, if that is possible."""
        if not (self._kept and (self.place / STATE).is_file()):
            return None
        return f"What is done is kept in {self.folder}; --resume goes on from there."

    def _clear(self) -> None:
        if self._kept:
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


def _appeared(target: Path) -> OutputError:
    return OutputError(
        f"{target} has appeared while the others were made, and is not replaced",
        "Move it away, or choose another --output.",
    )


def refuse_filled(folder: Path) -> None:
    """Make sure that `folder` does not exist or holds nothing but what a killed run left.

    Raises
    ------
    OutputError
        If it is not.
    """
    with output_errors(folder):
        if folder.is_dir() and any(p.name not in (UNFINISHED, LOCK) for p in folder.iterdir()):
            raise OutputError(
                f"{folder} is not empty",
                "Choose another --output, or allow replacing with --overwrite.",
            )


def make_folder(folder: Path) -> None:
    """Create `folder` and its parents.

    Raises
    ------
    OutputError
        If that is not possible.
    """
    with output_errors(folder):
        _make(folder)


def _make(folder: Path) -> list[Path]:
    """Create `folder`; return what has been made, outermost first."""
    missing = [f for f in (folder, *folder.parents) if not f.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def _remove_parts(place: Path) -> None:
    """Remove files that a killed run had half written."""
    for part in place.rglob(".*.part-*"):
        part.unlink(missing_ok=True)


def _flush_folders(folders: Iterable[Path]) -> None:
    """Bring the names to the disk too, where the system can."""
    for folder in folders:
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
