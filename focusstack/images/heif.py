"""HEIC through libheif (extra ``[heic]``), AVIF through Pillow.

Turning and mirroring is part of both formats; the EXIF orientation only repeats it (ISO/IEC
23008-12, 6.5.10). libheif turns, so that the repetition is set to 1; Pillow does not, and sets it
to what the format says. HEIC of more than 8 bits comes as 16.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
from PIL import features
from PIL.AvifImagePlugin import AvifImageFile

from focusstack.images.avif import check_end
from focusstack.images.header import (
    CONVERT,
    WITHOUT_EXTRA,
    Header,
    UnreadableError,
    decoding,
    pillow_pixels,
)
from focusstack.images.metadata import Metadata, check_exif, check_icc, join_notes
from focusstack.numeric.arrays import Image
from focusstack.runtime.extras import extra

_CHANNELS = {"L": 1, "I": 1, "LA": 1, "RGB": 3, "RGBA": 3}

_HDR = {16: "PQ", 18: "HLG"}
"""Transfer characteristics (ITU-T H.273) that are no curve of reflected light."""


def is_heif(start: bytes) -> bool:
    """Whether a file that starts like this is HEIC or AVIF."""
    brands = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
    return start[4:8] == b"ftyp" and start[8:12] in brands


def heif_header(file: BinaryIO) -> Header:
    """Read the header of the primary picture of an open HEIC or AVIF file."""
    start = file.read(4096)
    file.seek(0)
    return _avif(file, start) if b"avif" in start[8:64] or b"avis" in start[8:64] else _heic(file)


def _avif(file: BinaryIO, start: bytes) -> Header:
    """Header by Pillow, which reads 8 bits; the codec's own record says how many there are."""
    if not features.check("avif"):
        raise UnreadableError("is AVIF, which this build of Pillow does not read", CONVERT)
    with decoding():
        image = AvifImageFile(file)
    at = start.find(b"av1C")
    deep = at >= 0 and len(start) > at + 6 and start[at + 6] & 0x40
    metadata, note = _carried(image.info)
    note = join_notes(note, "10 or 12 bits are read as 8" if deep else None)
    channels = 1 if image.mode in ("L", "LA") else 3

    def decode() -> Image:
        pixels = pillow_pixels(image)
        file.seek(0)
        check_end(file.read())
        return pixels

    return Header(*image.size, channels, np.dtype(np.uint8), metadata, decode, note)


def _heic(file: BinaryIO) -> Header:
    heif = extra("pillow_heif", "heic", f"is a HEIC picture, {WITHOUT_EXTRA}", UnreadableError)
    with decoding():
        opened = heif.open_heif(file, convert_hdr_to_8bit=False)
        image = opened[opened.primary_index]
    plain, _, deep = image.mode.partition(";")
    if plain not in _CHANNELS:
        raise UnreadableError(f"has {image.mode} colours, which are not supported", CONVERT)
    dtype = np.dtype(np.uint16 if deep else np.uint8)
    bits = int(image.info.get("bit_depth") or 8)
    metadata, note = _carried(image.info)
    metadata = metadata.upright()

    def decode() -> Image:
        with decoding():
            pixels = np.array(image)
        return _full_scale(pixels, bits) if deep else pixels

    width, height = image.size
    return Header(width, height, _CHANNELS[plain], dtype, metadata, decode, note)


def _full_scale(pixels: Image, bits: int) -> Image:
    """Fill the low bits of values that stand in the high ones, so that white is full code."""
    return np.asarray(pixels | (pixels >> bits)) if bits < 16 else pixels


def _carried(info: Mapping[Any, Any]) -> tuple[Metadata, str | None]:
    exif, exif_note = check_exif(info.get("exif"))
    icc, icc_note = check_icc(info.get("icc_profile"))
    transfer = int((info.get("nclx_profile") or {}).get("transfer_characteristics") or 0)
    hdr = f"{_HDR[transfer]} values are taken for sRGB's" if transfer in _HDR else None
    return Metadata(exif, icc, info.get("xmp") or None), join_notes(exif_note, icc_note, hdr)
