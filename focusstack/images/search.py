"""Which files make up a stack, and in what order."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from focusstack.errors import InputError
from focusstack.images.read import READABLE, probe


def natural_key(name: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Sort key that puts ``IMG_2`` before ``IMG_10``, whatever the case of the letters.

    Names that differ in case or leading zeros only are ordered by their characters, so that the
    order never depends on the order of the input.
    """
    parts = re.findall(r"[0-9]+|[^0-9]+", name.casefold())
    return tuple((0, int(p), "") if p[0] in "0123456789" else (1, 0, p) for p in parts), name


class Found(NamedTuple):
    """What `survey` found: files to use, in natural order, and files left out."""

    files: list[Path]
    skipped: list[Path]


def survey(inputs: Sequence[str | Path]) -> Found:
    """Collect picture files from folders, files and glob patterns.

    Parameters
    ----------
    inputs : sequence of path
        Folders (not searched below their first level), files, or patterns such as ``*.jpg``.

    Returns
    -------
    Found
        Files in natural order of their names. From folders and patterns, hidden files are passed
        over in silence; files of other formats and composites that this program wrote earlier
        (``fused.*``) are listed as skipped.

    Raises
    ------
    InputError
        If an input does not exist or matches nothing, a named file is of another format, a file is
        given twice, or nothing is left.
    """
    files: list[Path] = []
    skipped: list[Path] = []
    for given in inputs:
        for path, named in _candidates(Path(given)):
            if named and path.suffix.lower() not in READABLE:
                raise InputError(
                    f"{path} is of a format that is not read.",
                    f"Use {', '.join(sorted(READABLE))} files.",
                )
            usable = named or (path.suffix.lower() in READABLE and not _is_composite(path))
            (files if usable else skipped).append(path)
    if not files:
        raise InputError(
            f"No pictures found in {', '.join(str(i) for i in inputs) or 'no input'}.",
            f"Name a folder or files of these formats: {', '.join(sorted(READABLE))}.",
        )
    _refuse_repeated(files)
    files.sort(key=lambda path: (natural_key(path.name), natural_key(str(path))))
    return Found(files, sorted(set(skipped), key=lambda path: natural_key(str(path))))


def find_files(inputs: Sequence[str | Path]) -> list[Path]:
    """Return the files of `survey` alone."""
    return survey(inputs).files


def _candidates(given: Path) -> list[tuple[Path, bool]]:
    """Files behind one input, each with whether it has been named outright."""
    if given.is_dir():
        inside = sorted(given.iterdir())
    elif given.exists():
        return [(given, True)]
    elif glob.has_magic(str(given)):
        inside = sorted(Path(name) for name in glob.glob(str(given), recursive=True))  # noqa: PTH207 - absolute patterns too
    else:
        raise InputError(f"{given} does not exist.", "Check its name.")
    return [(p, False) for p in inside if p.is_file() and not p.name.startswith(".")]


def _is_composite(path: Path) -> bool:
    """Whether `path` is the ``fused`` picture of an earlier run of this program."""
    if path.stem.casefold() != "fused":
        return False
    try:
        return probe(path).metadata.software.startswith("focusstack ")
    except InputError:
        return False  # not ours; reading it will say what is wrong


def _refuse_repeated(files: Sequence[Path]) -> None:
    seen: set[Path] = set()
    for path in files:
        real = path.resolve()
        if real in seen:
            raise InputError(f"{path} is given twice.", "Name each frame once.")
        seen.add(real)
