"""Which suffixes stand for which kind of file."""

from __future__ import annotations

from pathlib import Path

PLAIN = frozenset([".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff", ".webp", ".bmp"])
"""Pictures that are read without an extra."""

HEIF = frozenset([".heic", ".heif", ".hif", ".avif"])
"""Pictures that the extra ``[heic]`` reads."""

RAW = frozenset(
    [".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".sr2", ".srf", ".orf", ".raf", ".rw2"]
    + [".pef", ".srw", ".3fr", ".fff", ".iiq", ".rwl", ".x3f", ".mrw", ".erf", ".mef", ".mos"]
)
"""Sensor data that the extra ``[raw]`` develops."""

VIDEO = frozenset([".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mts", ".m2ts"])
"""Films of a focus sweep, that the extra ``[video]`` reads."""

PICTURES = PLAIN | HEIF | RAW
"""Suffixes, in lower case, of the files that are taken from a folder."""

READABLE = PICTURES | VIDEO
"""Suffixes, in lower case, of the files that may be named."""

_SAME = {".jpeg": ".jpg", ".jpe": ".jpg", ".tiff": ".tif", ".heif": ".heic", ".hif": ".heic"}


def kind(path: Path) -> str:
    """Suffix of `path` in lower case, one for each format."""
    suffix = path.suffix.lower()
    return _SAME.get(suffix, suffix)
