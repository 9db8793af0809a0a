"""Camera RAW, through LibRaw (extra ``[raw]``): one fixed development for a whole stack.

White balance is that of the stack's first frame for all, nothing is brightened by content, and
white stays where the sensor's is, so that frames differ by their exposure alone. The result is sRGB
with 16 bits.
"""

from __future__ import annotations

import io
import struct
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image as Pillow
from PIL import ImageCms

from focusstack.errors import InputError
from focusstack.images import ifd, tags
from focusstack.images.exif import set_orientation
from focusstack.images.header import WITHOUT_EXTRA, Header, UnreadableError, decoding
from focusstack.images.metadata import Metadata
from focusstack.numeric.arrays import Image
from focusstack.runtime.extras import extra

WhiteBalance = tuple[float, float, float, float]
"""Factors of red, green, blue and the second green."""

_ORIENTATIONS = {0: 1, 3: 3, 5: 8, 6: 6}
"""EXIF orientation of LibRaw's flips."""


def white_balance_of(path: Path) -> WhiteBalance:
    """Return the white balance that the camera has written into a RAW file.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        with path.open("rb") as file, decoding():
            return _white_balance(_open(file))
    except UnreadableError as error:
        raise InputError(f"{path} {error.reason}.", error.remedy) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def raw_header(file: BinaryIO, balance: WhiteBalance | None) -> Header:
    """Read the header of an open RAW file; its own white balance is used where none is given."""
    raw = _open(file)
    with decoding():
        sizes = raw.sizes
        channels = 1 if raw.num_colors == 1 else 3
        used = balance or _white_balance(raw)
    file.seek(0)
    metadata = Metadata(_exif(file.read(), raw, sizes.flip), _srgb())

    def decode() -> Image:
        pixels = _develop(raw, used)
        return np.ascontiguousarray(pixels[..., 0]) if channels == 1 else pixels

    return Header(sizes.width, sizes.height, channels, np.dtype(np.uint16), metadata, decode)


def _open(file: BinaryIO) -> Any:
    rawpy = extra("rawpy", "raw", f"is camera RAW, {WITHOUT_EXTRA}", UnreadableError)
    with decoding():
        return rawpy.imread(file)


def _white_balance(raw: Any) -> WhiteBalance:
    found = [float(v) for v in raw.camera_whitebalance]
    if not all(v > 0 for v in found[:3]):
        found = [float(v) for v in raw.daylight_whitebalance]
    red, green, blue, second = (v if v > 0 else 0.0 for v in found)
    return (red or 1.0, green or 1.0, blue or 1.0, second or green or 1.0)


def _develop(raw: Any, balance: WhiteBalance) -> Image:
    import rawpy

    with decoding():
        return np.asarray(
            raw.postprocess(
                user_wb=list(balance),
                no_auto_bright=True,
                adjust_maximum_thr=0.0,
                bright=1.0,
                highlight_mode=rawpy.HighlightMode.Clip,
                output_color=rawpy.ColorSpace.sRGB,
                gamma=(2.4, 12.92),
                output_bps=16,
                user_flip=0,
            )
        )


@lru_cache(maxsize=1)
def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _exif(data: bytes, raw: Any, flip: int) -> bytes | None:
    """EXIF of the file itself where it is built like a TIFF, or of the preview in it."""
    found = _of_tiff(data) or _of_preview(raw)
    orientation = _ORIENTATIONS.get(flip, 1)
    if found is None:
        entry = ifd.Field(ifd.SHORT, struct.pack("<H", orientation))
        return ifd.serialise(ifd.Directory({tags.ORIENTATION: entry}), "<")
    return set_orientation(found, orientation)


def _of_tiff(data: bytes) -> bytes | None:
    if data[:2] == b"II":
        data = b"II*\0" + data[4:]  # some makers write a mark of their own
    try:
        order, start = ifd.header(data)
        first = ifd.parse(data, start, order)
        kept = first.keep(tags.DESCRIPTIVE)
    except ifd.ExifError:
        return None
    # TIFF/EP (ISO 12234-2) has in the first directory what EXIF has in one of its own.
    inner = kept.children.setdefault(tags.EXIF, ifd.Directory())
    for tag in (tags.EXPOSURE_TIME, tags.F_NUMBER, tags.ISO):
        if tag in first.fields:
            inner.fields.setdefault(tag, first.fields[tag])
    return ifd.serialise(kept, order) if inner.fields else None


def _of_preview(raw: Any) -> bytes | None:
    try:
        preview = Pillow.open(io.BytesIO(raw.extract_thumb().data))
        exif = bytes(preview.info.get("exif") or b"").removeprefix(b"Exif\0\0")
        ifd.read(exif)
    except Exception:  # a preview is a gift: there may be none, of any kind
        return None
    return exif
