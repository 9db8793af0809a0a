"""A folder of results that appears complete or not at all.

Files are first written to a hidden folder inside the output folder and moved to their names once
all of them are there. Whatever ends the program before, results of an earlier run are as they were.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from focusstack.errors import OutputError
from focusstack.runtime.cleanup import removed_if_ended
from focusstack.runtime.files import output_errors

UNFINISHED = ".focusstack-unfinished"
"""Name of the hidden folder."""

STATE = Path(".state") / "run.json"
"""File in it from which a run can go on; its folder holds no results."""


class StagedFolder:
    """An output folder whose files appear when its ``with`` block ends well.

    If it ends with an error nothing is left, unless `keep` has been called.

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
        If the folder holds files and `overwrite` is off, is a file, or cannot be made.
    """

    def __init__(self, folder: Path, overwrite: bool = False, resume: bool = False) -> None:
        self.folder = folder
        self.place = folder / UNFINISHED
        unfinished = (self.place / STATE).is_file()
        if unfinished and not (overwrite or resume):
            raise OutputError(
                f"{folder} holds an unfinished run",
                "Go on from it with --resume, or start again with --overwrite.",
            )
        self.resumed = unfinished and resume
        if not (overwrite or self.resumed):
            refuse_filled(folder)
        self._made: list[Path] = []
        self._kept = self.resumed
        self._guard = ExitStack()

    def __enter__(self) -> Self:
        with output_errors(self.folder):
            self._made = _make(self.folder)
            if self.resumed:
                _remove_parts(self.place)
            else:
                shutil.rmtree(self.place, ignore_errors=True)
            self.place.mkdir(exist_ok=True)
        self._guard.enter_context(removed_if_ended(self._abandon))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._guard:
            if error is None:
                self._finish()
                return
            self._abandon()
            if self._kept:
                where = f"What is done is kept in {self.folder}"
                error.add_note(f"{where}; --resume goes on from there.")

    def staged(self, target: Path) -> Path:
        """Return where to write what will be `target`, which lies in the folder."""
        path = self.place / target.relative_to(self.folder)
        make_folder(path.parent)
        return path

    def keep(self) -> None:
        """From here on, leave what is there if the block ends with an error."""
        self._kept = True

    def _finish(self) -> None:
        """Move every file to its name and remove the hidden folder."""
        with output_errors(self.folder):
            found = sorted(p for p in self.place.rglob("*") if p.is_file())
            for path in found:
                inside = path.relative_to(self.place)
                if inside.parts[0] != STATE.parts[0]:
                    (self.folder / inside).parent.mkdir(exist_ok=True)
                    path.replace(self.folder / inside)
            shutil.rmtree(self.place)
            below = {path.relative_to(self.place).parent for path in found}
            _flush_folders(self.folder / folder for folder in below)

    def _abandon(self) -> None:
        """Leave what can be gone on from, or nothing."""
        if self._kept:
            with suppress(OSError):
                _remove_parts(self.place)
            return
        shutil.rmtree(self.place, ignore_errors=True)
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
        if folder.is_dir() and any(p.name != UNFINISHED for p in folder.iterdir()):
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
