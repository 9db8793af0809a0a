"""JPEG in: header by Pillow, pixels by TurboJPEG, which tells what it finds damaged.

A decoder goes on where the data of a JPEG makes no sense, and fills what is missing with grey. The
words in which libjpeg tells so are kept with the picture. TurboJPEG gives the same pixels as OpenCV
and takes as long (12 megapixels: 0.056 s of one core each), but OpenCV says those words to the
terminal only.
"""

from __future__ import annotations

import os
from typing import BinaryIO

import cv2
import numpy as np
from PIL.JpegImagePlugin import JpegImageFile

from focusstack.images.header import CONVERT, Header, UnreadableError, decoding
from focusstack.images.metadata import metadata_of
from focusstack.numeric.arrays import Image

_LAST = 1 << 12
"""Bytes at the end of a JPEG in which its end is looked for first."""

_BLOCK = 8
"""Rows and columns of a JPEG's blocks."""

_HARMLESS = ("Invalid SOS parameters", "Unknown Adobe color transform", "unknown JFIF revision")
"""How warnings begin that are about what some cameras write, not about pixels."""

_UNKNOWN_SUBSAMPLING = "subsampling"
"""In what TurboJPEG says of sound pictures whose chroma it cannot name."""


class Spare:
    """Memory for one picture at a time: new pages cost the system time."""

    def __init__(self) -> None:
        self._kept: Image | None = None

    def array(self, shape: tuple[int, ...]) -> Image:
        """Return an array of bytes of that shape, with what the one before held."""
        if self._kept is None or self._kept.shape != shape:
            self._kept = None  # before there is another one
            self._kept = np.empty(shape, np.uint8)
        return self._kept


def jpeg_header(file: BinaryIO, reduction: int = 1, spare: Spare | None = None) -> Header:
    """Read the header of an open JPEG file.

    Parameters
    ----------
    file : binary file
        At its start.
    reduction : int, optional
        1, 2, 4 or 8: by how much smaller it is decoded, which takes less time.
    spare : Spare, optional
        What it is decoded into.
    """
    with decoding():
        image = JpegImageFile(file)
    scan = file.tell()  # Pillow has read up to the first scan, past thumbnails that have their end
    channels = {"L": 1, "RGB": 3}.get(image.mode)
    if channels is None:
        raise UnreadableError(f"has {image.mode} colours, which are not supported", CONVERT)
    metadata, note = metadata_of(image.info)
    width, height = image.size
    shape = (-(-height // reduction), -(-width // reduction), *((3,) if channels == 3 else ()))
    faults: list[str] = []

    def decode() -> Image:
        if not _has_end(file, scan):  # what lacks would come out grey
            raise UnreadableError("is damaged or truncated (it has no end)")
        file.seek(0)
        into = np.empty(shape, np.uint8) if spare is None else spare.array(shape)
        pixels, fault = _decoded(file.read(), reduction, into)
        if fault is not None:
            faults.append(fault)
        return pixels

    dtype = np.dtype(np.uint8)
    return Header(
        *image.size,
        channels,
        dtype,
        metadata,
        decode,
        note,
        reduction=reduction,
        faults=faults,
        unit=_unit(image),
    )


def _unit(image: JpegImageFile) -> int:
    """Rows that are coded at once: those of a block, or of two where colours have half as many."""
    parts = getattr(image, "layer", [])  # number, samples across and down, table
    return _BLOCK * max((part[2] for part in parts), default=1) if len(parts) > 1 else _BLOCK


def _decoded(data: bytes, reduction: int, into: Image) -> tuple[Image, str | None]:
    """Decode into an array; what is returned besides is the decoder's word on damage."""
    import simplejpeg

    height, width = into.shape[:2]

    def attempt(*, strict: bool) -> Image:
        colours = "GRAY" if into.ndim == 2 else "RGB"
        pixels = simplejpeg.decode_jpeg(
            data,
            colours,
            min_height=height,
            min_width=width,
            min_factor=reduction,
            buffer=into,
            strict=strict,
        )
        return np.asarray(pixels).reshape(pixels.shape[: into.ndim])

    try:
        return attempt(strict=True), None
    except ValueError as error:
        told = str(error)
    if _UNKNOWN_SUBSAMPLING in told:
        return _by_opencv(data, reduction, grey=into.ndim == 2), None
    with decoding():
        pixels = attempt(strict=False)
    return pixels, None if told.startswith(_HARMLESS) else in_words(told)


def in_words(told: str) -> str:
    """Put what libjpeg tells of damage into words that mean something to people.

    >>> in_words("Corrupt JPEG data: premature end of data segment")
    'the JPEG data end too early'
    """
    known = {
        "premature end of data": "the JPEG data end too early",
        "found marker": "the restart markers are out of order",
        "bad Huffman code": "the JPEG data make no sense",
        "extraneous bytes": "the JPEG data do not fill the picture as they should",
        "Premature end of JPEG": "the JPEG data end too early",
    }
    return next((words for part, words in known.items() if part in told), told)


def _by_opencv(data: bytes, reduction: int, *, grey: bool) -> Image:
    """Decode sound pictures that TurboJPEG does not know."""
    reduced = {
        1: 0,
        2: cv2.IMREAD_REDUCED_GRAYSCALE_2,  # these hold no colour bit
        4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
        8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
    }[reduction]
    colour = cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR_RGB
    flags = colour | reduced | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if pixels is None or not pixels.size:
        raise UnreadableError("is damaged or truncated")
    return np.asarray(pixels)


def _has_end(file: BinaryIO, scan: int) -> bool:
    """Whether the marker that ends a JPEG, mostly its last bytes, is behind its first scan."""
    size = file.seek(0, os.SEEK_END)
    for start in (max(scan, size - _LAST), scan):
        file.seek(start)
        if b"\xff\xd9" in file.read():
            return True
    return False
