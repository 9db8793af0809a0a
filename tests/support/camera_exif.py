"""EXIF as a camera writes it, with a thumbnail and a note of its maker."""

from __future__ import annotations

import io
import struct

from PIL import Image as Pillow
from PIL import ImageCms

from focusstack.images import ifd, tags

MAKER_NOTE = b"MAKER\0" + bytes(range(256))


def camera_exif(order: str = "<", orientation: int = 6, thumbnail: bool = True) -> bytes:
    """EXIF as a camera writes it: thumbnail at the end, sizes of the unedited picture."""

    def short(number: int) -> ifd.Field:
        return ifd.Field(ifd.SHORT, struct.pack(order + "H", number))

    def ratio(above: int, below: int) -> ifd.Field:
        return ifd.Field(ifd.RATIONAL, struct.pack(order + "II", above, below))

    exposure = ifd.Directory(
        {
            tags.EXPOSURE_TIME: ratio(10, 1250),
            tags.F_NUMBER: ratio(56, 10),
            tags.ISO: short(200),
            0x9000: ifd.Field(7, b"0232"),
            0x9204: ifd.Field(10, struct.pack(order + "ii", -1, 3)),
            tags.MAKER_NOTE: ifd.Field(7, MAKER_NOTE),
            tags.PIXEL_WIDTH: short(6000),
            tags.PIXEL_HEIGHT: short(4000),
        }
    )
    gps = ifd.Directory({1: ifd.Field(ifd.ASCII, b"N\0")})
    first = ifd.Directory(
        {
            0x10F: ifd.Field(ifd.ASCII, b"Maker of cameras\0"),
            tags.ORIENTATION: short(orientation),
            tags.SOFTWARE: ifd.Field(ifd.ASCII, b"Firmware 1.0\0"),
            0x11A: ratio(300, 1),
        },
        {tags.EXIF: exposure, tags.GPS: gps},
    )
    body = ifd.pack(first, order, 8)
    end = 8 + len(body)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    head = mark + struct.pack(order + "I", 8)
    if not thumbnail:
        return head + body
    picture = io.BytesIO()
    Pillow.new("RGB", (160, 120), "red").save(picture, "JPEG")
    size = struct.pack(order + "I", len(picture.getvalue()))
    second = {
        tags.THUMBNAIL_OFFSET: ifd.Field(ifd.LONG, struct.pack(order + "I", end + 2 + 2 * 12 + 4)),
        tags.THUMBNAIL_LENGTH: ifd.Field(ifd.LONG, size),
    }
    body = ifd.pack(first, order, 8, following=end)
    return head + body + ifd.pack(ifd.Directory(second), order, end) + picture.getvalue()


def by_pillow(exif: bytes) -> Pillow.Exif:
    found = Pillow.Exif()
    found.load(b"Exif\0\0" + exif)
    return found


ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="6"/></x:xmpmeta>'
