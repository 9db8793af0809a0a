"""The results that were made or opened lately, remembered between sessions."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from focusstack.errors import FocusstackError, OutputError
from focusstack.runtime.files import write_atomically
from focusstack.studio.folder_view import is_result

MOST = 24
"""Results that are remembered. Chosen, not measured: a screen of them."""

MOST_READ = 1 << 20
"""Bytes of the list that are read: far more than it has."""


def state_folder() -> Path:
    """Return where programs keep what they remember, on this system, for this user."""
    if sys.platform == "win32":
        home = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Application Support"
    else:
        given = os.environ.get("XDG_STATE_HOME", "")
        home = Path(given) if given.startswith("/") else Path.home() / ".local" / "state"
    return home / "focusstack"


class Recent:
    """The list, in a file; without it, in memory.

    Parameters
    ----------
    path : path, optional
        The file; that of this user if not given.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or state_folder() / "recent.json"
        self._folders = self._read()

    def folders(self) -> list[Path]:
        """Return the folders that still hold results, the latest first."""
        return [folder for folder in self._folders if is_result(folder)]

    def add(self, folder: Path) -> None:
        """Put a folder first."""
        folder = folder.resolve()
        self._folders = [folder, *(one for one in self._folders if one != folder)][:MOST]
        names: list[Any] = [str(one) for one in self._folders]
        with suppress(OSError, OutputError):  # what is not remembered is looked for by hand
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path, json.dumps(names).encode())

    def _read(self) -> list[Path]:
        with suppress(OSError, ValueError, RecursionError, FocusstackError):
            with self._path.open("rb") as file:
                names = json.loads(file.read(MOST_READ))
            if isinstance(names, list):
                paths = [Path(name) for name in names if isinstance(name, str) and "\0" not in name]
                return [path for path in paths if path.is_absolute()][:MOST]
        return []
