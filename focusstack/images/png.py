"""PNG in: every part's checksum is looked at, and metadata are found wherever they stand.

EXIF and XMP may follow the pixels, and older programs write EXIF as text, in hexadecimal digits
(the "raw profiles" of ImageMagick). Source of the layout: PNG, third edition (W3C, 2025).
OpenCV decodes: on 12 MP it takes 0.21 s where Pillow takes 0.26 (8 bit), and it keeps 16 bit RGB.
"""

from __future__ import annotations

import io
import os
import zlib
from typing import BinaryIO, NamedTuple

import cv2
import numpy as np
from PIL.PngImagePlugin import PngImageFile

from focusstack.images.header import SINGLE, Header, UnreadableError, decoding
from focusstack.images.metadata import join_notes, metadata_of
from focusstack.images.opened import decode_by_opencv
from focusstack.numeric.arrays import Image

_MARK = b"\x89PNG\r\n\x1a\n"

_DESCRIBES = frozenset([b"IHDR", b"PLTE", b"tRNS", b"acTL", b"iCCP"])
"""Chunks by which Pillow knows what kind of picture it is."""

_SPEAKS = frozenset([b"eXIf", b"tEXt", b"zTXt", b"iTXt"])
"""Chunks that may hold EXIF or XMP."""

_MOST_TEXT = 1 << 24
"""Bytes of metadata in one chunk, unpacked or not, that are looked at: EXIF has 64 kB.

Chosen, not measured: a camera's notes and previews take a few megabytes at most.
"""

_EXIF_TEXTS = (b"Raw profile type exif", b"Raw profile type APP1")
_XMP_TEXTS = (b"XML:com.adobe.xmp", b"Raw profile type xmp")
"""Keywords of texts that hold EXIF and XMP."""


class _Chunk(NamedTuple):
    """A part of the file: its kind, and where its data are."""

    kind: bytes
    place: int
    length: int


def png_header(file: BinaryIO) -> Header:
    """Read the header of an open PNG file, and the metadata before and behind its pixels."""
    chunks, fault = _chunks(file)
    if fault is not None and not any(chunk.kind == b"IDAT" for chunk in chunks):
        raise fault  # it ends before the pixels begin: not even its metadata are known
    spoilt: list[bytes] = []
    described, spoken = bytearray(_MARK), []
    for chunk in chunks:
        if chunk.kind in _DESCRIBES | _SPEAKS and chunk.length <= _MOST_TEXT:
            data = _checked(file, chunk)
            if data is None:
                spoilt.append(chunk.kind)
            elif chunk.kind in _SPEAKS:
                spoken.append((chunk.kind, data))
            else:
                described += _packed(chunk.kind, data)
    if b"IHDR" in spoilt or b"PLTE" in spoilt:
        raise UnreadableError("is damaged (the checksum of its header is wrong)")
    with decoding():
        image = PngImageFile(io.BytesIO(bytes(described + _packed(b"IDAT", b""))))
        depth, colour = described[24], described[25]
    if getattr(image, "is_animated", False):
        raise UnreadableError("is an animation, not a single picture", SINGLE)
    exif, xmp = _spoken(spoken)
    metadata, note = metadata_of({**image.info, "exif": exif, "xmp": xmp})
    if spoilt:
        note = join_notes(note, "some metadata is damaged and left out")
    channels = 1 if colour in (0, 4) else 3
    dtype = np.dtype(np.uint16 if depth == 16 else np.uint8)

    def decode() -> Image:
        if fault is not None:
            raise fault
        _refuse_spoilt(file, chunks)
        return _pixels(file, channels)

    return Header(*image.size, channels, dtype, metadata, decode, note)


def _chunks(file: BinaryIO) -> tuple[list[_Chunk], UnreadableError | None]:
    """Return all whole parts of a PNG, and what speaks against decoding it."""
    end = file.seek(0, os.SEEK_END)
    found: list[_Chunk] = []
    place, kind = len(_MARK), b""
    while kind != b"IEND":
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            return found, UnreadableError("is damaged or truncated (it has no end)")
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if place + 12 + length > end:
            return found, UnreadableError("is damaged or truncated (a part lies beyond its end)")
        found.append(_Chunk(kind, place + 8, length))
        place += 12 + length
    return found, None


def _checked(file: BinaryIO, chunk: _Chunk) -> bytes | None:
    """Read a part; None if it is not what its checksum says."""
    file.seek(chunk.place)
    data = file.read(chunk.length + 4)
    body, told = data[: chunk.length], data[chunk.length :]
    return body if zlib.crc32(body, zlib.crc32(chunk.kind)) == int.from_bytes(told, "big") else None


def _refuse_spoilt(file: BinaryIO, chunks: list[_Chunk]) -> None:
    """Refuse a PNG whose pixels are not what their checksums say, before a decoder speaks up."""
    for chunk in chunks:
        if chunk.kind in (b"IDAT", b"tRNS") and _checked(file, chunk) is None:
            raise UnreadableError("is damaged (a checksum of its pixels is wrong)")


def _packed(kind: bytes, data: bytes) -> bytes:
    """Return a part as it stands in a file."""
    checksum = zlib.crc32(data, zlib.crc32(kind))
    return len(data).to_bytes(4, "big") + kind + data + checksum.to_bytes(4, "big")


def _pixels(file: BinaryIO, channels: int) -> Image:
    # Grey with alpha comes as BGRA with three equal channels.
    pixels = decode_by_opencv(file, cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    if pixels.ndim == 2:
        return pixels if channels == 1 else np.repeat(pixels[..., None], 3, 2)
    if channels == 1:
        return np.ascontiguousarray(pixels[..., 2:] if pixels.shape[2] == 4 else pixels[..., 0])
    code = cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return cv2.cvtColor(pixels, code)


def _spoken(chunks: list[tuple[bytes, bytes]]) -> tuple[bytes | None, bytes | None]:
    """EXIF and XMP in these parts; a chunk of its own goes before text."""
    exif, xmp = None, None
    for kind, data in chunks:
        if kind == b"eXIf":
            exif = data
            continue
        keyword = data.partition(b"\0")[0]
        if keyword in _EXIF_TEXTS and exif is None:
            exif = _of_digits(_text(kind, data))
        elif keyword in _XMP_TEXTS and xmp is None:
            text = _text(kind, data)
            xmp = text if keyword == _XMP_TEXTS[0] else _of_digits(text)
    return exif, xmp


def _text(kind: bytes, data: bytes) -> bytes:
    """Return the text of a chunk, unpacked; nothing if it is damaged or far too long."""
    rest = data.partition(b"\0")[2]
    packed = kind == b"zTXt"
    if kind == b"iTXt":
        packed = rest[:1] == b"\1"
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    elif packed:
        rest = rest[1:]
    if not packed:
        return rest
    try:
        return zlib.decompressobj().decompress(rest, _MOST_TEXT)
    except zlib.error:
        return b""


def _of_digits(text: bytes) -> bytes | None:
    """Return what a raw profile holds: a name, a length, then hexadecimal digits, line by line."""
    lines = text.split(b"\n")
    try:
        data = bytes.fromhex(b"".join(lines[3:]).decode("ascii"))
    except ValueError:
        return None
    # The segment of a JPEG may stand there as it was, with the name of what it holds.
    return data.removeprefix(b"http://ns.adobe.com/xap/1.0/\0") or None
