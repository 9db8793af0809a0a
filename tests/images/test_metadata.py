"""EXIF, colour profile and XMP: read by this program, checked by Pillow and tifffile."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageCms
from PIL.TiffImagePlugin import IFDRational

from focusstack.images import ifd, tags
from focusstack.images.metadata import SOFTWARE, Metadata, checked_exif, for_output
from focusstack.images.read import probe, read_picture
from focusstack.images.write import write_image

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="6"/></x:xmpmeta>'
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


@pytest.mark.parametrize("order", ["<", ">"])
def test_edited_exif_seen_by_pillow(order: str) -> None:
    before = camera_exif(order)
    after = for_output(Metadata(before), 321, 123).exif
    assert after is not None
    found = by_pillow(after)
    assert found[0x0112] == 1
    assert found[0x0131] == SOFTWARE
    assert found[0x010F] == "Maker of cameras"
    exposure = found.get_ifd(0x8769)
    assert exposure[0xA002] == 321
    assert exposure[0xA003] == 123
    assert exposure[0x829A] == IFDRational(10, 1250)
    assert exposure[0x829D] == IFDRational(56, 10)
    assert exposure[0x8827] == 200
    assert exposure[0x9204] == IFDRational(-1, 3)
    assert exposure[0x927C] == MAKER_NOTE
    assert found.get_ifd(0x8825)[1] == "N"


@pytest.mark.parametrize("order", ["<", ">"])
def test_thumbnail_goes_and_everything_else_keeps_its_place(order: str) -> None:
    before = camera_exif(order)
    after = for_output(Metadata(before), 321, 123).exif
    assert after is not None
    assert b"\xff\xd8\xff" in before
    assert b"\xff\xd8\xff" not in after
    assert len(after) < len(before)
    assert after.index(MAKER_NOTE) == before.index(MAKER_NOTE)
    assert after[: before.index(MAKER_NOTE)].count(struct.pack(order + "II", 10, 1250)) == 1


def test_thumbnail_in_the_middle_is_blanked() -> None:
    before = camera_exif() + b"what follows"
    after = for_output(Metadata(before), 321, 123).exif
    assert after is not None
    assert b"\xff\xd8\xff" not in after
    assert by_pillow(after).get_ifd(0x8769)[0x927C] == MAKER_NOTE


def test_editing_twice_changes_nothing_more() -> None:
    once = for_output(Metadata(camera_exif(), ICC, XMP), 321, 123)
    twice = for_output(once, 321, 123)
    assert ifd.read(once.exif or b"") == ifd.read(twice.exif or b"")
    assert (twice.icc, twice.xmp) == (once.icc, once.xmp)


def test_input_is_not_modified() -> None:
    given_metadata = Metadata(camera_exif(), ICC, XMP)
    for_output(given_metadata, 1, 1)
    assert given_metadata == Metadata(camera_exif(), ICC, XMP)


@pytest.mark.parametrize(
    "form", [b'tiff:Orientation="6"', b"<tiff:Orientation>6</tiff:Orientation>"]
)
def test_orientation_in_xmp(form: bytes) -> None:
    edited = for_output(Metadata(xmp=b"<r " + form + b"/>"), 1, 1).xmp
    assert edited == b"<r " + form.replace(b"6", b"1") + b"/>"


@given(cut=st.integers(0, len(camera_exif()) - 1))
def test_cut_off_exif_never_escapes_as_another_error(cut: int) -> None:
    exif, note = checked_exif(camera_exif()[:cut])
    assert exif is None or note is None
    if exif is not None:
        assert ifd.read(for_output(Metadata(exif), 5, 5).exif or b"")


@given(data=st.binary(max_size=64), place=st.integers(0, 500))
def test_overwritten_exif_never_escapes_as_another_error(data: bytes, place: int) -> None:
    whole = camera_exif()
    exif, note = checked_exif(whole[:place] + data + whole[place + len(data) :])
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
