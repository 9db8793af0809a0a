"""EXIF, colour profile and XMP: read by this program, checked by Pillow and tifffile."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL.TiffImagePlugin import IFDRational

from focusstack.images import ifd, tags
from focusstack.images.metadata import SOFTWARE, Metadata, check_exif, for_output
from focusstack.images.read import probe, read_picture
from focusstack.images.write import write_image
from tests.support.camera_exif import ICC, MAKER_NOTE, XMP, camera_exif


@pytest.mark.parametrize("order", ["<", ">"])
def test_exposure_facts(order: str) -> None:
    metadata = Metadata(camera_exif(order))
    assert metadata.exposure_time == pytest.approx(1 / 125)
    assert metadata.f_number == pytest.approx(5.6)
    assert metadata.iso == 200
    assert metadata.orientation == 6
    assert metadata.software == "Firmware 1.0"


def test_nothing_known() -> None:
    metadata = Metadata()
    assert (metadata.exposure_time, metadata.f_number, metadata.iso) == (None, None, None)
    assert metadata.orientation == 1
    assert metadata.software == ""


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_orientation_out_of_range_is_upright(orientation: int) -> None:
    assert Metadata(camera_exif(orientation=orientation)).orientation == 1


@pytest.mark.parametrize(
    "form", [b'tiff:Orientation="6"', b"<tiff:Orientation>6</tiff:Orientation>"]
)
def test_orientation_in_xmp(form: bytes) -> None:
    edited = for_output(Metadata(xmp=b"<r " + form + b"/>"), 1, 1).xmp
    assert edited == b"<r " + form.replace(b"6", b"1") + b"/>"


@pytest.mark.parametrize(
    "form", [b'tiff:Orientation="6"', b"<tiff:Orientation>6</tiff:Orientation>"]
)
def test_orientation_of_xmp_counts_where_exif_says_nothing(form: bytes) -> None:
    assert Metadata(xmp=b"<r " + form + b"/>").orientation == 6
    assert Metadata(camera_exif(orientation=3), xmp=form).orientation == 3
    assert Metadata(xmp=form).upright().orientation == 1


@pytest.mark.parametrize("record", [b"\0\0\0\0" + b"\xff" * 8, b"\0\2\x7f\xff\xff\xff\0\0\0\x10"])
def test_a_bad_entry_is_lost_alone(record: bytes) -> None:
    """Of type 0, or longer than everything: an entry between others that are sound."""
    fields = {tags.ORIENTATION: ifd.Field(ifd.SHORT, b"\0\6"), 0x10F: ifd.Field(ifd.ASCII, b"Me\0")}
    fields[0x110] = ifd.Field(ifd.ASCII, b"mod\0")
    exif = bytearray(ifd.serialise(ifd.Directory(fields), ">"))
    at = 10 + 12 * sorted(fields).index(0x110)
    exif[at + 2 : at + 12] = record[:10]
    found, note = check_exif(bytes(exif))
    assert note == "one EXIF entry is damaged and left out"
    assert found is not None
    assert Metadata(found).orientation == 6
    assert ifd.text(ifd.read(found), 0x10F) == "Me"
    assert 0x110 not in ifd.read(found).fields
    assert ifd.read(for_output(Metadata(found), 5, 5).exif or b"")


def test_values_that_lie_on_each_other_are_not_all_copied() -> None:
    """A thousand entries that each are nearly the whole would take a thousand times its room."""
    count, size = 1000, 14_000
    record = b"".join(struct.pack(">HHII", 40_000 + k, 7, size, 8) for k in range(count))
    exif = b"MM\0*" + struct.pack(">I", 8) + struct.pack(">H", count) + record + bytes(6000)
    found, note = check_exif(exif)
    assert note is not None
    assert "EXIF entries are damaged" in note
    assert len(found or b"") < 2 * len(exif)


@given(cut=st.integers(1, len(camera_exif()) - 1))
def test_cut_off_exif_never_escapes_as_another_error(cut: int) -> None:
    exif, note = check_exif(camera_exif()[:cut])
    assert exif is not None or note is not None
    if exif is not None:
        assert ifd.read(for_output(Metadata(exif), 5, 5).exif or b"")


@given(data=st.binary(max_size=64), place=st.integers(0, 500))
def test_overwritten_exif_never_escapes_as_another_error(data: bytes, place: int) -> None:
    whole = camera_exif()
    exif, note = check_exif(whole[:place] + data + whole[place + len(data) :])
    if exif is None:
        assert note is not None
        assert "damaged" in note
        return
    metadata = Metadata(exif)
    for value in (metadata.exposure_time, metadata.f_number, metadata.iso):
        assert value is None or isinstance(value, float)
    assert 1 <= metadata.orientation <= 8
    assert Metadata(for_output(metadata, 5, 5).exif).software == SOFTWARE


@pytest.mark.filterwarnings("ignore:Truncated File Read")  # by Pillow, which looks for the dpi
def test_damaged_exif_is_left_out_with_a_note(tmp_path: Path) -> None:
    image = Pillow.new("RGB", (16, 16))
    image.save(tmp_path / "a.jpg", exif=b"Exif\0\0" + camera_exif()[:40])
    found = read_picture(tmp_path / "a.jpg")
    assert found.metadata.exif is None
    assert "EXIF" in (found.note or "")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
@pytest.mark.parametrize("icc", [b"no profile" * 40, ICC[:300]])
def test_damaged_profile_is_left_out_with_a_note(tmp_path: Path, suffix: str, icc: bytes) -> None:
    path = tmp_path / f"a{suffix}"
    write_image(path, np.zeros((20, 30, 3), np.uint8), Metadata(icc=icc))
    found = read_picture(path)
    assert found.metadata.icc is None
    assert "colour profile" in (found.note or "")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_large_profile_and_profile_of_another_colour_space(tmp_path: Path, suffix: str) -> None:
    large = ICC + bytes(range(256)) * 800  # JPEG needs several segments
    write_image(tmp_path / f"a{suffix}", np.zeros((20, 30), np.uint8), Metadata(icc=large))
    assert described_by_pillow(tmp_path / f"a{suffix}")[2] == large
    assert read_picture(tmp_path / f"a{suffix}").metadata.icc == large


# Through files --------------------------------------------------------------------------------


def described_by_pillow(path: Path) -> tuple[dict[int, Any], dict[int, Any], bytes | None]:
    with Pillow.open(path) as image:
        found = image.getexif()
        return dict(found), dict(found.get_ifd(0x8769)), image.info.get("icc_profile")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_written_metadata_seen_by_pillow(
    tmp_path: Path, suffix: str, dtype: str, order: str
) -> None:
    path = tmp_path / f"a{suffix}"
    pixels = np.full((20, 30, 3), 77, dtype)
    write_image(path, pixels, Metadata(camera_exif(order), ICC, XMP))
    first, exposure, icc = described_by_pillow(path)
    assert icc == ICC
    assert first[0x0112] == 1
    assert first[0x0131] == SOFTWARE
    assert first[0x010F] == "Maker of cameras"
    assert (exposure[0xA002], exposure[0xA003]) == (30, 20)
    assert exposure[0x829A] == IFDRational(10, 1250)
    assert exposure[0x927C] == MAKER_NOTE
    found = probe(path).metadata
    assert (found.exposure_time, found.f_number, found.iso) == pytest.approx((1 / 125, 5.6, 200))
    assert found.icc == ICC
    assert found.xmp == XMP.replace(b'"6"', b'"1"')


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_written_xmp_seen_by_pillow(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_image(path, np.zeros((20, 30), np.uint8), Metadata(xmp=b"<x/>"))
    with Pillow.open(path) as image:
        assert image.info["xmp"] == b"<x/>"


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_tiff_metadata_seen_by_tifffile(tmp_path: Path, dtype: str) -> None:
    path = tmp_path / "a.tif"
    pixels = np.ones((20, 30, 3), dtype)
    write_image(path, pixels, Metadata(camera_exif(), ICC, XMP))
    with tifffile.TiffFile(path) as tiff:
        assert len(tiff.pages) == 1
        found = tiff.pages.first.tags
        assert found.valueof("ExifTag")["FNumber"] == (56, 10)
        assert found.valueof("ExifTag")["PixelXDimension"] == 30
        assert found.valueof("GPSTag")["GPSLatitudeRef"] == "N"
        assert found.valueof("InterColorProfile") == ICC
        assert found.valueof("Software") == SOFTWARE
        assert found.valueof("XResolution") == (300, 1)
    np.testing.assert_array_equal(tifffile.imread(path), pixels)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_metadata_survives_every_further_format(tmp_path: Path, suffix: str) -> None:
    """From each format into each: the facts that matter come through unchanged."""
    first = tmp_path / f"a{suffix}"
    write_image(first, np.zeros((20, 30, 3), np.uint8), Metadata(camera_exif(), ICC, b"<x/>"))
    for other in (".jpg", ".png", ".tif"):
        path = tmp_path / f"b{other}"
        write_image(path, np.zeros((20, 30, 3), np.uint8), probe(first).metadata)
        found = probe(path).metadata
        assert (found.exposure_time, found.f_number, found.iso) == pytest.approx(
            (1 / 125, 5.6, 200)
        )
        assert (found.icc, found.xmp, found.software) == (ICC, b"<x/>", SOFTWARE)


def test_a_picture_without_metadata_names_its_program(tmp_path: Path) -> None:
    for suffix in (".jpg", ".png", ".tif"):
        write_image(tmp_path / f"a{suffix}", np.zeros((20, 30), np.uint8))
        assert probe(tmp_path / f"a{suffix}").metadata.software == SOFTWARE


def test_maker_note_too_large_for_jpeg_is_left_out(tmp_path: Path) -> None:
    large = ifd.Directory(
        {},
        {
            tags.EXIF: ifd.Directory(
                {
                    tags.MAKER_NOTE: ifd.Field(7, bytes(70000)),
                    tags.ISO: ifd.Field(3, b"\x64\0"),
                }
            )
        },
    )
    metadata = Metadata(ifd.serialise(large, "<"))
    write_image(tmp_path / "a.jpg", np.zeros((20, 30), np.uint8), metadata)
    assert probe(tmp_path / "a.jpg").metadata.iso == 100
    write_image(tmp_path / "a.png", np.zeros((20, 30), np.uint8), metadata)
    assert len(probe(tmp_path / "a.png").metadata.exif or b"") > 70000
