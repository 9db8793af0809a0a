"""What is too large, packed too tightly or too bright to be a photograph."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from focusstack.errors import InputError
from focusstack.images.read import check_values, probe
from focusstack.options import StackOptions


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
