"""What a run has promised to write, and what it may replace; nothing else is touched."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from focusstack.errors import OutputError
from focusstack.runtime.files import output_errors, write_atomically

KEPT = Path(".state")
"""Folder inside the hidden one that holds no results, but what another run needs to go on."""

BEFORE = KEPT / "before.json"
"""File in it that names what lay in the output folder at the start, and may be replaced."""

MOVING = KEPT / "moving.json"
"""File in it that names what is being moved to its place, written before the first is."""


class Manifest:
    """Files that a run writes in a hidden folder, to be moved out of it in the end.

    Parameters
    ----------
    folder : path
        Where they shall lie.
    place : path
        The hidden folder.
    """

    def __init__(self, folder: Path, place: Path) -> None:
        self._folder = folder
        self._place = place
        self._promised: dict[Path, None] = {}
        self._before: set[Path] = set()

    def agree(self, *, overwrite: bool, resumed: bool) -> None:
        """Note what may be replaced: what is there now, or was when a resumed run began."""
        if resumed:
            # What has left the hidden folder lies at its place: it is this run's own.
            moved = {
                target for target in self._noted(MOVING) if not self.looked_up(target).exists()
            }
            self._before = {*self._noted(BEFORE), *moved}
        elif overwrite:
            self._before = {path for path in self._folder.rglob("*") if path.is_file()}
            self._note(BEFORE, self._before)

    def own(self, target: Path) -> None:
        """Count a file that lies in the folder as one of this run's: it may be replaced."""
        self._before.add(target)

    def promise(self, target: Path) -> Path:
        """Return where to write what will be `target`: it must be there in the end."""
        self._promised[target] = None
        return self.looked_up(target)

    def looked_up(self, target: Path) -> Path:
        """Return where what will be `target` lies, or would lie, until then."""
        return self._place / target.relative_to(self._folder)

    def check(self) -> None:
        """Refuse to end with fewer files than were promised, or over files that appeared.

        Raises
        ------
        OutputError
            Naming the file.
        """
        for target in self._promised:
            here = _is_plain(self.looked_up(target))
            if not here and not (target in self._before and target.is_file()):
                raise OutputError(
                    f"{target.name} has vanished while the others were made",
                    "Start again once nothing else works in that folder.",
                )
            if here and target not in self._before and os.path.lexists(target):
                raise _appeared(target)

    def move(self) -> None:
        """Move every promised file to its name, and bring the names to the disk.

        Raises
        ------
        OutputError
            If a file has appeared in its place.
        """
        self._note(MOVING, self._promised)
        for target in self._promised:
            path = self.looked_up(target)
            if path.exists():  # else an earlier run has moved it
                make_folder(target.parent)
                self._move(path, target)
        _flush_folders({target.parent for target in self._promised})

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

    def _note(self, name: Path, targets: Iterable[Path]) -> None:
        """Keep a list of files in the hidden folder, for a run that goes on from this one."""
        inside = [target.relative_to(self._folder).as_posix() for target in targets]
        make_folder((self._place / name).parent)
        write_atomically(self._place / name, json.dumps(sorted(inside)).encode())

    def _noted(self, name: Path) -> list[Path]:
        with suppress(OSError, ValueError, TypeError):
            names = json.loads((self._place / name).read_text(encoding="utf-8"))
            return [self._folder / str(inside) for inside in names]
        return []


def _is_plain(path: Path) -> bool:
    """Whether a file is there, and no link that has taken its place or its folder's."""
    return path.is_file() and not path.is_symlink() and not path.parent.is_symlink()


def _appeared(target: Path) -> OutputError:
    return OutputError(
        f"{target} has appeared while the others were made, and is not replaced",
        "Move it away, or choose another --output.",
    )


def make_folder(folder: Path) -> None:
    """Create `folder` and its parents.

    Raises
    ------
    OutputError
        If that is not possible.
    """
    with output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)


def _flush_folders(folders: Iterable[Path]) -> None:
    """Bring the names to the disk too, where the system can."""
    for folder in folders:
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
