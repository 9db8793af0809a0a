"""Reading picture files: exact pixels, the right way up, and clear refusals."""

from __future__ import annotations

import io
import os
import struct
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow
from PIL import ImageOps

from focusstack.errors import InputError
from focusstack.images.read import probe, read_picture
from focusstack.numeric.arrays import Image
from tests.support.decoded import HEIGHT, WIDTH, picture, read_checked, refused


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize("name", ["\xe4 \u732b", os.fsdecode(b"\xff\xfe"), "new\nline", "%03d"])
def test_names_do_not_matter(tmp_path: Path, name: str, suffix: str) -> None:
    plain, odd = tmp_path / f"a{suffix}", tmp_path / f"{name}{suffix}"
    Pillow.fromarray(picture("uint8", 3)).save(plain)
    odd.write_bytes(plain.read_bytes())
    assert np.array_equal(read_picture(odd).pixels, read_picture(plain).pixels)
    odd.write_bytes(plain.read_bytes()[:-200])
    refused(odd, "damaged or truncated")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp", ".tif"])
@pytest.mark.parametrize("channels", [1, 3])
def test_8_bit_formats_match_pillow(tmp_path: Path, suffix: str, channels: int) -> None:
    path = tmp_path / f"a{suffix}"
    options: dict[str, Any] = {"lossless": True} if suffix == ".webp" else {}
    Pillow.fromarray(picture("uint8", channels)).save(path, **options)
    with Pillow.open(path) as reference:
        expected = np.array(reference)
    found = read_checked(path)
    np.testing.assert_array_equal(found.pixels, expected)
    assert found.alpha is None
    assert found.note is None


@pytest.mark.parametrize("channels", [1, 3])
def test_16_bit_png_keeps_16_bits(tmp_path: Path, channels: int) -> None:
    pixels = picture("uint16", channels)
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), pixels if channels == 1 else pixels[..., ::-1])
    np.testing.assert_array_equal(read_checked(path).pixels, pixels)


def test_thumbnail_page_is_no_second_picture(tmp_path: Path) -> None:
    pixels = picture("uint8", 3)
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(pixels, photometric="rgb")
        tiff.write(pixels[::2, ::2], photometric="rgb", subfiletype=1)
    np.testing.assert_array_equal(read_checked(tmp_path / "a.tif").pixels, pixels)


@pytest.mark.parametrize("mode", ["P", "1"])
@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
def test_palette_and_bilevel(tmp_path: Path, mode: str, suffix: str) -> None:
    image = Pillow.fromarray(picture("uint8", 3)).convert("RGB")
    stored = image.quantize(7) if mode == "P" else image.convert("1")
    path = tmp_path / f"a{suffix}"
    stored.save(path)
    if (mode, suffix) == ("1", ".tif"):
        refused(path, "1 bit")
        return
    expected = np.array(stored.convert("RGB" if mode == "P" else "L"))
    np.testing.assert_array_equal(read_checked(path).pixels, expected)


# Orientation ----------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
def test_orientation_matches_pillow(tmp_path: Path, suffix: str, orientation: int) -> None:
    path = tmp_path / f"a{suffix}"
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    Pillow.fromarray(picture("uint8", 3)).save(path, exif=exif)
    with Pillow.open(path) as stored:
        # Pillow turns TIFF by itself when loading.
        upright = stored.copy() if suffix == ".tif" else ImageOps.exif_transpose(stored)
    found = read_checked(path)
    np.testing.assert_array_equal(found.pixels, np.array(upright.convert("RGB")))
    assert found.metadata.orientation == orientation


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_orientation_of_lzw_tiff_is_applied_once(
    tmp_path: Path, dtype: str, orientation: int
) -> None:
    pixels = picture(dtype, 3)
    options = [cv2.IMWRITE_TIFF_COMPRESSION, cv2.IMWRITE_TIFF_COMPRESSION_LZW]
    done, data = cv2.imencode(".tif", pixels[..., ::-1].copy(), options)
    assert done
    path = tmp_path / "a.tif"
    path.write_bytes(with_orientation(data.tobytes(), orientation))
    upright = ImageOps.exif_transpose
    flagged = [with_exif(Pillow.fromarray(plane), orientation) for plane in channels_as_int(pixels)]
    expected = np.stack([np.array(upright(plane)) for plane in flagged], -1)
    np.testing.assert_array_equal(read_checked(path).pixels, expected)


