"""What composites are called: a name, or a pattern with what is known of the frames."""

from __future__ import annotations

import string
from pathlib import Path

from focusstack.errors import UsageError
from focusstack.frames.sources import FrameSource
from focusstack.runtime.alike import did_you_mean

FIELDS = ("folder", "first", "last", "frames", "method")
"""What may stand between braces: names of the folder of the frames, and of the first and the last
of them without suffix, how many there are, and the fusion method."""

LONGEST = 200
"""Bytes of a name without suffix: disks allow 255, and maps and unfinished files add some to it."""


def expanded_name(pattern: str, frames: FrameSource, method: str) -> str:
    """Return what a pattern such as ``{folder}`` means for these frames.

    Raises
    ------
    UsageError
        If it holds an unknown field, or what it means is no file name.

    Examples
    --------
    >>> import numpy as np
    >>> from focusstack.frames.in_memory import ArrayFrames
    >>> frames = ArrayFrames([np.full((64, 64), k, np.uint8) for k in (1, 2)])
    >>> expanded_name("stack of {frames}, {method}", frames, "auto")
    'stack of 2, auto'
    """
    given = _fields(pattern)
    paths, names = list(frames.paths), list(frames.names)
    folder = Path(paths[0]).absolute().parent.name if paths else "frames"
    values = {
        "folder": folder or "frames",
        "first": Path(names[0]).stem,
        "last": Path(names[-1]).stem,
        "frames": str(len(names)),
        "method": method,
    }
    for name in given:
        if name not in values:
            meant = did_you_mean(name, {one: f"{{{one}}}" for one in FIELDS})
            raise UsageError(
                f"--name knows nothing of {{{name}}}",
                meant or f"It knows {', '.join(f'{{{one}}}' for one in FIELDS)}.",
            )
    return check_name(pattern.format(**values))


def check_name(name: str) -> str:
    """Return a name that can be that of a file, without suffix.

    Raises
    ------
    UsageError
        If it cannot.
    """
    odd = any(c in '/\\:*?"<>|' or not c.isprintable() for c in name)
    if not name.strip() or odd or name.startswith(".") or len(name.encode()) > LONGEST:
        raise UsageError(
            f"{name:.60} cannot be the name of a file",
            "Give letters, digits and spaces, and fields such as {folder}.",
        )
    return name


def _fields(pattern: str) -> list[str]:
    try:
        parsed = list(string.Formatter().parse(pattern))
    except ValueError as error:
        raise UsageError(
            f"--name {pattern} has a brace without its other half", "As in --name '{folder}'"
        ) from error
    return [f"{field}{spec and ':' + spec}" for _, field, spec, _ in parsed if field is not None]
