"""TIFF in: tifffile reads the structure, and the pixels of every compression it knows by itself.

LZW and the rest go through Pillow (8 bit, which leaves transparency unmultiplied) or OpenCV (16 bit
and float).
"""

from __future__ import annotations

import io
import mmap
import struct
from typing import BinaryIO

import cv2
import numpy as np
import tifffile
from PIL.TiffImagePlugin import TiffImageFile

from focusstack.images import exif as tags
from focusstack.images.header import (
    CONVERT,
    SINGLE,
    Header,
    UnreadableError,
    decoding,
    pillow_pixels,
)
from focusstack.images.metadata import Metadata, checked_icc, joined
from focusstack.typing import Image

_BY_TIFFFILE = frozenset([1, 8, 32773, 32946, 34925])
"""Compressions that tifffile decodes by itself: none, deflate, PackBits, LZMA."""

_BY_OPENCV = frozenset([5, 8, 32946])
"""Compressions left to OpenCV above 8 bit: LZW, and deflate with the float predictor."""

_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6


def tiff_header(file: BinaryIO) -> Header:
    """Read the header of a TIFF file with one picture; UnreadableError if there are more."""
    with decoding():
        tiff = tifffile.TiffFile(file)
        pages = [p for p in tiff.pages if isinstance(p, tifffile.TiffPage) and not p.is_reduced]
        if len(pages) != 1:
            raise UnreadableError(
                f"holds {len(pages)} pages; only single pictures are read", SINGLE
            )
        page = pages[0]
        photometric = int(page.photometric)
        dtype = None if page.dtype is None else np.dtype(page.dtype).newbyteorder("=")
        depth = page.bitspersample
        channels = 1 if photometric in (_MIN_IS_WHITE, _MIN_IS_BLACK) else 3
        metadata, note = _tiff_metadata(file, page)
    if photometric not in (_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE, _YCBCR):
        name = getattr(page.photometric, "name", photometric)
        raise UnreadableError(f"has {name} colours, which are not supported", CONVERT)
    if dtype not in (np.uint8, np.uint16, np.float32) or depth != dtype.itemsize * 8:
        raise UnreadableError(f"has {depth} bit {dtype} pixels, which are not supported", CONVERT)
    if page.imagedepth != 1:
        raise UnreadableError("is a volume, not a picture", SINGLE)
    return Header(
        page.imagewidth,
        page.imagelength,
        channels,
        dtype,
        metadata,
        lambda: _tiff_pixels(file, page, photometric, channels),
        note,
    )


def _tiff_metadata(file: BinaryIO, page: tifffile.TiffPage) -> tuple[Metadata, str | None]:
    icc, icc_note = checked_icc(page.tags.valueof(34675))
    xmp = page.tags.valueof(700)
    xmp = xmp.encode() if isinstance(xmp, str) else xmp
    exif, note = None, None
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            order, start = tags.header(data)
            kept = tags.parse(data, start, order).keep(tags.DESCRIPTIVE)
            exif = tags.serialise(kept, order) if kept.fields or kept.children else None
        except tags.ExifError as error:
            note = f"its EXIF data cannot be read ({error}) and is left out"
    return Metadata(exif, icc, None if xmp is None else bytes(xmp)), joined(note, icc_note)


def _tiff_pixels(file: BinaryIO, page: tifffile.TiffPage, photometric: int, channels: int) -> Image:
    """Decode by tifffile; what it cannot by itself by Pillow (8 bit) or OpenCV (more)."""
    simple = photometric in (_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB)
    if simple and int(page.compression) in _BY_TIFFFILE and page.predictor in (1, 2):
        with decoding():
            pixels = page.asarray(maxworkers=1)
            pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
        if page.planarconfig == 2 and page.samplesperpixel > 1:
            pixels = np.moveaxis(pixels, 0, -1)
        if photometric == _MIN_IS_WHITE:
            pixels = _inverted(pixels)
    elif page.bitspersample == 8:
        pixels = _tiff_by_pillow(file, page)
    elif (
        simple
        and photometric != _MIN_IS_WHITE
        and page.planarconfig == 1
        and int(page.compression) in _BY_OPENCV
    ):
        pixels = _tiff_by_opencv(file, page)
    else:
        raise UnreadableError(
            f"is compressed as {getattr(page.compression, 'name', page.compression)} in a way that"
            " is not supported",
            "Save it without compression.",
        )
    alpha = [channels + i for i, kind in enumerate(page.extrasamples) if kind in (1, 2)]
    if pixels.ndim == 3:
        wanted = list(range(channels)) + [i for i in alpha[:1] if i < pixels.shape[2]]
        pixels = pixels if len(wanted) == pixels.shape[2] else pixels[..., wanted]
        pixels = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    return pixels


def _inverted(pixels: Image) -> Image:
    white = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    colours = pixels if pixels.ndim == 2 else pixels[..., :1]
    pixels = pixels.copy()
    pixels[..., : colours.shape[-1]] = white - colours
    return pixels


def _upright_bytes(file: BinaryIO, page: tifffile.TiffPage) -> bytes:
    """Return the file with its orientation set to 1, since these decoders would apply it."""
    file.seek(0)
    data = bytearray(file.read())
    tag = page.tags.get(tags.ORIENTATION)
    if tag is not None:
        struct.pack_into(page.parent.byteorder + "H", data, tag.valueoffset, 1)
    return bytes(data)


def _tiff_by_pillow(file: BinaryIO, page: tifffile.TiffPage) -> Image:
    with decoding():
        return pillow_pixels(TiffImageFile(io.BytesIO(_upright_bytes(file, page))))


def _tiff_by_opencv(file: BinaryIO, page: tifffile.TiffPage) -> Image:
    data = np.frombuffer(_upright_bytes(file, page), np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.dtype(page.dtype).newbyteorder("="):
        raise UnreadableError("is damaged or truncated")
    if pixels.ndim == 2:
        return pixels
    code = cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return cv2.cvtColor(pixels, code)
