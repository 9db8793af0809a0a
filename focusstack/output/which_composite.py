"""Which picture in a folder of results is the composite."""

from __future__ import annotations

from pathlib import Path

from focusstack.errors import InputError
from focusstack.frames.choice import MAPS
from focusstack.images.write import SUFFIXES
from focusstack.output.paths import ALIGNED, USUAL_NAME

NO_COMPOSITES = ("retouched", *MAPS, ALIGNED)
"""How names end of what else lies in a folder of results."""


def composites(folder: Path) -> list[Path]:
    """Return the pictures in a folder of results that may be its composite.

    Those called ``fused``; where there are none (``--name``), all that are neither maps nor
    retouched.
    """
    try:
        files = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in SUFFIXES]
    except OSError:
        return []
    usual = [p for p in files if p.stem == USUAL_NAME]
    others = [p for p in files if not p.stem.endswith(NO_COMPOSITES)]
    return [p for p in usual or others if p.is_file()]


def find_composite(folder: Path) -> Path:
    """Return the composite in a folder of results; the newest, if several formats were written.

    Raises
    ------
    InputError
        If there is none.
    """
    found = composites(folder)
    if not found:
        raise InputError(
            f"{folder} holds no composite",
            "Give the folder that `focusstack run` has written, without --no-fuse.",
        )
    return max(found, key=_changed)


def _changed(path: Path) -> int:
    """When a file was changed; 0 if it has gone meanwhile, as whoever reads it will tell."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
