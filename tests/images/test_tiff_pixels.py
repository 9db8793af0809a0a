"""Pixels of TIFF files in every layout that is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from tests.support.decoded import picture, read_checked

TIFF_OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "deflate": {"compression": "zlib"},
    "deflate_predictor": {"compression": "zlib", "predictor": 2},
    "tiles": {"tile": (16, 16)},
    "tiles_deflate": {"tile": (16, 16), "compression": "zlib"},
    "strips": {"rowsperstrip": 3},
    "big_endian": {"byteorder": ">"},
    "bigtiff": {"bigtiff": True},
}


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        (name, dtype)
        for name in TIFF_OPTIONS
        for dtype in ("uint8", "uint16", "float32")
        if (name, dtype) != ("deflate_predictor", "float32")  # that one is for integers
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_tiff_layouts(tmp_path: Path, name: str, channels: int, dtype: str) -> None:
    options = TIFF_OPTIONS[name]
    pixels = picture(dtype, channels)
    path = tmp_path / "a.tif"
    kind = "minisblack" if channels == 1 else "rgb"
    tifffile.imwrite(path, pixels, photometric=kind, **options)
    np.testing.assert_array_equal(read_checked(path).pixels, pixels)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_planar_tiff(tmp_path: Path, dtype: str) -> None:
    pixels = picture(dtype, 3)
    path = tmp_path / "a.tif"
    planes = np.moveaxis(pixels, -1, 0)
    tifffile.imwrite(path, planes, photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(read_checked(path).pixels, pixels)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("compression", ["LZW", "PACKBITS"])
def test_tiff_by_another_library(
    tmp_path: Path, compression: str, dtype: str, channels: int
) -> None:
    pixels = picture(dtype, channels)
    path = tmp_path / "a.tif"
    stored = pixels if channels == 1 else np.ascontiguousarray(pixels[..., ::-1])
    code = getattr(cv2, f"IMWRITE_TIFF_COMPRESSION_{compression}")
    assert cv2.imwrite(str(path), stored, [cv2.IMWRITE_TIFF_COMPRESSION, code])
    with tifffile.TiffFile(path) as tiff:
        assert tiff.pages.first.compression == tifffile.COMPRESSION[compression]
    np.testing.assert_array_equal(read_checked(path).pixels, pixels)


def test_jpeg_in_tiff(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    Pillow.fromarray(picture("uint8", 3)).save(path, compression="jpeg", quality=95)
    with Pillow.open(path) as stored:
        expected = np.array(stored)
    np.testing.assert_array_equal(read_checked(path).pixels, expected)


def test_white_is_zero_tiff(tmp_path: Path) -> None:
    pixels = picture("uint16", 1)
    tifffile.imwrite(tmp_path / "a.tif", 65535 - pixels, photometric="miniswhite")
    np.testing.assert_array_equal(read_checked(tmp_path / "a.tif").pixels, pixels)
