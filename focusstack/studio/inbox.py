"""Pictures dropped on the page: brought to a folder of their own, none of them half."""

from __future__ import annotations

import datetime
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from focusstack.errors import InputError, OutputError
from focusstack.images.suffixes import READABLE
from focusstack.runtime.files import output_errors, replacing

MOST_BYTES = 8 << 30
"""Bytes of one file: more than any picture or film of a sweep. Chosen, not measured."""


def inbox_folder() -> Path:
    """Return where pictures are brought that are dropped, unless told otherwise."""
    pictures = Path.home() / "Pictures"
    return (pictures if pictures.is_dir() else Path.home()) / "focusstack"


def safe_file_name(name: str) -> str:
    """Return a name as that of a picture in one folder.

    Raises
    ------
    InputError
        If it is none, or of no picture.

    Examples
    --------
    >>> safe_file_name("IMG 1.JPG")
    'IMG 1.JPG'
    """
    plain = re.split(r"[/\\]", name)[-1].strip()
    bad = any(not c.isprintable() or c in '<>:"|?*' for c in plain)
    if not plain or plain.startswith(".") or bad or len(plain.encode()) > 200:
        raise InputError(f"{name[:80]!r} is no name for a picture", "Give it another name.")
    if Path(plain).suffix.lower() not in READABLE:
        raise InputError(f"{plain} is no picture that is read", "Drop pictures alone.")
    return plain


def plain_folder_name(name: str) -> str:
    """Return a name as that of one folder; empty if nothing is left of it.

    Examples
    --------
    >>> plain_folder_name("../100CANON")
    '100CANON'
    """
    return re.sub(r"[^\w. -]", "", name)[:60].strip(" .")


class Inbox:
    """Folders that dropped pictures are brought to.

    Parameters
    ----------
    home : path
        In which a folder is made for each drop; from where the program runs, if it is relative.
    """

    def __init__(self, home: Path) -> None:
        self.home = home.absolute()  # the page opens folders by whole paths alone
        self._open: dict[str, Path] = {}

    def begin(self, name: str) -> str:
        """Make a folder for a drop; return what it is called in addresses.

        Parameters
        ----------
        name : str
            Of what was dropped, if it has one.

        Raises
        ------
        OutputError
            If it cannot be made.
        """
        today = datetime.datetime.now().strftime("%Y-%m-%d %H.%M")  # as people name folders
        wanted = plain_folder_name(name) or today
        folder, again = self.home / wanted, 1
        with output_errors(self.home):
            self.home.mkdir(parents=True, exist_ok=True)
            while True:
                try:
                    folder.mkdir()
                    break
                except FileExistsError:
                    again += 1
                    folder = self.home / f"{wanted} {again}"
        key = secrets.token_urlsafe(9)
        self._open[key] = folder
        return key

    def folder(self, key: str) -> Path:
        """Return the folder of a drop; KeyError if there is none."""
        return self._open[key]

    async def take(
        self, key: str, name: str, parts: AsyncIterator[bytes], inside: str = ""
    ) -> None:
        """Bring a file into the folder of a drop; it has its name once it is complete.

        Parameters
        ----------
        key : str
            Of the drop.
        name : str
            Of the file.
        parts : async iterator of bytes
            What it holds.
        inside : str, optional
            Folder in that of the drop: two may hold files of one name.

        Raises
        ------
        InputError
            If its name is none for a picture.
        OutputError
            If there is such a file already, or it cannot be written.
        """
        folder = self.folder(key) / plain_folder_name(inside)
        target = folder / safe_file_name(name)
        with output_errors(folder):
            folder.mkdir(exist_ok=True)
        if target.exists():
            raise OutputError(f"{target.name} is there already", "Drop each picture once.")
        with replacing(target) as file:
            size = 0
            async for data in parts:
                size += len(data)
                if size > MOST_BYTES:
                    raise OutputError(f"{target.name} is too large", "Pick its folder.")
                file.write(data)
