"""Whether the data of an AVIF end where its pixels do.

AV1 is coded arithmetically: where a bit is another, all that follows is decoded to something else,
and takes more or fewer bits than there are. More is an error, which the decoder tells; of fewer
it says nothing. Sound data cannot do without their last bytes, which is tried: that many are turned
into an OBU of padding, which means nothing, so that no other number in the file changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from PIL.AvifImagePlugin import AvifImageFile

from focusstack.images.header import refuse_spare_end

SPARE = 8
"""Bytes at the end of sound data without which pixels are missing: of 100 sound files of seven
scenes none could do without three, zeros at the end not counted; of 108 damaged ones that the
decoder had taken each could do without 24 (``python -m benchmarks.adversary rotten --only avif``).
"""

_FRAME, _TILES, _PADDING = 6, 4, 15
"""Types of OBU (AV1 specification, 6.2.2)."""

_ITEMS = 2
"""Items of a file that are looked at, the largest first: colour and transparency. More are parts of
one picture, and each would be decoded once more."""

_MOST = 256
"""Items, and OBUs of each, that are looked at in one file: sound files with pixels in one piece
have a handful. Chosen, not measured."""

_LONGEST = 8
"""Bytes of a number in an OBU at most (AV1 specification, 4.10.5)."""


class _Part(NamedTuple):
    """Where a payload and its length stand in a file.

    Attributes
    ----------
    length_at, length_bytes : int
        Of the number that tells the length, and how many bytes it takes.
    end : int
        Behind the payload.
    size : int
        Bytes of it.
    """

    length_at: int
    length_bytes: int
    end: int
    size: int


def check_end(file: bytes) -> None:
    """Refuse an AVIF whose data go on behind the last pixel.

    Parameters
    ----------
    file : bytes
        All of it, which the decoder has taken.

    Raises
    ------
    UnreadableError
        If it is damaged.
    """
    found = sorted(_coded_parts(file), key=lambda part: -part.size)
    for part in found[:_ITEMS]:
        if part.size <= 2 * SPARE:
            continue
        spare = SPARE + _zeros_before(file, part.end)
        if spare >= part.size or spare >= 1 << 14:
            continue
        refuse_spare_end(AvifImageFile, _without(file, part, spare))


def _zeros_before(file: bytes, end: int) -> int:
    """Count the zeros with which some writers fill up."""
    return end - len(file[:end].rstrip(b"\0"))


def _without(file: bytes, part: _Part, spare: int) -> bytes:
    """Return a file whose payload ends some bytes sooner, with padding in their place."""
    out = bytearray(file)
    at = part.length_at
    out[at : at + part.length_bytes] = _number(part.size - spare, part.length_bytes)
    # Header with a length, the length in two bytes, and a payload that ends with a set bit.
    padding = bytes([_PADDING << 3 | 2]) + _number(spare - 3, 2) + b"\x80" + bytes(spare - 4)
    out[part.end - spare : part.end] = padding
    return bytes(out)


def _number(value: int, count: int) -> bytes:
    """Encode a number in so many bytes, seven bits each, the lowest first."""
    bits = [(value >> (7 * k)) & 127 for k in range(count)]
    return bytes(bit | (128 if k < count - 1 else 0) for k, bit in enumerate(bits))


def _coded_parts(file: bytes) -> Iterator[_Part]:
    """Yield the last part of the pixels of each item that holds coded ones."""
    for start, end in _items(file):
        last = None
        for kind, part in _obus(file, start, end):
            if part is None:
                last = None
                break
            if kind in (_FRAME, _TILES):
                last = part
        if last is not None:
            yield last


def _obus(file: bytes, at: int, end: int) -> Iterator[tuple[int, _Part | None]]:
    """Yield type and place of each OBU; no place where it is none, which ends it."""
    for _ in range(_MOST):
        if at >= end:
            return
        head = file[at]
        number_at = at + 1 + (head >> 2 & 1)
        size = count = 0
        for count in range(1, _LONGEST + 1):
            if number_at + count > end:
                break
            byte = file[number_at + count - 1]
            size |= (byte & 127) << (7 * (count - 1))
            if not byte & 128:
                break
        at = number_at + count + size
        if head & 0x80 or not head & 2 or at > end:
            yield 0, None
            return
        yield head >> 3 & 15, _Part(number_at, count, at, size)


def _items(file: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the items lie that are in one piece (ISO/IEC 14496-12, 8.11.3)."""
    found = file.find(b"iloc")
    box = file[found + 4 : found + int.from_bytes(file[found - 4 : found], "big") - 4]
    if found < 4 or len(box) < 8 or box[0] > 2:
        return
    version, widths = box[0], (box[4] >> 4, box[4] & 15, box[5] >> 4)
    index = box[5] & 15 if version else 0
    at, wide = 6, 4 if version == 2 else 2

    def take(count: int) -> int:
        nonlocal at
        at += count
        return int.from_bytes(box[at - count : at], "big")

    for _ in range(min(take(wide), _MOST)):
        take(wide)  # its number
        method = take(2) & 15 if version else 0
        take(2)  # the file that it is in
        base, pieces = take(widths[2]), take(2)
        for _ in range(min(pieces, _MOST)):
            take(index)
            start, size = base + take(widths[0]), take(widths[1])
            if method == 0 and pieces == 1 and at <= len(box) and start + size <= len(file):
                yield start, start + size
        if at > len(box):
            return
