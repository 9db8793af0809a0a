"""Whether a stack has been done already: by what went in, what was asked, and what came out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from focusstack.errors import InputError
from focusstack.frames.identity import digest
from focusstack.options import OutputOptions, StackOptions
from focusstack.plan.file import given_bytes
from focusstack.runtime.version import __version__
from focusstack.shoot.state import InputRecord, StackState

_ALIKE = {"folder", "overwrite", "resume", "threads", "memory", "plan", "dust", "max_megapixels"}
"""Options that change no byte of the results, or are told by the files that they name."""


def key_of(options: StackOptions, output: OutputOptions) -> str:
    """Return a digest of all that results depend on besides the frames.

    Raises
    ------
    InputError
        If a plan or a shot of dust cannot be read.
    """
    asked = {k: v for k, v in (asdict(options) | asdict(output)).items() if k not in _ALIKE}
    asked["version"] = __version__
    given = None if options.plan is None else given_bytes(options.plan)
    asked["plan"] = None if given is None else hashlib.sha256(given).hexdigest()
    asked["dust"] = None if options.dust is None else _digest(options.dust)
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()


def _digest(path: Path) -> str:
    try:
        return digest(path, sample=False).hex()
    except (OSError, ValueError) as error:
        told = (isinstance(error, OSError) and error.strerror) or "that is no name of a file"
        raise InputError(f"{path} cannot be read: {told}.", "Check its name.") from error


def readable(text: str) -> str:
    r"""Return text that any file can hold: bytes of a name that are not UTF-8 by their codes.

    >>> print(readable("a\udcff.jpg"))
    a\xff.jpg
    """
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def record_inputs(paths: Sequence[Path]) -> tuple[InputRecord, ...]:
    """Return what the files are now; those that are gone are left out."""
    found = []
    for path in paths:
        with suppress(OSError):
            told = path.stat()
            sha = digest(path, sample=False).hex()
            record = InputRecord(
                path=readable(str(path)), size=told.st_size, changed=told.st_mtime_ns, sha256=sha
            )
            found.append(record)
    return tuple(found)


def sizes_of(paths: Sequence[Path]) -> dict[str, int]:
    """Return the sizes of files by their names; those that are gone are left out."""
    found = {}
    for path in paths:
        with suppress(OSError):
            found[readable(path.name)] = path.stat().st_size
    return found


def same_inputs(paths: Sequence[Path], before: Sequence[InputRecord]) -> bool:
    """Whether files hold what they held; they are read only where size or time differ.

    Parameters
    ----------
    paths : sequence of path
        Files, wherever they lie now.
    before : sequence of InputRecord
        What was recorded of them, in their order.
    """
    if len(paths) != len(before):
        return False
    return all(_same(path, was) for path, was in zip(paths, before, strict=True))


def _same(path: Path, was: InputRecord) -> bool:
    if readable(path.name) != Path(was.path).name:
        return False
    try:
        told = path.stat()
        if told.st_size != was.size:
            return False
        return told.st_mtime_ns == was.changed or digest(path, sample=False).hex() == was.sha256
    except OSError:
        return False


def record_outputs(folder: Path) -> dict[str, int]:
    """Return the sizes of all files below a folder, by their paths in it."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def outputs_there(folder: Path, state: StackState) -> bool:
    """Whether all files that a stack gave are there, as large as they were.

    The report for people grows where somebody has retouched the picture.
    """
    try:
        return bool(state.outputs) and all(
            (folder / name).stat().st_size == size or name == "report.html"
            for name, size in state.outputs.items()
        )
    except (OSError, ValueError):
        return False


def report_digest(folder: Path) -> str:
    """Return a digest of the report in a folder of results; empty if there is none."""
    try:
        return digest(folder / "report.json", sample=False).hex()
    except OSError:
        return ""


def is_of_others(paths: Sequence[Path], state: StackState) -> bool:
    """Whether a state is of other pictures: none of the files is one of those that it tells of."""
    if state.inputs:
        named = {Path(was.path).name: was for was in state.inputs}
        known = [(path, readable(path.name)) for path in paths]
        return not any(name in named and _same(path, named[name]) for path, name in known)
    return bool(state.expected) and not state.expected.items() & sizes_of(paths).items()
