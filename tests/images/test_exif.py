"""EXIF of an edited picture: corrected, everything else as it was."""

from __future__ import annotations

import struct

import pytest
from PIL.TiffImagePlugin import IFDRational

from focusstack.images import ifd
from focusstack.images.metadata import SOFTWARE, Metadata, for_output
from tests.support.camera_exif import ICC, MAKER_NOTE, XMP, by_pillow, camera_exif


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
