"""What is in a folder, for people who pick one: folders, how many pictures, and results."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from focusstack.errors import InputError
from focusstack.frames.search import natural_key
from focusstack.images.suffixes import READABLE
from focusstack.output.which_composite import composites

MOST_SHOWN = 500
"""Folders that are listed of one. Chosen, not measured: nobody picks from more by eye."""

MOST_NAMED = 60
"""Pictures that are named of a folder. Chosen, not measured: enough to know it by."""

USUAL = ("Pictures", "Desktop", "Downloads")
"""Folders of a home that pictures lie in."""

VOLUMES = Path("/Volumes")
"""Where macOS shows what is plugged in."""

MOST_PLUGGED = 8
"""Cards and disks that are offered. Chosen, not measured: a row of them."""


def view_folder(place: str) -> dict[str, Any]:
    """Return what the page shows of a folder, as plain data.

    Parameters
    ----------
    place : str
        An absolute path; the home folder if empty.

    Raises
    ------
    InputError
        If it is no folder, or may not be read.
    """
    folder = Path(place) if place else Path.home()
    if not folder.is_absolute() or "\0" in place or not folder.is_dir():
        raise InputError(f"{place} is no folder", "Pick another one.")
    try:
        entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
    except OSError as error:
        told = f"{place} cannot be read: {error.strerror}"
        raise InputError(told, "Pick another one.") from error
    folders = sorted((e.name for e in entries if _is_folder(e)), key=natural_key)
    files = [e.name for e in entries if Path(e.name).suffix.lower() in READABLE]
    pictures = sorted(files, key=natural_key)
    return {
        "path": str(folder),
        "name": folder.name or str(folder),
        "parent": None if folder.parent == folder else str(folder.parent),
        "folders": [{"name": name, "path": str(folder / name)} for name in folders[:MOST_SHOWN]],
        "more": max(0, len(folders) - MOST_SHOWN),
        "pictures": len(pictures),
        "names": pictures[:MOST_NAMED],
        "result": is_result(folder),
        "shortcuts": [{"name": path.name or str(path), "path": str(path)} for path in shortcuts()],
    }


def shortcuts() -> list[Path]:
    """Return folders that people keep pictures in, and cards and disks that are plugged in."""
    home = Path.home()
    return [p for p in (home, *(home / name for name in USUAL), *plugged_in()) if p.is_dir()]


def plugged_in() -> list[Path]:
    """Return cards and disks, where this system shows them."""
    if sys.platform == "win32":
        return [Path(drive) for drive in getattr(os, "listdrives", list)()]
    found: list[Path] = []
    for root in (Path("/media") / Path.home().name, Path("/run/media") / Path.home().name, VOLUMES):
        with suppress(OSError):
            found += sorted(path for path in root.iterdir() if not path.name.startswith("."))
    return found[:MOST_PLUGGED]


def is_result(folder: Path) -> bool:
    """Return whether a folder holds results of a run with a composite."""
    try:
        return (folder / "report.json").is_file() and bool(composites(folder))
    except OSError:
        return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
