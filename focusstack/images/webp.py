"""Whether the data of a WebP end where its pixels do.

Its decoder takes what it needs and leaves the rest without a word. Where a bit is another, what
follows is cut up otherwise, and mostly comes to an end too soon; too late is an error anyway.
Sound data cannot do without their last bytes, which is tried.
"""

from __future__ import annotations

from typing import BinaryIO

from PIL.WebPImagePlugin import WebPImageFile

from focusstack.images.header import refuse_spare_end

SPARE = 8
"""Bytes at the end of sound data without which pixels are missing: writers fill up one or two, and
the decoder looks no further than these ahead. Follows from libwebp's 64 bits."""

_HEAD = 12
"""Bytes before the first chunk."""

_PIXELS = (b"VP8 ", b"VP8L")
"""Names of the chunks that hold pixels, with losses and without."""


def check_end(file: bytes) -> None:
    """Refuse a WebP whose data go on behind the last pixel.

    Parameters
    ----------
    file : bytes
        All of it, which the decoder has taken.

    Raises
    ------
    UnreadableError
        If it is damaged.
    """
    kind, data = _pixels(file)
    if len(data) <= 2 * SPARE:
        return
    shorter = data[:-SPARE]
    chunk = kind + len(shorter).to_bytes(4, "little") + shorter + bytes(len(shorter) % 2)
    body = b"WEBP" + chunk
    refuse_spare_end(WebPImageFile, b"RIFF" + len(body).to_bytes(4, "little") + body)


def is_lossless(file: BinaryIO) -> bool:
    """Tell whether the first chunk of pixels of an open WebP is of those without losses."""
    at = _HEAD
    while True:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or head[:4] in _PIXELS:
            return head[:4] == _PIXELS[1]
        size = int.from_bytes(head[4:], "little")
        at += 8 + size + size % 2


def _pixels(file: bytes) -> tuple[bytes, bytes]:
    """Return name and data of the chunk that holds the pixels; nothing if there is none."""
    at = _HEAD
    while at + 8 <= len(file):
        size = int.from_bytes(file[at + 4 : at + 8], "little")
        if file[at : at + 4] in _PIXELS:
            return file[at : at + 4], file[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    return b"", b""
