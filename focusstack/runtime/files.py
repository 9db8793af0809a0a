"""Files that appear complete or not at all, and why one could not be written."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from focusstack.errors import OutputError
from focusstack.runtime.cleanup import remove_if_ended

_REASONS = {
    errno.ENOSPC: ("the disk is full", "Free some space or choose another --output."),
    errno.EDQUOT: ("your disk quota is used up", "Free some space or choose another --output."),
    errno.EROFS: ("the disk is read-only", "Choose another --output."),
    errno.EACCES: ("you may not write there", "Choose another --output or change its permissions."),
    errno.EPERM: ("you may not write there", "Choose another --output or change its permissions."),
    errno.ENOENT: ("its folder does not exist", "Create the folder first."),
    errno.ENOTDIR: ("its folder is a file", "Choose another --output."),
    errno.EISDIR: ("a folder of that name exists", "Choose another --output or remove the folder."),
    errno.EEXIST: ("a file of that name exists", "Choose another --output or remove the file."),
    errno.EMFILE: ("too many files are open", "Raise the limit on open files (ulimit -n)."),
    errno.ENFILE: ("too many files are open", "Close other programs, then start again."),
    errno.ENAMETOOLONG: ("its name is too long", "Choose a shorter --output."),
    errno.EFBIG: ("the file is too large for the disk", "Choose another --output."),
}


def write_atomically(path: str | Path, data: bytes) -> None:
    """Write `data` to `path`, which holds either all of it or what it held before.

    Raises
    ------
    OutputError
        If it cannot be written; says why.
    """
    with replacing(Path(path)) as file:
        file.write(data)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary beside `path` that takes its name once the block ends without an error."""
    part = path.with_name(f".{path.name[:60]}.part-{secrets.token_hex(4)}")
    try:
        with remove_if_ended(lambda: part.unlink(missing_ok=True)), part.open("xb+") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            part.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _explained(path, error) from error
        raise


def remove_halves(folder: Path, names: Iterable[str]) -> None:
    """Remove what `replacing` had not finished when its program was killed.

    Parameters
    ----------
    folder : path
        That nobody else writes to now.
    names : iterable of str
        Of the files that were being written, as patterns.
    """
    for name in names:
        for part in folder.glob(f".{name}.part-{'[0-9a-f]' * 8}"):
            with contextlib.suppress(OSError):
                part.unlink()


@contextlib.contextmanager
def output_errors(path: Path, remedy: str = "") -> Iterator[None]:
    """Turn what the system says about writing `path` into an OutputError with a remedy."""
    try:
        yield
    except OSError as error:
        raise _explained(path, error, remedy) from error


def _explained(path: Path, error: OSError, instead: str = "") -> OutputError:
    reason, remedy = _REASONS.get(
        error.errno or 0, (error.strerror or str(error), "Choose another --output.")
    )
    return OutputError(f"{path} cannot be written: {reason}", instead or remedy)
