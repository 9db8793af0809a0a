"""The log: all that is said, once more in a file, with the time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from io import FileIO
from pathlib import Path

from focusstack.errors import OutputExistsError
from focusstack.runtime.files import output_errors

STAMP = "%Y-%m-%d %H:%M:%S"

_OPEN: list[FileIO] = []
"""The file that is written to; none without ``--log``."""


@contextmanager
def logging_to(path: Path | None) -> Iterator[None]:
    """Write all that is said to the end of a file while the block lasts; to none if not given.

    Raises
    ------
    OutputError
        If it cannot be written, or is another's: only what has grown by this is written to.
    """
    if path is None:
        yield
        return
    with output_errors(path, "Choose another --log."):
        if path.is_file() and not _is_log(path):
            raise OutputExistsError(f"{path} is no log of this program", "Choose another --log.")
        file = path.open("ab", buffering=0)  # what is full would say so again when it is closed
    with file:
        _OPEN.append(file)
        try:
            yield
        finally:
            _OPEN.remove(file)


def _is_log(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(20).decode("ascii", "replace")
    return not head or bool(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ?", head))


def log(text: str) -> None:
    """Add lines to the log, if there is one; a disk that is full is no reason to end."""
    for file in _OPEN:
        with suppress(OSError, ValueError):
            now = datetime.now().astimezone().strftime(STAMP)
            lines = "".join(f"{now} {line}\n" for line in text.splitlines())
            file.write(lines.encode("utf-8", "backslashreplace"))
