"""EXIF corrected in place: what an edited picture must say of itself, everything else as it was.

Corrections keep every offset valid – those that makers hide in their notes too – and the first
directory is rewritten at the end.
"""

from __future__ import annotations

import contextlib
import struct

from focusstack.images import ifd
from focusstack.images.tags import (
    COMPOSITE,
    EXIF,
    HEIGHT,
    ORIENTATION,
    PIXEL_HEIGHT,
    PIXEL_WIDTH,
    SOFTWARE,
    SOURCES,
    THUMBNAIL_LENGTH,
    THUMBNAIL_OFFSET,
    WIDTH,
)


def correct_exif(exif: bytes | None, width: int, height: int, software: str) -> bytes:
    """Correct EXIF for a picture that has been edited.

    The orientation becomes 1, the size that of the output, the software `software`; the embedded
    thumbnail is emptied, since it shows another picture. Everything else keeps its bytes and its
    place.

    Raises
    ------
    ExifError
        If `exif` is damaged.
    """
    if exif is None:
        exif = ifd.serialise(ifd.Directory(), "<")
    order, start = ifd.header(exif)
    following = ifd.records(exif, start, order)[1]
    out = _remove_thumbnail(exif, following) if following else bytearray(exif)
    tags, _ = ifd.records(out, start, order)
    if EXIF in tags:
        _resize(out, order, ifd.value(out, tags[EXIF], order), width, height)
    lines = {tag: bytes(out[at : at + 12]) for tag, at in tags.items()}
    for tag, size in ((WIDTH, width), (HEIGHT, height)):
        if tag in lines:
            lines[tag] = struct.pack(order + "HHII", tag, ifd.LONG, 1, size)
    lines[ORIENTATION] = struct.pack(order + "HHIHH", ORIENTATION, ifd.SHORT, 1, 1, 0)
    name = software.encode() + b"\0"
    out += b"\0" * (len(out) % 2)
    lines[SOFTWARE] = struct.pack(order + "HHII", SOFTWARE, ifd.ASCII, len(name), len(out))
    out += name + b"\0" * (len(name) % 2)
    out[4:8] = struct.pack(order + "I", len(out))
    body = b"".join(lines[tag] for tag in sorted(lines))
    return bytes(out) + struct.pack(order + "H", len(lines)) + body + b"\0\0\0\0"


def set_orientation(exif: bytes, orientation: int) -> bytes:
    """Return EXIF with this orientation."""
    order, start = ifd.header(exif)
    tags, following = ifd.records(exif, start, order)
    line = struct.pack(order + "HHIHH", ORIENTATION, ifd.SHORT, 1, orientation, 0)
    if ORIENTATION in tags:
        at = tags[ORIENTATION]
        return exif[:at] + line + exif[at + 12 :]
    lines = {tag: exif[at : at + 12] for tag, at in tags.items()} | {ORIENTATION: line}
    out = exif + b"\0" * (len(exif) % 2)
    head = out[:4] + struct.pack(order + "I", len(out)) + out[8:]
    body = b"".join(lines[tag] for tag in sorted(lines))
    return head + struct.pack(order + "H", len(lines)) + body + struct.pack(order + "I", following)


def set_frame_count(exif: bytes, frames: int, used: int) -> bytes:
    """Say that the picture is made of several: CompositeImage 2, with the two numbers.

    Source: Exif 2.32, tags A460 and A461. The Exif directory moves to the end; the values that it
    points to stay where they are.
    """
    order, start = ifd.header(exif)
    out = bytearray(exif + b"\0" * (len(exif) % 2))
    tags, following = ifd.records(exif, start, order)
    lines = {tag: bytes(exif[at : at + 12]) for tag, at in tags.items()}
    inner: dict[int, bytes] = {}
    if EXIF in lines:
        inner_start = struct.unpack(order + "I", ifd.value(exif, tags[EXIF], order).data[:4])[0]
        found, _ = ifd.records(exif, inner_start, order)
        inner = {tag: bytes(exif[at : at + 12]) for tag, at in found.items()}
    counts = (min(frames, 65535), min(used, 65535))
    inner[COMPOSITE] = struct.pack(order + "HHIHH", COMPOSITE, ifd.SHORT, 1, 2, 0)
    inner[SOURCES] = struct.pack(order + "HHIHH", SOURCES, ifd.SHORT, 2, *counts)
    lines[EXIF] = struct.pack(order + "HHII", EXIF, ifd.LONG, 1, len(out))
    for of_one, then in ((inner, 0), (lines, following)):
        place = len(out)
        body = b"".join(of_one[tag] for tag in sorted(of_one))
        out += struct.pack(order + "H", len(of_one)) + body + struct.pack(order + "I", then)
    out[4:8] = struct.pack(order + "I", place)
    return bytes(out)


def _resize(out: bytearray, order: str, pointer: ifd.Field, width: int, height: int) -> None:
    """Overwrite the pixel dimensions of the Exif directory that `pointer` points to."""
    if len(pointer.data) != 4:
        return
    tags, _ = ifd.records(out, struct.unpack(order + "I", pointer.data)[0], order)
    for tag, size in ((PIXEL_WIDTH, width), (PIXEL_HEIGHT, height)):
        if tag in tags:
            out[tags[tag] : tags[tag] + 12] = struct.pack(order + "HHII", tag, ifd.LONG, 1, size)


def _remove_thumbnail(exif: bytes, following: int) -> bytearray:
    """Cut off the thumbnail that the directory at `following` describes, or blank it.

    It stays where that would touch anything else: nothing points to it any more.
    """
    order, start = ifd.header(exif)
    try:
        second = ifd.parse(exif, following, order)
    except ifd.ExifError:
        return bytearray(exif)
    place, length = (ifd.number(second, t, order) for t in (THUMBNAIL_OFFSET, THUMBNAIL_LENGTH))
    if not place or not length:
        return bytearray(exif)
    begin, end = int(place), min(int(place + length), len(exif))
    kept = ifd.parse(exif, start, order)
    for shorter in (exif[:begin], exif[:begin] + bytes(max(end - begin, 0)) + exif[end:]):
        with contextlib.suppress(ifd.ExifError):
            if ifd.header(shorter) == (order, start) and ifd.parse(shorter, start, order) == kept:
                return bytearray(shorter)
    return bytearray(exif)
