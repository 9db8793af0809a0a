"""Notices when a folder is moved or removed while it is written to.

What is written by a folder's name would otherwise make it anew, unlocked, or end up in another.
"""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from focusstack.errors import OutputError


class Anchor:
    """Holds on to a folder, whatever becomes of its name.

    Parameters
    ----------
    folder : path
        The folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle: int | None = None

    def drop(self) -> None:
        """Hold on to what the name stands for now."""
        if hasattr(
            os, "O_DIRECTORY"
        ):  # where a folder that is in use cannot be moved, there is none
            self._handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)

    def weigh(self) -> None:
        """Let go."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def moved(self) -> bool:
        """Whether the name stands for another folder by now, or for none."""
        if self._handle is None:
            return False
        try:
            return not os.path.samestat(self._folder.stat(), os.fstat(self._handle))
        except OSError:
            return True

    def check(self) -> None:
        """Make sure that the name stands for the folder that it stood for.

        Raises
        ------
        OutputError
            If it does not.
        """
        if self.moved():
            raise OutputError(
                f"{self._folder} was moved or removed while it was being written to",
                "Start again once nothing else works in that folder.",
            )

    def clear(self, *names: str) -> None:
        """Remove files and folders of these names in it, wherever it lies."""
        for name in names if self._handle is not None else ():
            with suppress(OSError, NotImplementedError):
                if stat.S_ISDIR(os.stat(name, dir_fd=self._handle, follow_symlinks=False).st_mode):
                    shutil.rmtree(name, ignore_errors=True, dir_fd=self._handle)
                else:
                    os.unlink(name, dir_fd=self._handle)
