"""A shoot as a table that people edit: a row for each picture, with its stack and why it begins.

What comes back was edited by anybody and anything: nothing of it is believed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from focusstack.errors import InputError
from focusstack.images.suffixes import READABLE, VIDEO
from focusstack.runtime.files import write_atomically
from focusstack.shoot.shots import read_shots
from focusstack.shoot.splitting import Stack
from focusstack.shoot.stack_names import NamedStack, safe_name

COLUMNS = ("stack", "file", "sure", "reason")
"""Of the table."""

MOST_BYTES, MOST_ROWS = 64 << 20, 1_000_000
"""What a table may hold. Chosen: a hundred times the largest shoots."""

_FORMULA = ("=", "+", "-", "@")
"""How a cell begins that spreadsheets take for a formula."""


def stacks_table(stacks: Sequence[NamedStack], root: Path) -> str:
    """Return the table of stacks whose files lie below `root`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for named in stacks:
        doubts = {doubt.at: doubt for doubt in named.stack.doubts}
        for k, path in enumerate(named.stack.paths):
            sure, reason = "yes", ""
            if k == 0 and named.stack.begins is not None:
                sure, reason = _told(named.stack.begins.sure), named.stack.reason
            elif k in doubts:
                sure, reason = "no", "perhaps: " + "; ".join(doubts[k].reasons)
            writer.writerow([named.name, _cell(_relative(path, root)), sure, _cell(reason)])
    return out.getvalue()


def write_stacks(path: Path, stacks: Sequence[NamedStack], root: Path) -> None:
    """Write the table.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    write_atomically(path, stacks_table(stacks, root).encode("utf-8", "surrogateescape"))


def _told(sure: bool) -> str:
    return "yes" if sure else "no"


def _relative(path: Path, root: Path) -> str:
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.as_posix()


def _cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula; a path stays the same path."""
    return f"./{text}" if text.startswith(_FORMULA) else text


def read_stacks(path: Path, roots: Sequence[Path]) -> list[NamedStack]:
    """Return the stacks of an edited table: rows of one name, in their order.

    Parameters
    ----------
    path : path
        The table, with columns ``stack`` and ``file``; others are passed over.
    roots : sequence of path
        Below which all files have to lie; relative paths count from the first.

    Raises
    ------
    InputError
        If it is no such table, or names what is no picture below a root, or one twice; with the
        number of the row.
    """
    groups: dict[str, list[Path]] = {}
    called: dict[str, str] = {}
    seen: dict[Path, int] = {}
    homes = [root.resolve() for root in roots]
    for row, name, file in _rows(path, ("stack", "file")):
        if not name or not file:
            continue
        found = _checked(path, row, homes, roots[0] / file)
        if found in seen:
            raise _wrong(path, row, f"{file} is in row {seen[found]}, too", "Name each file once.")
        seen[found] = row
        key = safe_name(name).casefold()
        groups.setdefault(key, []).append(roots[0] / file)
        first = called.setdefault(key, name)
        if first.casefold() != name.casefold():
            told = f"{name:.80} and {first:.80} would get one folder, {safe_name(name)}"
            raise _wrong(path, row, told, "Give them names that differ in letters or digits.")
    if not groups:
        raise InputError(f"{path} names no picture.", "Fill in its columns stack and file.")
    return [
        NamedStack(safe_name(called[key]), Stack(tuple(read_shots(files))))
        for key, files in groups.items()
        if len(files) > 1 or files[0].suffix.lower() in VIDEO
    ]


def read_catalogue(path: Path) -> dict[str, str]:
    """Return names by files from a table with columns ``file`` and ``name``.

    A file is named with or without suffix; keys are folded to one case.

    Raises
    ------
    InputError
        If it is no such table.
    """
    found: dict[str, str] = {}
    for row, file, name in _rows(path, ("file", "name")):
        if not file or not name:
            continue
        key = Path(file.replace("\\", "/")).name.casefold()
        if found.get(key, name) != name:
            raise _wrong(path, row, f"{file} has two names", "Name each file once.")
        if not name.isprintable() or len(name) > 200:
            raise _wrong(path, row, "its name is too long, or holds what is no letter")
        found[key] = name
    return found


def _rows(path: Path, wanted: tuple[str, str]) -> list[tuple[int, str, str]]:
    """Number, and two cells, of every row of a table."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Check its name.") from error
    if len(data) > MOST_BYTES:
        raise InputError(f"{path} is larger than any table of stacks.", "Check its name.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not text in UTF-8.", "Save it as CSV UTF-8.") from error
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InputError(f"{path} is no table: {error}.", "Save it as CSV UTF-8.") from error
    head = [cell.strip().casefold() for cell in table[0]] if table else []
    if any(head.count(column) != 1 for column in wanted) or len(table) > MOST_ROWS:
        raise InputError(
            f"{path} is no table with columns {wanted[0]} and {wanted[1]}.",
            "Begin from what focusstack split --csv writes.",
        )
    places = [head.index(column) for column in wanted]
    first_place, other_place = places
    return [(k, _at(row, first_place), _at(row, other_place)) for k, row in enumerate(table[1:], 2)]


def _at(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


def _checked(path: Path, row: int, homes: Sequence[Path], file: Path) -> Path:
    """The file itself, if it is a picture below a root."""
    try:
        real = file.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise _wrong(path, row, "its file has no possible name") from error
    if not any(real.is_relative_to(home) for home in homes):
        raise _wrong(path, row, f"{file} does not lie in the folders given", "Name them, too.")
    if real.suffix.lower() not in READABLE or not real.is_file():
        raise _wrong(path, row, f"{file} is no picture that can be read", "Check its name.")
    return real


def _wrong(path: Path, row: int, what: str, remedy: str = "Check the row.") -> InputError:
    return InputError(f"{path}, row {row}: {what:.300}.", remedy)
