"""The pixels of one TIFF page: by tifffile, which decodes what needs no other library.

LZW and the rest go through Pillow (8 bit, which leaves transparency unmultiplied) or OpenCV (16 bit
and float); both are given the one page as a file of its own.
"""

from __future__ import annotations

import io
import struct
from itertools import accumulate
from typing import BinaryIO

import cv2
import numpy as np
import tifffile
from PIL.TiffImagePlugin import TiffImageFile

from focusstack.images import ifd, tags
from focusstack.images.header import UnreadableError, decoding, pillow_pixels
from focusstack.images.lzw import LZW, check_lzw
from focusstack.numeric.arrays import Image

_BY_TIFFFILE = frozenset([1, 8, 32773, 32946, 34925])
"""Compressions that tifffile decodes by itself: none, deflate, PackBits, LZMA."""

_BY_OPENCV = frozenset([5, 8, 32946])
"""Compressions left to OpenCV above 8 bit: LZW, and deflate with the float predictor."""

_OLD_JPEG = 6
_PREMULTIPLIED = 1
"""Kind of extra sample: alpha with which colours have been multiplied."""

_WHITE_IS_ZERO, _SIMPLE = 0, (0, 1, 2)
"""Photometric interpretations: white is 0; grey and RGB."""

_STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES = 273, 279, 324, 325
_POINTERS = frozenset([_STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES, 330, 34665, 34853, 40965])


def page_pixels(file: BinaryIO, page: tifffile.TiffPage, channels: int) -> Image:
    """Decode a page to ``(H, W)`` or ``(H, W, C)``: grey or RGB, then alpha if there is any."""
    photometric, compression = int(page.photometric), int(page.compression)
    simple, raw = photometric in _SIMPLE, True
    if simple and compression in _BY_TIFFFILE and page.predictor in (1, 2):
        pixels = _by_tifffile(page)
        if photometric == _WHITE_IS_ZERO:
            pixels = _inverted(pixels)
    elif page.bitspersample == 8:
        raw = False  # Pillow undoes the multiplication with alpha
        with decoding():
            pixels = pillow_pixels(TiffImageFile(io.BytesIO(_alone(file, page))))
    elif simple and photometric != _WHITE_IS_ZERO and compression in _BY_OPENCV:
        pixels = _by_opencv(file, page)
    else:
        raise UnreadableError(
            f"is compressed as {getattr(page.compression, 'name', page.compression)} in a way that"
            " is not supported",
            "Save it without compression.",
        )
    if pixels.dtype == np.float16:
        pixels = pixels.astype(np.float32)
    pixels = _colours_and_alpha(pixels, page, channels)
    if raw and _PREMULTIPLIED in page.extrasamples[:1] and pixels.shape[-1] == channels + 1:
        return unmultiplied(pixels)
    return pixels


def unmultiplied(pixels: Image) -> Image:
    """Undo that colours were multiplied with alpha, the last channel; what is clear stays black.

    Examples
    --------
    >>> unmultiplied(np.array([[[20, 30, 40, 128], [9, 9, 9, 0]]], np.uint8))
    array([[[ 40,  60,  80, 128],
            [  0,   0,   0,   0]]], dtype=uint8)
    """
    white = 1.0 if pixels.dtype.kind == "f" else float(np.iinfo(pixels.dtype).max)
    alpha = pixels[..., -1:].astype(np.float32)
    factor = np.divide(white, alpha, out=np.zeros_like(alpha), where=alpha > 0)
    colours = pixels[..., :-1] * factor
    if pixels.dtype.kind != "f":
        colours = np.minimum(np.rint(colours), white)
    return np.concatenate([colours.astype(pixels.dtype), pixels[..., -1:]], -1)


def _by_tifffile(page: tifffile.TiffPage) -> Image:
    _check_extent(page)
    with decoding():
        pixels = page.asarray(maxworkers=1)
        pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    if page.planarconfig == 2 and page.samplesperpixel > 1:
        pixels = np.moveaxis(pixels, 0, -1)
    return np.asarray(pixels)


def _check_extent(page: tifffile.TiffPage) -> None:
    """Refuse a page with missing parts, which tifffile fills with zeros."""
    length = page.parent.filehandle.size
    for start, count in zip(page.dataoffsets, page.databytecounts, strict=False):
        if start + count > length or not count:
            raise UnreadableError("is damaged or truncated (some of its pixels are missing)")


