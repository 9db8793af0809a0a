"""PNG: checksums, and metadata wherever they stand."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from focusstack.images.read import read_picture
from tests.support.decoded import refused

EXIF = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
XMP = b'<x:xmpmeta><rdf tiff:Orientation="6"/></x:xmpmeta>'


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def plain() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def with_late(*chunks: bytes) -> bytes:
    whole = plain()
    return whole[:-12] + b"".join(chunks) + whole[-12:]


def raw_profile(name: bytes, data: bytes) -> bytes:
    digits = data.hex().encode()
    lines = b"\n".join(digits[k : k + 72] for k in range(0, len(digits), 72))
    text = b"\n" + name + b"\n%8d\n" % len(data) + lines + b"\n"
    return b"Raw profile type " + name + b"\0\0" + zlib.compress(text)


@pytest.mark.parametrize(
    "late",
    [
        chunk(b"eXIf", EXIF),
        chunk(b"zTXt", raw_profile(b"exif", EXIF)),
        chunk(b"zTXt", raw_profile(b"APP1", b"Exif\0\0" + EXIF)),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP)),
    ],
)
def test_orientation_behind_the_pixels(tmp_path: Path, late: bytes) -> None:
    (tmp_path / "a.png").write_bytes(with_late(late))
    found = read_picture(tmp_path / "a.png")
    assert found.metadata.orientation == 6
    assert found.pixels.shape == (60, 40, 3)
    assert found.note is None


def test_a_damaged_text_is_lost_alone(tmp_path: Path) -> None:
    spoilt = bytearray(chunk(b"tEXt", b"Comment\0whatever"))
    spoilt[12] ^= 1
    (tmp_path / "a.png").write_bytes(with_late(bytes(spoilt), chunk(b"eXIf", EXIF)))
    found = read_picture(tmp_path / "a.png")
    assert found.metadata.orientation == 6
    assert found.note == "some metadata is damaged and left out"


def test_damaged_pixels_are_refused_in_our_words(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(plain())
    data[len(data) // 2] ^= 4
    (tmp_path / "a.png").write_bytes(data)
    refused(tmp_path / "a.png", "a checksum of its pixels is wrong")
    assert capfd.readouterr() == ("", "")


def test_a_text_that_unpacks_to_far_too_much_is_not_unpacked(tmp_path: Path) -> None:
    bomb = b"Raw profile type exif\0\0" + zlib.compress(bytes(1 << 27))
    (tmp_path / "a.png").write_bytes(with_late(chunk(b"zTXt", bomb)))
    assert read_picture(tmp_path / "a.png").metadata.exif is None
