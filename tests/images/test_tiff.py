"""TIFF files of several pages, and of the layouts that cameras and microscopes write."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from focusstack.errors import InputError
from focusstack.frames.files import FileFrames
from focusstack.images import ifd, tags
from focusstack.images.metadata import Metadata
from focusstack.images.read import probe_all, read_picture
from focusstack.images.write import write_image
from focusstack.numeric.arrays import Image
from focusstack.pipeline import stack
from focusstack.scene.stack import render_stack


def noise(shape: tuple[int, ...], dtype: str = "uint16", seed: int = 0) -> Image:
    rng = np.random.default_rng(seed)
    if dtype == "float32":
        return rng.random(shape, dtype=np.float32)
    return rng.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


def read_pages(path: Path) -> list[Image]:
    return [read_picture(path, found.page).pixels for found in probe_all(path)]


def check_pages(path: Path, expected: Image) -> None:
    pages = read_pages(path)
    assert len(pages) == len(expected)
    for page, wanted in zip(pages, expected, strict=True):
        np.testing.assert_array_equal(page, wanted)


# Stacks in one file ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16)},
                                     {"bigtiff": True}, {"byteorder": ">"}])  # fmt: skip
def test_pages(tmp_path: Path, channels: int, dtype: str, options: dict[str, Any]) -> None:
    frames = noise((4, 20, 30) if channels == 1 else (4, 20, 30, 3), dtype)
    kind = "minisblack" if channels == 1 else "rgb"
    tifffile.imwrite(tmp_path / "a.tif", frames, photometric=kind, **options)
    check_pages(tmp_path / "a.tif", frames)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_lzw_pages_of_another_library(tmp_path: Path, dtype: str) -> None:
    frames = noise((3, 20, 30, 3), dtype)
    stored = [np.ascontiguousarray(f[..., ::-1]) for f in frames]
    options = [cv2.IMWRITE_TIFF_COMPRESSION, cv2.IMWRITE_TIFF_COMPRESSION_LZW]
    assert cv2.imwritemulti(str(tmp_path / "a.tif"), stored, options)
    check_pages(tmp_path / "a.tif", frames)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_ome_focus_positions(tmp_path: Path, dtype: str) -> None:
    frames = noise((5, 20, 30), dtype)
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, frames, ome=True, metadata={"axes": "ZYX", "PhysicalSizeX": 0.1})
    check_pages(path, frames)
    # The description is of the whole file; a page by itself must not claim to be all of it.
    assert b"OME" not in (read_picture(path, 0).metadata.exif or b"")


def test_ome_colour_focus_positions(tmp_path: Path) -> None:
    frames = noise((4, 20, 30, 3), "uint8")
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, frames, ome=True, photometric="rgb", metadata={"axes": "ZYXS"})
    check_pages(path, frames)


def test_imagej_focus_positions(tmp_path: Path) -> None:
    frames = noise((5, 20, 30))
    tifffile.imwrite(tmp_path / "a.tif", frames, imagej=True, metadata={"axes": "ZYX"})
    check_pages(tmp_path / "a.tif", frames)


@pytest.mark.parametrize(("axes", "said"), [("CZYX", "2 channels x 3 focus"), ("TZYX", "2 times")])
def test_more_than_focus_is_refused(tmp_path: Path, axes: str, said: str) -> None:
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, noise((2, 3, 20, 30)), ome=True, metadata={"axes": axes})
    with pytest.raises(InputError, match=said) as caught:
        probe_all(path)
    assert "a.ome.tif" in caught.value.message
    assert "file of its own" in caught.value.remedy


def test_previews_are_no_frames(tmp_path: Path) -> None:
    frames = noise((2, 40, 60, 3), "uint8")
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(frames[0][::4, ::4], photometric="rgb")  # not marked as reduced, and first
        tiff.write(frames[0], photometric="rgb")
        tiff.write(frames[1], photometric="rgb")
        tiff.write(frames[1][::3, ::3], photometric="rgb", subfiletype=1)
    check_pages(tmp_path / "a.tif", frames)


def test_pages_of_more_than_half_the_size_are_no_previews(tmp_path: Path) -> None:
    whole = noise((80, 120, 3), "uint8")
    for rows, frames in ((36, 1), (52, 2)):  # 0.45 and 0.65 of the size
        with tifffile.TiffWriter(tmp_path / f"{rows}.tif") as tiff:
            tiff.write(whole, photometric="rgb")
            tiff.write(whole[:rows, : rows * 3 // 2], photometric="rgb")
        assert len(probe_all(tmp_path / f"{rows}.tif")) == frames


def test_pyramids_are_one_picture(tmp_path: Path) -> None:
    whole = noise((64, 96, 3), "uint8")
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(whole, photometric="rgb", subifds=1, tile=(32, 32))
        tiff.write(whole[::2, ::2], photometric="rgb", subfiletype=1, tile=(32, 32))
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, whole)


def test_pages_as_frames(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "slide.tif", noise((3, 20, 30)), photometric="minisblack")
    frames = FileFrames([tmp_path / "slide.tif"])
    assert frames.names == ["slide_0001.tif", "slide_0002.tif", "slide_0003.tif"]
    assert frames.size == (30, 20)
    np.testing.assert_array_equal(frames.read(2).pixels, noise((3, 20, 30))[2])


def test_a_stack_in_one_file_end_to_end(tmp_path: Path) -> None:
    rendered = render_stack("plane", width=200, height=150, frames=4, blur=3, seed=4, bits=16)
    grey = np.stack([f[..., 1] for f in rendered.frames])
    tifffile.imwrite(tmp_path / "z.ome.tif", grey, ome=True, metadata={"axes": "ZYX"})
    result = stack(tmp_path / "z.ome.tif", tmp_path / "out")
    assert [f.file for f in result.plan.frames] == [f"z.ome_000{k}.tif" for k in range(1, 5)]
    for name in ("fused.tif", "aligned/z.ome_0003.tif"):
        found = read_picture(tmp_path / "out" / name).pixels
        assert found.dtype == np.uint16
        assert found.ndim == 2


def test_an_odd_page_is_named(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for shape in ((20, 30), (20, 30), (20, 29)):
            tiff.write(noise(shape), photometric="minisblack")
    with pytest.raises(InputError, match=r"a_0003\.tif \(29 x 20 pixels\)"):
        FileFrames([tmp_path / "a.tif"])


# Layouts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("tile", [None, (16, 16)])
@pytest.mark.parametrize("order", ["<", ">"])
def test_lzw_planes_and_tiles(
    tmp_path: Path, dtype: str, tile: tuple[int, int] | None, order: Literal["<", ">"]
) -> None:
    """Planes compressed as LZW, as scanners write them; made from what OpenCV compresses."""
    pixels = noise((32, 48, 3), dtype)
    planes = np.moveaxis(pixels, -1, 0)
    blocks = [planes[c, y : y + 16, x : x + 16] for c in range(3) for y in (0, 16)
              for x in (0, 16, 32)] if tile else [*planes]  # fmt: skip
    data = [lzw(np.ascontiguousarray(b), order) for b in blocks]
    options: dict[str, Any] = {"tile": tile} if tile else {"rowsperstrip": 32}
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, planes, photometric="rgb", planarconfig="separate",
                     byteorder=order, **options)  # fmt: skip
    with_segments(path, data)
    np.testing.assert_array_equal(read_picture(path).pixels, pixels)


def lzw(block: Image, order: Literal["<", ">"]) -> bytes:
    """Compress by Pillow, as 8 bit rows of the bytes in this byte order."""
    raw = block.astype(block.dtype.newbyteorder(order)).view(np.uint8)

    file = io.BytesIO()
    Pillow.fromarray(raw).save(file, "TIFF", compression="tiff_lzw", strip_size=1 << 20)
    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        (start,), (count,) = tiff.pages.first.dataoffsets, tiff.pages.first.databytecounts
        assert tiff.pages.first.predictor == 1
    return file.getvalue()[start : start + count]


def with_segments(path: Path, data: list[bytes]) -> None:
    """Replace the segments of a one-page TIFF by LZW data."""
    whole = bytearray(path.read_bytes())
    order, start = ifd.header(bytes(whole))
    directory = ifd.parse(bytes(whole), start, order)
    offsets, counts = (324, 325) if 324 in directory.fields else (273, 279)
    places = np.cumsum([len(whole), *map(len, data)])[:-1]
    for code, numbers in ((offsets, places), (counts, [len(d) for d in data])):
        packed = b"".join(struct.pack(order + "I", int(n)) for n in numbers)
        directory.fields[code] = ifd.Field(ifd.LONG, packed)
    directory.fields[259] = ifd.Field(ifd.SHORT, struct.pack(order + "H", 5))
    whole += b"".join(data) + bytes(sum(map(len, data)) % 2)
    end = len(whole)
    whole += ifd.pack(directory, order, end)
    whole[4:8] = struct.pack(order + "I", end)
    path.write_bytes(whole)


def test_bigtiff_keeps_exif(tmp_path: Path) -> None:
    exif = ifd.serialise(
        ifd.Directory(
            {0x10F: ifd.Field(ifd.ASCII, b"Maker of cameras\0")},
            {tags.EXIF: ifd.Directory({tags.ISO: ifd.Field(ifd.SHORT, b"\x20\x03")})},
        ),
        "<",
    )
    path = tmp_path / "big.tif"
    write_image(path, noise((20, 30, 3)), Metadata(exif), big=True)
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_bigtiff
        assert tiff.pages.first.tags.valueof("Make") == "Maker of cameras"
        assert tiff.pages.first.tags.valueof("ExifTag")["ISOSpeedRatings"] == 800
    found = read_picture(path)
    np.testing.assert_array_equal(found.pixels, noise((20, 30, 3)))
    assert found.metadata.iso == 800
    assert found.metadata.software.startswith("focusstack ")


@pytest.mark.parametrize("kept", [0.01, 0.3, 0.7, 0.95])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16)}])
def test_truncated_stacks(tmp_path: Path, kept: float, options: dict[str, Any]) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, noise((4, 64, 64)), photometric="minisblack", **options)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(InputError, match=r"a\.tif"):
        read_pages(path)
