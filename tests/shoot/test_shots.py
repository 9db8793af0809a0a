"""What files say of their shots: time, camera, exposure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from benchmarks.splitting.exif import START, Taken, exif_of
from focusstack.images import ifd, tags
from focusstack.shoot import shots
from focusstack.shoot.shots import of_exif, read_shot, read_shots
from tests.support.camera_exif import camera_exif


def with_text(tag: int, text: bytes) -> bytes:
    """EXIF in which a text stands instead."""
    directory = ifd.read(exif_of(Taken(3.25)))
    directory.children[tags.EXIF].fields[tag] = ifd.Field(ifd.ASCII, text)
    return ifd.serialise(directory, "<")


def test_the_time_has_hundredths() -> None:
    shot = of_exif(Path("a.jpg"), exif_of(Taken(3.25)), None)
    assert shot.time == pytest.approx(START.timestamp() + 3.25)
    assert shot.resolution == 0.01
    coarse = of_exif(Path("a.jpg"), exif_of(Taken(3.25, subsecond=False)), None)
    assert (coarse.time, coarse.resolution) == (START.timestamp() + 3, 1.0)
    assert coarse.offset is None


@pytest.mark.parametrize(
    ("text", "offset"), [(b"+02:00\0", 7200.0), (b"-03:30\0", -12600.0), (b"nonsense\0", None)]
)
def test_the_offset_of_the_clock(text: bytes, offset: float | None) -> None:
    assert of_exif(Path("a.jpg"), with_text(shots.OFFSET, text), None).offset == offset


@pytest.mark.parametrize(
    "text",
    [
        *(b"0000:00:00 00:00:00\0", b"2024:13:01 00:00:00\0", b"2024:02:30 25:00:00\0"),
        *(b"    :  :     :  :  \0", b"\xff\xff\0", b"9999:99:99 99:99:99\0", b"\0"),
    ],
)
def test_a_clock_that_was_never_set_tells_nothing(text: bytes) -> None:
    assert of_exif(Path("a.jpg"), with_text(shots.MADE, text), None).time is None


def test_camera_lens_and_settings(tmp_path: Path) -> None:
    taken = Taken(0.0, camera="X\x1b[31m1", settings=(0.5, 5.6, 400), distance=0.35)
    Pillow.new("RGB", (40, 30)).save(tmp_path / "a.jpg", exif=b"Exif\0\0" + exif_of(taken))
    shot = read_shot(tmp_path / "a.jpg")
    assert shot.size == (40, 30)
    assert shot.camera == "Maker X[31m1", "nothing in it steers a terminal"
    assert (shot.exposure_time, shot.f_number, shot.iso) == (0.5, 5.6, 400)
    assert shot.series.distance == pytest.approx(0.35)


def test_sizes_are_upright(tmp_path: Path) -> None:
    exif = b"Exif\0\0" + camera_exif(orientation=6)
    Pillow.new("RGB", (40, 30)).save(tmp_path / "a.jpg", exif=exif)
    assert read_shot(tmp_path / "a.jpg").size == (30, 40)


@pytest.mark.parametrize("mark", [b"II*\0", b"IIU\0", b"IIRO"])
def test_raw_that_is_built_like_tiff_needs_no_reader(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "a.rw2"
    path.write_bytes(mark + exif_of(Taken(3.25))[4:] + bytes(1000))
    shot = read_shot(path)
    assert shot.time == pytest.approx(START.timestamp() + 3.25)
    assert shot.size is None
    assert path.read_bytes()[:4] == mark


def test_damaged_exif_does_no_harm(tmp_path: Path) -> None:
    whole = exif_of(Taken(3.25, distance=2.0))
    rng = np.random.default_rng(1)
    for _ in range(300):
        broken = bytearray(whole)
        for place in rng.integers(8, len(whole), 5):
            broken[place] = rng.integers(256)
        (tmp_path / "a.nef").write_bytes(broken)
        assert read_shot(tmp_path / "a.nef").path.name == "a.nef"


def test_many_files_keep_their_order(tmp_path: Path) -> None:
    paths = [tmp_path / f"{k}.jpg" for k in range(20)]
    for k, path in enumerate(paths):
        Pillow.new("RGB", (20 + k, 30)).save(path)
    paths[3].write_bytes(b"no picture")
    found = read_shots(paths)
    assert [shot.path for shot in found] == paths
    assert [shot.size for shot in found][4:6] == [(24, 30), (25, 30)]
    assert found[3].pages == 0
    assert replace(found[3], pages=1) == shots.Shot(paths[3])