def channels_as_int(pixels: Image) -> list[Image]:
    return [pixels[..., c].astype(np.int32) for c in range(3)]


def with_exif(image: Pillow.Image, orientation: int) -> Pillow.Image:
    image.getexif()[0x0112] = orientation
    return image


def with_orientation(data: bytes, orientation: int) -> bytes:
    """Set the orientation of a little-endian TIFF by writing its directory anew at the end."""
    (start,) = struct.unpack("<I", data[4:8])
    (count,) = struct.unpack("<H", data[start : start + 2])
    records = [data[start + 2 + 12 * i :][:12] for i in range(count)]
    records = [r for r in records if struct.unpack("<H", r[:2])[0] != 0x0112]
    records.append(struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0))
    records.sort(key=lambda r: struct.unpack("<H", r[:2])[0])
    data += b"\0" * (len(data) % 2)
    directory = struct.pack("<H", len(records)) + b"".join(records) + bytes(4)
    return data[:4] + struct.pack("<I", len(data)) + data[8:] + directory


# Transparency ---------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize(("suffix", "dtype"), [("png", "uint8"), ("tif", "uint8"), ("tif", "f")])
def test_alpha_becomes_a_mask(tmp_path: Path, channels: int, suffix: str, dtype: str) -> None:
    pixels = picture("float32" if dtype == "f" else dtype, channels)
    path = tmp_path / f"a.{suffix}"
    if suffix == "png":
        Pillow.fromarray(pixels, "LA" if channels == 2 else "RGBA").save(path)
    else:
        kind = "minisblack" if channels == 2 else "rgb"
        tifffile.imwrite(
            path, pixels, photometric=kind, planarconfig="contig", extrasamples=["unassalpha"]
        )
    found = read_checked(path)
    colours = pixels[..., 0] if channels == 2 else pixels[..., :3]
    np.testing.assert_array_equal(found.pixels, colours)
    assert found.alpha is not None
    white = 1 if dtype == "f" else 255
    np.testing.assert_allclose(found.alpha, pixels[..., -1] / white, atol=1e-6)
    assert "transparency" in (found.note or "")


def test_16_bit_png_with_alpha(tmp_path: Path) -> None:
    pixels = picture("uint16", 4)
    cv2.imwrite(str(tmp_path / "a.png"), pixels)
    found = read_checked(tmp_path / "a.png")
    np.testing.assert_array_equal(found.pixels, pixels[..., 2::-1])
    assert found.alpha is not None
    np.testing.assert_allclose(found.alpha, pixels[..., 3] / 65535, atol=1e-6)


def test_lzw_alpha_leaves_colours_unmultiplied(tmp_path: Path) -> None:
    pixels = picture("uint8", 4)
    path = tmp_path / "a.tif"
    Pillow.fromarray(pixels, "RGBA").save(path, compression="tiff_lzw")
    np.testing.assert_array_equal(read_checked(path).pixels, pixels[..., :3])


def test_transparent_colour_of_png(tmp_path: Path) -> None:
    pixels = picture("uint8", 3)
    key = tuple(int(v) for v in pixels[2, 3])
    Pillow.fromarray(pixels).save(tmp_path / "a.png", transparency=key)
    found = read_checked(tmp_path / "a.png")
    np.testing.assert_array_equal(found.pixels, pixels)
    assert found.alpha is not None
    np.testing.assert_array_equal(found.alpha == 0, (pixels == key).all(-1))


# Refusals -------------------------------------------------------------------------------------


def test_missing_file_and_folder(tmp_path: Path) -> None:
    refused(tmp_path / "absent.png", "No such file")
    refused(tmp_path, "cannot be read")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_empty_and_garbage(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"")
    refused(path, "is empty")
    path.write_bytes(b"no picture at all, whatever its name")
    refused(path, "not a picture")


@pytest.mark.parametrize("kept", [0.02, 0.5, 0.97])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".bmp", ".webp", ".lzw.tif", ".z.tif"])
def test_truncated(tmp_path: Path, suffix: str, kept: float) -> None:
    large = np.tile(picture("uint8", 3), (5, 5, 1))
    whole = io.BytesIO()
    compression = {".lzw.tif": "tiff_lzw", ".z.tif": "tiff_adobe_deflate"}.get(suffix)
    options: dict[str, Any] = {"compression": compression} if compression else {}
    kind = {"jpg": "JPEG", "tif": "TIFF"}.get(suffix[-3:], suffix[1:].upper())
    Pillow.fromarray(large).save(whole, kind, **options)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(whole.getvalue()[: int(len(whole.getvalue()) * kept)])
    refused(path, "truncated|damaged")