def _colours_and_alpha(pixels: Image, page: tifffile.TiffPage, channels: int) -> Image:
    """Leave out samples that are neither colour nor the first alpha."""
    if pixels.ndim == 2:
        return pixels
    alpha = [channels + i for i, kind in enumerate(page.extrasamples) if kind in (1, 2)]
    wanted = list(range(channels)) + [i for i in alpha[:1] if i < pixels.shape[2]]
    pixels = pixels if len(wanted) == pixels.shape[2] else pixels[..., wanted]
    return pixels[..., 0] if pixels.shape[2] == 1 else pixels


def _inverted(pixels: Image) -> Image:
    white = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    colours = pixels if pixels.ndim == 2 else pixels[..., :1]
    pixels = pixels.copy()
    pixels[..., : colours.shape[-1]] = white - colours
    return pixels


def _by_opencv(file: BinaryIO, page: tifffile.TiffPage) -> Image:
    planar = page.planarconfig == 2 and page.samplesperpixel > 1
    planes = [_alone(file, page, plane) for plane in range(page.samplesperpixel if planar else 1)]
    native = np.dtype(page.dtype).newbyteorder("=")
    decoded = [_opencv(p, native) for p in planes]
    if planar:
        return np.stack(decoded, -1)
    (pixels,) = decoded
    if pixels.ndim == 2:
        return pixels
    code = cv2.COLOR_BGRA2RGBA if pixels.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return cv2.cvtColor(pixels, code)


def _opencv(tiff: bytes, dtype: np.dtype[np.generic]) -> Image:
    pixels = cv2.imdecode(np.frombuffer(tiff, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != dtype:
        raise UnreadableError("is damaged or truncated")
    return np.asarray(pixels)


def _alone(file: BinaryIO, page: tifffile.TiffPage, plane: int | None = None) -> bytes:
    """Return `page`, or one colour plane of it, as a classic TIFF of its own, orientation 1."""
    if int(page.compression) == _OLD_JPEG:  # its tables lie outside the directory
        file.seek(0)
        return file.read()
    order = page.parent.byteorder
    segments = []
    _check_extent(page)
    for start, count in zip(page.dataoffsets, page.databytecounts, strict=True):
        file.seek(start)
        segments.append(file.read(count))
    if int(page.compression) == LZW:
        check_lzw(page, [np.frombuffer(segment, np.uint8) for segment in segments])
    fields = {}
    for tag in list(page.tags.values()):
        if tag.code not in _POINTERS and int(tag.dtype) in ifd.SIZES:
            file.seek(tag.valueoffset)
            fields[tag.code] = ifd.Field(int(tag.dtype), file.read(tag.valuebytecount))
    if plane is not None and page.planarconfig == 2 and page.samplesperpixel > 1:
        each = len(segments) // page.samplesperpixel
        segments = segments[plane * each : (plane + 1) * each]
        _of_one_plane(fields, order)
    fields[tags.ORIENTATION] = ifd.Field(ifd.SHORT, struct.pack(order + "H", 1))
    sizes = [len(segment) for segment in segments]
    places = list(accumulate(sizes, initial=8))[:-1]
    kinds = (_TILES, _TILE_BYTES) if page.is_tiled else (_STRIPS, _STRIP_BYTES)
    for code, numbers in zip(kinds, (places, sizes), strict=True):
        fields[code] = ifd.Field(ifd.LONG, b"".join(struct.pack(order + "I", n) for n in numbers))
    body = b"".join(segments)
    body += b"\0" * (len(body) % 2)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    start = 8 + len(body)
    packed = ifd.pack(ifd.Directory(fields), order, start)
    return mark + struct.pack(order + "I", start) + body + packed


def _of_one_plane(fields: dict[int, ifd.Field], order: str) -> None:
    """Make the fields of a picture in planes those of a grey picture."""
    for code, number in ((262, 1), (277, 1), (284, 1)):  # photometric, samples, planes
        fields[code] = ifd.Field(ifd.SHORT, struct.pack(order + "H", number))
    for code in (258, 339):  # bits, sample format
        if code in fields:
            fields[code] = ifd.Field(ifd.SHORT, fields[code].data[:2])
    fields.pop(338, None)
