"""Damage in TIFF files packed by LZW, which decoders pass over."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from focusstack.errors import InputError
from focusstack.images.loops.lzw import unpacked_size
from focusstack.images.read import read_picture
from focusstack.numeric.arrays import Image
from focusstack.scene.stack import render_stack

FRAME = render_stack("plane", width=480, height=360, frames=2, seed=7).frames[0]


def packed(codes: list[tuple[int, int]]) -> Image:
    """Codes, each of so many bits."""
    bits = "".join(f"{code:0{width}b}" for code, width in codes)
    bits += "0" * (-len(bits) % 8)
    return np.array([int(bits[k : k + 8], 2) for k in range(0, len(bits), 8)], np.uint8)


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ([256, 7, 8, 257], (2, True)),
        ([256, 7, 8, 258, 257], (4, True)),  # 7, 8, and both again
        ([256, 7, 258, 257], (3, True)),  # the code that it makes itself
        ([256, 7, 259, 257], (-1, False)),  # the one after that
        ([256, 258, 257], (-1, False)),  # nothing comes before
        ([256, 7, 8, 256, 7, 258, 257], (5, True)),
        ([256, 7, 8], (2, False)),
    ],
)
def test_what_codes_stand_for(codes: list[int], told: tuple[int, bool]) -> None:
    assert unpacked_size(packed([(code, 9) for code in codes])) == told


def test_codes_grow() -> None:
    """The table's entry 511 is the first whose code has ten bits, and they grow one early."""
    single = [(256, 9), *[(k % 200, 9) for k in range(254)], (3, 10), (257, 10)]
    assert unpacked_size(packed(single)) == (255, True)


def saved(kind: str, pixels: Image) -> bytes:
    file = io.BytesIO()
    if kind == "8 bit":
        Pillow.fromarray(pixels).save(file, "TIFF", compression="tiff_lzw")
    elif kind == "grey":
        Pillow.fromarray(pixels[..., 0]).save(file, "TIFF", compression="tiff_lzw")
    elif kind == "palette":
        Pillow.fromarray(pixels).quantize(64).save(file, "TIFF", compression="tiff_lzw")
    else:
        deep = pixels.astype(np.uint16) * 257
        if kind == "one channel":
            deep = deep[..., 0]
        rows = [cv2.IMWRITE_TIFF_COMPRESSION, 5, cv2.IMWRITE_TIFF_ROWSPERSTRIP, 17]
        file.write(cv2.imencode(".tif", deep, rows)[1].tobytes())
    return file.getvalue()


@pytest.mark.parametrize("kind", ["8 bit", "grey", "palette", "16 bit", "one channel"])
def test_sound_files_are_read_and_rotten_ones_refused(tmp_path: Path, kind: str) -> None:
    data, random = saved(kind, FRAME), np.random.default_rng(2)
    path = tmp_path / "a.tif"
    path.write_bytes(data)
    sound = read_picture(path).pixels
    told = ""
    for _ in range(12):
        rotten = bytearray(data)
        at = int(random.integers(2000, len(data) - 2000))
        rotten[at : at + 20] = random.bytes(20)
        path.write_bytes(rotten)
        try:
            assert np.mean(read_picture(path).pixels != sound) < 0.001
        except InputError as error:
            told += str(error)
    assert told.count("a.tif is damaged") >= 11


def test_a_strip_that_is_filled_is_sound(tmp_path: Path) -> None:
    """Some programs pack as many rows in the last strip as in the others."""
    import tifffile

    from focusstack.images.lzw import check_lzw

    path = tmp_path / "a.tif"
    path.write_bytes(saved("16 bit", FRAME))
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages.first
        first = np.frombuffer(path.read_bytes(), np.uint8)[page.dataoffsets[0] :]
        whole = first[: page.databytecounts[0]]
        count = len(page.dataoffsets)
        assert page.imagelength % page.rowsperstrip
        check_lzw(page, [whole] * count)
