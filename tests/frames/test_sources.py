"""Frames from files and arrays: order, checks at construction, reading ahead."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from focusstack.errors import InputError
from focusstack.frames.files import FileFrames
from focusstack.frames.in_memory import ArrayFrames
from focusstack.frames.open import open_frames
from focusstack.frames.sources import FrameSource
from focusstack.images.header import CONVERT
from focusstack.numeric.arrays import Image
from tests.support.frame_files import noise, stack

# Sources --------------------------------------------------------------------------------------


def test_file_frames(tmp_path: Path) -> None:
    source: FrameSource = FileFrames(stack(tmp_path, ["1.png", "2.png", "3.png"]))
    assert list(source.names) == ["1.png", "2.png", "3.png"]
    assert (source.size, source.dtype, source.channels) == ((16, 12), np.dtype(np.uint8), 3)
    assert len(source) == 3
    np.testing.assert_array_equal(source.read(1).pixels, noise(1))


def test_array_frames() -> None:
    arrays = [noise(seed, (12, 16), "uint16") for seed in range(3)]
    source: FrameSource = ArrayFrames(arrays)
    assert list(source.names) == ["frame_0001", "frame_0002", "frame_0003"]
    assert (source.size, source.dtype, source.channels) == ((16, 12), np.dtype(np.uint16), 1)
    found = source.read(2).pixels
    np.testing.assert_array_equal(found, arrays[2])
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0] = 1
    assert arrays[2].flags.writeable


@pytest.mark.parametrize("count", [0, 1])
def test_too_few(tmp_path: Path, count: int) -> None:
    with pytest.raises(InputError, match="at least two"):
        FileFrames(stack(tmp_path, ["1.png"][:count]))
    with pytest.raises(InputError, match="at least two"):
        ArrayFrames([noise(0)] * count)


def test_sizes_differ(tmp_path: Path) -> None:
    paths = stack(tmp_path, ["1.png", "2.png", "3.png", "4.png"])
    Pillow.fromarray(noise(9, (16, 12, 3))).save(paths[2])
    with pytest.raises(InputError, match="size") as caught:
        FileFrames(paths)
    message = caught.value.message
    assert "3 are 16 x 12 pixels" in message
    assert "3.png (12 x 16 pixels)" in message
    assert not any(name in message for name in ("1.png", "2.png", "4.png"))
    with pytest.raises(InputError, match=r"frame_0002 \(12 x 16"):
        ArrayFrames([noise(0), noise(1, (16, 12, 3)), noise(2)])


def test_size_is_compared_upright(tmp_path: Path) -> None:
    paths = stack(tmp_path, ["1.jpg", "2.jpg"])
    exif = Pillow.Exif()
    exif[0x0112] = 8
    Pillow.fromarray(noise(5, (16, 12, 3))).save(paths[1], exif=exif)
    source = FileFrames(paths)
    assert source.size == (16, 12)
    assert source.read(1).pixels.shape == (12, 16, 3)


def test_kinds_differ(tmp_path: Path) -> None:
    paths = stack(tmp_path, ["1.png", "2.png", "3.png"])
    Pillow.fromarray(noise(9, (12, 16))).save(paths[1])
    with pytest.raises(InputError, match=r"kind: 2 are RGB uint8, but not 2\.png \(grey uint8\)"):
        FileFrames(paths)
    with pytest.raises(InputError, match=r"frame_0003 \(RGB uint16\)"):
        ArrayFrames([noise(0), noise(1), noise(2, dtype="uint16")])


def test_unreadable_file(tmp_path: Path) -> None:
    paths = stack(tmp_path, ["1.png", "2.png"])
    paths[1].write_bytes(b"")
    with pytest.raises(InputError, match=r"2\.png is empty"):
        FileFrames(paths)


def test_copies_are_named(tmp_path: Path) -> None:
    paths = stack(tmp_path, ["1.png", "2.png", "3.png"])
    paths[2].write_bytes(paths[0].read_bytes())
    with pytest.raises(InputError, match=r"1\.png and 3\.png hold the same picture"):
        FileFrames(paths)
    with pytest.raises(InputError, match="frame_0001 and frame_0003"):
        ArrayFrames([noise(0), noise(1), noise(0)])


def test_one_pixel_makes_a_large_file_another(tmp_path: Path) -> None:
    """A difference outside of the parts that are compared first."""
    pixels = np.zeros((700, 500), np.uint8)
    for name in ("1.tif", "2.tif"):
        tifffile.imwrite(tmp_path / name, pixels, photometric="minisblack")
        pixels[210, 3] = 1  # about 105 kB into the file, beyond the first 64 kB
    assert len(FileFrames([tmp_path / "1.tif", tmp_path / "2.tif"])) == 2
    (tmp_path / "2.tif").write_bytes((tmp_path / "1.tif").read_bytes())
    with pytest.raises(InputError, match="same picture"):
        FileFrames([tmp_path / "1.tif", tmp_path / "2.tif"])


def test_names_clash(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    paths = stack(tmp_path, ["1.png", "b/1.png"])
    with pytest.raises(InputError, match="same name") as caught:
        FileFrames(paths)
    assert all(str(path) in caught.value.message for path in paths)
    with pytest.raises(InputError, match="same name"):
        FileFrames(stack(tmp_path, ["2.png", "2.jpg"]))
    with pytest.raises(InputError, match="same name"):
        ArrayFrames([noise(0), noise(1)], ["a", "a"])
    with pytest.raises(InputError, match="2 frames have 1 names"):
        ArrayFrames([noise(0), noise(1)], ["a"])


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (noise(1, (12, 16, 4)), "shape"),
        (noise(1, (16,)), "shape"),
        (noise(1, (0, 16, 3)), "shape"),
        (noise(1).astype(np.float64), "float64"),
        (np.full((12, 16, 3), np.nan, np.float32), "NaN"),
        (np.full((12, 16, 3), 255, np.float32), "white must be 1"),
        ([[1, 2], [3, 4]], "list"),
    ],
)
def test_arrays_that_are_no_pictures(array: Image, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        ArrayFrames([noise(0), array])
    assert "frame_0002" in caught.value.message


# One picture in memory ------------------------------------------------------------------------


def test_one_by_one_each_frame_takes_the_memory_of_the_one_before(tmp_path: Path) -> None:
    paths = stack(tmp_path, ["1.jpg", "2.jpg", "3.jpg"])
    frames = FileFrames(paths)
    alone = [frames.read(i).pixels for i in range(3)]
    source, before = frames.one_by_one(), None
    for i, expected in enumerate(alone):
        pixels = source.read(i).pixels
        np.testing.assert_array_equal(pixels, expected)
        assert before is None or np.shares_memory(pixels, before)
        before = pixels
    assert not np.shares_memory(frames.read(0).pixels, frames.read(0).pixels)


def test_a_jpeg_may_go_on_behind_its_end(tmp_path: Path) -> None:
    path, other = stack(tmp_path, ["1.jpg", "2.jpg"])
    expected = FileFrames([path, other]).read(0).pixels
    path.write_bytes(path.read_bytes() + bytes(20_000))
    np.testing.assert_array_equal(FileFrames([path, other]).read(0).pixels, expected)


def test_files_of_a_kind_that_is_not_read_are_to_be_saved_otherwise(tmp_path: Path) -> None:
    """To copy them again would not help; it does where one of them is broken."""
    for k in range(3):
        Pillow.new("CMYK", (90, 80)).save(tmp_path / f"{k}.jpg")
    with pytest.raises(InputError, match="CMYK") as caught:
        open_frames(tmp_path)
    assert caught.value.remedy == CONVERT
    (tmp_path / "3.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(InputError, match="CMYK") as caught:
        open_frames(tmp_path)
    assert "again" in caught.value.remedy
