"""What is too large, packed too tightly or too bright to be a photograph."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from focusstack.errors import InputError
from focusstack.images.read import Reading, check_values, probe, read_picture
from focusstack.options import StackOptions
from tests.support.decoded import HEIGHT, WIDTH, picture, refused


def claiming(path: Path, side: int, file_size: int) -> Path:
    """A file of `file_size` bytes that claims to be a grey PNG of `side` x `side` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    path.write_bytes((head + chunk(b"IDAT", zlib.compress(b""))).ljust(file_size, b"\0"))
    return path


def test_pictures_of_hundreds_of_megapixels_are_read_but_not_of_seven_hundred(
    tmp_path: Path,
) -> None:
    assert probe(claiming(tmp_path / "a.png", 20_000, 400_000)).width == 20_000
    with pytest.raises(InputError, match="the limit is 537 megapixels"):
        probe(claiming(tmp_path / "b.png", 26_500, 400_000))
    assert 400 < StackOptions().max_megapixels < 702


def test_a_thousand_pixels_a_byte_may_be_flat_but_three_thousand_are_a_lie(tmp_path: Path) -> None:
    assert probe(claiming(tmp_path / "a.png", 12_000, 100_000)).width == 12_000
    with pytest.raises(InputError, match="more than its 100000 bytes can hold"):
        probe(claiming(tmp_path / "b.png", 17_000, 100_000))


def test_highlights_may_lie_stops_above_white() -> None:
    bright = np.full((4, 4, 3), 0.5, np.float32)
    bright[1, 2] = 12
    check_values("a.tif", bright)
    with pytest.raises(InputError, match="up to 24, where white must be 1"):
        check_values("a.tif", bright * 2)


def test_float_on_another_scale(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", picture("float32", 3) * 255, photometric="rgb")
    refused(tmp_path / "a.tif", "white must be 1")


def test_decompression_bomb(tmp_path: Path) -> None:
    """A few bytes that claim 10 gigapixels are refused before anything is allocated."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    data = b"IDAT" + zlib.compress(b"")
    chunk += struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)
    refused(path, "100000 x 100000 pixels; the limit is")
    with pytest.raises(InputError, match="limit"):
        probe(path)


def test_the_limit_can_be_moved(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Pillow.fromarray(picture("uint8", 3)).save(path)
    size = WIDTH * HEIGHT / 1e6
    read_picture(path, reading=Reading(most_megapixels=size))
    with pytest.raises(InputError, match="the limit is") as caught:
        read_picture(path, reading=Reading(most_megapixels=size * 0.99))
    assert "--max-megapixels" in caught.value.remedy


def test_more_pixels_than_the_file_can_hold(tmp_path: Path) -> None:
    path = tmp_path / "a.bmp"
    Pillow.fromarray(picture("uint8", 3)).save(path)
    data = bytearray(path.read_bytes())
    struct.pack_into("<ii", data, 18, 20_000, 20_000)
    path.write_bytes(data)
    refused(path, "20000 x 20000 pixels, more than its 1278 bytes can hold")
