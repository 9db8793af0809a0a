"""Makers' notes are read as ExifTool reads them, and damaged ones say nothing."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from benchmarks.splitting.exif import (
    Taken,
    canon_note,
    exif_of,
    fujifilm_note,
    olympus_note,
    panasonic_note,
    phase_one_note,
    place_note,
)
from focusstack.images import ifd
from focusstack.shoot.maker_notes import NOTHING, Series
from focusstack.shoot.shots import of_exif


def sony_note(number: int) -> bytes:
    """The block 0x9400, enciphered by a cube modulo 249."""
    plain = bytearray(64)
    plain[0x12:0x16] = struct.pack("<I", number - 1)
    stored = bytes(b**3 % 249 if b < 249 else b for b in plain)
    block = ifd.Field(7, b"\x24" + stored[1:])
    # Counted from the beginning of EXIF, where `settled` puts it.
    return b"SONY DSC \0\0\0" + ifd.pack(ifd.Directory({0x9400: block}), "<", 0)


def settled(exif: bytes) -> bytes:
    """EXIF whose Sony note points to its own block."""
    at = exif.index(b"SONY DSC ") + 12
    return exif[: at + 10] + struct.pack("<I", at + 18) + exif[at + 14 :]


NOTES = {
    "Canon": (canon_note(4, 0.52, 0.48), Series(4, None, 0.5), "BracketShotNumber"),
    "FUJIFILM": (fujifilm_note(7), Series(7), "SequenceNumber"),
    "Panasonic": (panasonic_note(5), Series(5, True), "SequenceNumber"),
    "OM Digital Solutions": (olympus_note(6, 0.42), Series(6, True, 0.42), "DriveMode"),
    "SONY": (sony_note(9), Series(9), "SequenceImageNumber"),
    "Phase One": (phase_one_note(3), Series(3, True), None),  # which older ones do not list
}


def exif_with(maker: str) -> bytes:
    camera = {"SONY": "ILCE-7M3", "Canon": "Canon EOS R5"}.get(maker, "X")
    exif = exif_of(Taken(1.0, note=NOTES[maker][0], camera=camera, make=maker))
    if maker == "Canon":
        return place_note(exif)
    return settled(exif) if maker == "SONY" else exif


@pytest.mark.parametrize("maker", NOTES)
def test_what_makers_say(maker: str) -> None:
    assert of_exif(Path("a.jpg"), exif_with(maker), None).series == NOTES[maker][1]


@pytest.mark.parametrize("maker", [name for name, (_, _, tag) in NOTES.items() if tag])
def test_exiftool_says_the_same(maker: str, tmp_path: Path) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("there is no exiftool")
    path = tmp_path / "a.jpg"
    Pillow.new("RGB", (16, 16)).save(path, exif=b"Exif\0\0" + exif_with(maker))
    tag = NOTES[maker][2]
    assert tag is not None
    told = subprocess.run(
        ["exiftool", "-j", f"-{tag}", path],
        capture_output=True,
        check=True,
    )
    (found,) = json.loads(told.stdout)
    number = str(NOTES[maker][1].number)
    assert f"Shot {number}" in found[tag] if tag == "DriveMode" else str(found[tag]) == number


@pytest.mark.parametrize("maker", NOTES)
def test_damaged_notes_say_nothing_and_do_no_harm(maker: str) -> None:
    whole = exif_with(maker)
    start = whole.index(NOTES[maker][0][:4])
    rng = np.random.default_rng(0)
    for _ in range(300):
        broken = bytearray(whole)
        for place in rng.integers(start, len(whole), 4):
            broken[place] = rng.integers(256)
        found = of_exif(Path("a.jpg"), bytes(broken), None).series
        assert found.number is None or 0 < found.number < 1 << 32
    for end in range(start, len(whole)):
        assert isinstance(of_exif(Path("a.jpg"), whole[:end], None).series, Series)


@pytest.mark.parametrize(("words", "bracketed"), [((12, 1, 9), True), ((12, 0, 9), False)])
def test_canon_says_whether_focus_is_bracketed(words: tuple[int, ...], bracketed: bool) -> None:
    value = ifd.Field(9, struct.pack(f"<{len(words)}i", *words))
    note = ifd.pack(ifd.Directory({0x4053: value}), "<", 0)
    exif = exif_of(Taken(1.0, note=note, camera="Canon EOS R5", make="Canon"))
    begin = exif.index(note[:8])
    exif = exif[: begin + 10] + struct.pack("<I", begin + 18) + exif[begin + 14 :]
    assert of_exif(Path("a.jpg"), exif, None).series == Series(None, bracketed)


def test_notes_of_others_say_nothing() -> None:
    for note in (b"Nikon\0\2\x10\0\0", b"AOC\0II", b"\0" * 40, b"x"):
        exif = exif_of(Taken(1.0, note=note))
        assert of_exif(Path("a.jpg"), exif, None).series == NOTHING
