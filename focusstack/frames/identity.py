"""Whether files are still what they were, and whether two hold the same."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from focusstack.errors import InputError, leaving_out

_SAMPLE = 1 << 16
"""Bytes read at the start, middle and end of files of equal size before they are read in full."""


def identity(path: Path) -> tuple[int, int, int]:
    """Return what changes when a file does: its number, size and time of change.

    Raises
    ------
    InputError
        If the file is gone.
    """
    with _reading():
        found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def fingerprint(path: Path) -> tuple[int, int, str]:
    """Return size, time of change and a digest of samples: equal for the same file, later on.

    Raises
    ------
    InputError
        If the file is gone.
    """
    with _reading():
        found = path.stat()
        return found.st_size, found.st_mtime_ns, digest(path, sample=True).hex()


def refuse_copies(paths: Sequence[Path]) -> None:
    """Refuse two files with the same bytes, reading in full only those that look the same.

    Raises
    ------
    InputError
        Naming them.
    """
    with _reading():
        sampled = [(path.stat().st_size, digest(path, sample=True)) for path in paths]
        shared = {key for key, count in Counter(sampled).items() if count > 1}
        alike = [path for path, key in zip(paths, sampled, strict=True) if key in shared]
        full = [digest(path, sample=False) for path in alike]
    refuse_equal(full, [path.name for path in alike])


def refuse_equal(keys: Sequence[Hashable], names: Sequence[str]) -> None:
    """Refuse frames whose `keys` are equal.

    Raises
    ------
    InputError
        Naming them.
    """
    groups: dict[Hashable, list[str]] = defaultdict(list)
    for key, name in zip(keys, names, strict=True):
        groups[key].append(name)
    for same in groups.values():
        if len(same) > 1:
            raise InputError(
                f"{' and '.join(same)} hold the same picture.",
                "Keep one of them.",
                [leaving_out(same[1:], "To keep the first")],
            )


def refuse_changed(path: Path, before: tuple[int, int, int]) -> None:
    """Make sure that a file is as it was when `identity` told `before` of it.

    Raises
    ------
    InputError
        If it is not.
    """
    if identity(path) != before:
        raise InputError(
            f"{path} has changed while it was being worked on.",
            "Start again once nothing writes to it.",
        )


def digest(path: Path, *, sample: bool) -> bytes:
    """SHA-256 of a file, or of samples of it if it is large."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if not sample or size <= 3 * _SAMPLE:
            return hashlib.file_digest(file, "sha256").digest()
        found = hashlib.sha256()
        for place in (0, (size - _SAMPLE) // 2, size - _SAMPLE):
            file.seek(place)
            found.update(file.read(_SAMPLE))
        return found.digest()


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read: {error.strerror}.") from error
