"""One reader per file format: the header at once, the pixels on demand.

No decoder turns a picture here: the orientation is applied once, by the caller.
"""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO

import numpy as np
from PIL import ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.WebPImagePlugin import WebPImageFile

from focusstack.images.header import (
    SINGLE,
    Header,
    UnreadableError,
    decoding,
    pillow_pixels,
)
from focusstack.images.heif import heif_header, is_heif
from focusstack.images.jpeg import Spare, jpeg_header
from focusstack.images.metadata import metadata_of
from focusstack.images.png import png_header
from focusstack.images.suffixes import RAW
from focusstack.images.tiff import tiff_headers
from focusstack.images.webp import check_end, is_lossless
from focusstack.numeric.arrays import Image


def read_headers(
    file: BinaryIO,
    page: int | None = None,
    suffix: str = "",
    balance: tuple[float, float, float, float] | None = None,
    reduction: int = 1,
    spare: Spare | None = None,
) -> list[Header]:
    """Recognise the format of an open file by its first bytes and read the headers in it.

    Parameters
    ----------
    file : binary file
        Open for reading, at its start.
    page : int, optional
        The only picture wanted, by its place in the file; all if not given.
    suffix : str, optional
        Of the file's name: sensor data is known by it, since much of it looks like TIFF.
    balance : tuple of float, optional
        White balance with which sensor data is developed; its own if not given.
    reduction : int, optional
        1, 2, 4 or 8: JPEG is decoded so much smaller, which takes less time.
    spare : Spare, optional
        What JPEG is decoded into.

    Raises
    ------
    UnreadableError
        If it is no picture, or one of a kind that is not supported.
    """
    start = file.read(16)
    file.seek(0)
    if not start:
        raise UnreadableError("is empty")
    if suffix.lower() in RAW:
        from focusstack.images.raw import raw_header

        return [raw_header(file, balance)]
    if is_heif(start):
        return [heif_header(file)]
    if start.startswith(b"\xff\xd8\xff"):
        return [jpeg_header(file, reduction, spare)]
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return [png_header(file)]
    if start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return tiff_headers(file, page)
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return [_webp(file)]
    if start.startswith(b"BM"):
        return [_bmp(file)]
    raise UnreadableError(
        "is not a picture that can be read", "Use JPEG, PNG, TIFF, WebP, BMP, HEIC or RAW files."
    )


def _webp(file: BinaryIO) -> Header:
    with decoding():
        image = WebPImageFile(file)
    if getattr(image, "n_frames", 1) > 1:
        raise UnreadableError("is an animation, not a single picture", SINGLE)
    header = _by_pillow(image)

    def decode() -> Image:
        pixels = header.decode()
        file.seek(0)
        check_end(file.read())
        return pixels

    return replace(header, decode=decode, unproven=is_lossless(file))


def _bmp(file: BinaryIO) -> Header:
    with decoding():
        image = BmpImageFile(file)
    return _by_pillow(image)


def _by_pillow(image: ImageFile.ImageFile) -> Header:
    """Header of an 8 bit picture that Pillow decodes."""
    channels = 1 if image.mode in ("1", "L", "LA") else 3
    metadata, note = metadata_of(image.info)
    dtype = np.dtype(np.uint8)
    return Header(*image.size, channels, dtype, metadata, lambda: pillow_pixels(image), note)