@pytest.mark.parametrize("mode", ["CMYK", "LAB"])
def test_other_colours_in_tiff(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.tif"
    Pillow.new(mode, (WIDTH, HEIGHT)).save(path)
    refused(path, "colours, which are not supported")


def test_cmyk_jpeg(tmp_path: Path) -> None:
    Pillow.new("CMYK", (WIDTH, HEIGHT)).save(tmp_path / "a.jpg")
    refused(tmp_path / "a.jpg", "CMYK colours")


@pytest.mark.parametrize("dtype", ["float64", "int32", "int16", "bool"])
def test_other_pixels_in_tiff(tmp_path: Path, dtype: str) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((HEIGHT, WIDTH), dtype), photometric="minisblack")
    refused(tmp_path / "a.tif", "bit .* pixels, which are not supported")


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_half_floats_become_floats(tmp_path: Path, compression: str | None) -> None:
    half = np.linspace(0, 1, 600, dtype=np.float16).reshape(20, 30)
    tifffile.imwrite(tmp_path / "a.tif", half, photometric="minisblack", compression=compression)
    found = read_picture(tmp_path / "a.tif").pixels
    assert found.dtype == np.float32
    assert np.array_equal(found, half.astype(np.float32))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("compression", [None, "lzw"])
def test_colours_multiplied_with_alpha(tmp_path: Path, dtype: str, compression: str | None) -> None:
    white = 1.0 if dtype == "float32" else np.iinfo(dtype).max
    colours = np.full((20, 30, 3), 0.6) * [1, 0.5, 0.25]
    alpha = np.linspace(0, 1, 600).reshape(20, 30, 1)
    both = np.concatenate([colours * alpha, alpha], -1) * white
    pixels = both.astype(dtype) if dtype == "float32" else np.rint(both).astype(dtype)
    if compression:
        if dtype != "uint8":
            pytest.skip("nothing here writes it")
        image = Pillow.fromarray(pixels, "RGBA")
        image.save(tmp_path / "a.tif", compression="tiff_lzw")
        data = bytearray((tmp_path / "a.tif").read_bytes())
        at = data.index(struct.pack("<HHI", 338, 3, 1))
        data[at + 8] = 1  # what was not multiplied now says it were
        (tmp_path / "a.tif").write_bytes(data)
    else:
        tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extrasamples=["assocalpha"])
    found = read_picture(tmp_path / "a.tif")
    sure = alpha[..., 0] > 0.2
    assert np.abs(found.pixels[sure] / white - colours[sure]).max() < 0.02
    assert found.alpha is not None
    assert np.abs(found.alpha - alpha[..., 0]).max() < 0.01


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_float_that_is_no_number(tmp_path: Path, wrong: float) -> None:
    pixels = picture("float32", 3)
    pixels[4, 5, 1] = wrong
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb")
    refused(tmp_path / "a.tif", "NaN or infinite")


def test_unsupported_compression_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, picture("uint16", 3), photometric="rgb")
    with tifffile.TiffFile(path) as tiff:
        place = tiff.pages.first.tags["Compression"].valueoffset
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, place, int(tifffile.COMPRESSION.ZSTD))
    path.write_bytes(data)
    refused(path, "compressed as ZSTD")


def test_several_pages(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif", np.zeros((3, HEIGHT, WIDTH), np.uint8), photometric="minisblack"
    )
    refused(tmp_path / "a.tif", "3 pages")
    with pytest.raises(InputError, match="3 pages"):
        probe(tmp_path / "a.tif")


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_animation(tmp_path: Path, suffix: str) -> None:
    frames = [Pillow.fromarray(picture("uint8", 3, seed)) for seed in range(2)]
    path = tmp_path / f"a{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    refused(path, "animation")


def test_content_decides_not_the_suffix(tmp_path: Path) -> None:
    Pillow.fromarray(picture("uint8", 3)).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.jpg").pixels, picture("uint8", 3))


def test_a_part_that_claims_two_gigabytes(tmp_path: Path) -> None:
    """Room for it would be made before the decoder noticed."""
    path = tmp_path / "a.png"
    Pillow.fromarray(picture("uint8", 3)).save(path)
    data = bytearray(path.read_bytes())
    data[33:37] = b"\x7f\xff\xff\xff"
    path.write_bytes(data)
    refused(path, "beyond its end")
