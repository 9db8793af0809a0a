"""Writing picture files: exact where the format can be, all or nothing always."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow

from focusstack.errors import OutputError
from focusstack.images import tiff_out
from focusstack.images import write as write_module
from focusstack.images.read import read_picture
from focusstack.images.write import OutputFormat, suffix_for, write_image
from focusstack.numeric.arrays import Image
from focusstack.runtime.files import write_atomically


def picture(dtype: str, channels: int) -> Image:
    shape = (17, 23) if channels == 1 else (17, 23, channels)
    rng = np.random.default_rng(1)
    if dtype == "float32":
        return rng.random(shape, dtype=np.float32)
    return rng.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("suffix", "dtype"),
    [
        (".png", "uint8"),
        (".png", "uint16"),
        (".tif", "uint8"),
        (".tiff", "uint16"),
        (".TIF", "float32"),
    ],
)
def test_lossless_round_trip(tmp_path: Path, suffix: str, dtype: str, channels: int) -> None:
    pixels = picture(dtype, channels)
    path = tmp_path / f"a{suffix}"
    write_image(path, pixels)
    np.testing.assert_array_equal(read_picture(path).pixels, pixels)
    by_others = (
        cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if suffix == ".png"
        else tifffile.imread(path)[..., ::-1]
        if channels == 3
        else tifffile.imread(path)
    )
    assert by_others is not None
    np.testing.assert_array_equal(by_others, pixels if channels == 1 else pixels[..., ::-1])
    assert by_others.dtype == pixels.dtype


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_close_and_not_subsampled(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "a.jpg"
    ramp = np.add.outer(np.arange(64), 2 * np.arange(64)).astype(np.uint8)
    pixels = ramp if channels == 1 else np.stack([ramp, 255 - ramp, ramp // 2], -1)
    write_image(path, pixels, quality=95)
    difference = read_picture(path).pixels.astype(int) - pixels
    assert np.sqrt(np.mean(difference**2)) < 4
    with Pillow.open(path) as image:
        assert image.mode == ("L" if channels == 1 else "RGB")
        layer = getattr(image, "layer")  # noqa: B009 - only JPEG images have it
    assert all(component[1:3] == (1, 1) for component in layer)


def test_jpeg_quality_matters(tmp_path: Path) -> None:
    sizes = []
    for quality in (50, 80, 95):
        write_image(tmp_path / "a.jpg", picture("uint8", 3), quality=quality)
        sizes.append((tmp_path / "a.jpg").stat().st_size)
    assert sizes == sorted(set(sizes))


def test_16_bit_is_rounded_to_8_for_jpeg(tmp_path: Path) -> None:
    """Rounding keeps white white and is never further off than half a step."""
    codes = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    rounded = write_module._as_dtype(codes, np.uint8)
    assert np.abs(rounded / 255 - codes / 65535).max() <= 0.5 / 255 + 1e-9
    flat = np.full((32, 32, 3), 200 * 257 + 100, np.uint16)
    write_image(tmp_path / "a.jpg", flat, quality=100)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.jpg").pixels, 200)


def test_float_is_rounded_to_16_bit_png(tmp_path: Path) -> None:
    pixels = picture("float32", 3)
    pixels[0, 0] = [-0.5, 1.5, 1.0]
    before = pixels.copy()
    write_image(tmp_path / "a.png", pixels)
    found = read_picture(tmp_path / "a.png").pixels
    assert found.dtype == np.uint16
    np.testing.assert_array_equal(found[0, 0], [0, 65535, 65535])
    assert np.abs(found / 65535 - np.clip(pixels, 0, 1)).max() <= 0.5 / 65535 + 1e-6
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_views_that_are_not_contiguous(tmp_path: Path, suffix: str) -> None:
    large = np.repeat(np.repeat(picture("uint8", 3), 8, 0), 8, 1)
    view = large[8:96, ::-1][:, 8:88]
    write_image(tmp_path / f"view{suffix}", view)
    write_image(tmp_path / f"copy{suffix}", np.ascontiguousarray(view))
    found, expected = (read_picture(tmp_path / f"{n}{suffix}").pixels for n in ("view", "copy"))
    np.testing.assert_array_equal(found, expected)


def test_same_bytes_twice(tmp_path: Path) -> None:
    for suffix in (".jpg", ".png", ".tif"):
        for name in "ab":
            write_image(tmp_path / f"{name}{suffix}", picture("uint8", 3))
        first, second = (tmp_path / f"{name}{suffix}" for name in "ab")
        assert first.read_bytes() == second.read_bytes()


# Refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.gif", "a", "a.jpg.txt"])
def test_unknown_suffix(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match=r"Use \.jpg"):
        write_image(tmp_path / name, picture("uint8", 3))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("shape", [(4,), (4, 5, 4), (4, 5, 1), (0, 5, 3)])
def test_no_picture(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(TypeError, match="shape"):
        write_image(tmp_path / "a.png", np.zeros(shape, np.uint8))


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_pixels_of_another_type(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(TypeError, match="float64"):
        write_image(tmp_path / f"a{suffix}", np.zeros((4, 5)))
    assert not list(tmp_path.iterdir())


def test_too_wide_for_jpeg(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="65500"):
        write_image(tmp_path / "a.jpg", np.zeros((1, 65501), np.uint8))
    assert not list(tmp_path.iterdir())


# All or nothing -------------------------------------------------------------------------------


def test_replaces_the_old_file_and_leaves_no_other(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]


REASONS = {
    errno.ENOSPC: "disk is full",
    errno.EROFS: "read-only",
    errno.EACCES: "may not write",
    errno.EDQUOT: "quota",
    errno.EIO: "Input/output error",
}


@pytest.mark.parametrize("number", REASONS)
@pytest.mark.parametrize("suffix", [".json", ".jpg", ".png", ".tif"])
def test_failing_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, number: int
) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")

    def fail(descriptor: int) -> None:
        assert len(list(tmp_path.glob(".a*.part-*"))) == 1  # the temporary is beside it, hidden
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    write = write_atomically if suffix == ".json" else write_image
    new = b"new" if suffix == ".json" else picture("uint8", 3)
    with pytest.raises(OutputError, match=REASONS[number]) as caught:
        write(path, new)  # type: ignore[arg-type]
    assert str(path) in caught.value.message
    assert caught.value.remedy
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [RuntimeError("encoder"), KeyboardInterrupt()])
def test_failing_encoder_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    path = tmp_path / "a.tif"
    write_image(path, picture("uint8", 3))
    old = path.read_bytes()

    def fail(file: object, *args: object) -> None:
        raise error

    monkeypatch.setattr(tiff_out, "append_exif", fail)  # after the pixels have been written
    with pytest.raises(type(error)):
        write_image(path, picture("uint8", 1))
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def test_failing_rename_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def fail(self: Path, target: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match="may not write"):
        write_image(path, picture("uint8", 3))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="folder does not exist"):
        write_atomically(tmp_path / "absent" / "a.json", b"")


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="folder is a file"):
        write_atomically(tmp_path / "file" / "a.json", b"")


def test_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    with pytest.raises(OutputError, match="folder of that name"):
        write_atomically(tmp_path / "a.json", b"")
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_long_names_have_room_for_the_temporary(tmp_path: Path) -> None:
    write_atomically(tmp_path / ("ä" * 125 + ".json"), b"new")
    with pytest.raises(OutputError, match="name is too long"):
        write_atomically(tmp_path / ("ä" * 130 + ".json"), b"new")
    assert len(list(tmp_path.iterdir())) == 1


# Suffix ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "given", "dtype", "expected"),
    [
        ("auto", ".JPG", "uint8", ".JPG"),
        ("auto", ".jpeg", "uint8", ".jpeg"),
        ("auto", ".png", "uint16", ".png"),
        ("auto", ".tiff", "uint16", ".tiff"),
        ("auto", ".tif", "float32", ".tif"),
        ("auto", ".webp", "uint8", ".png"),
        ("auto", "", "uint16", ".tif"),
        ("auto", ".JPG", "uint16", ".tif"),
        ("auto", ".bmp", "uint8", ".png"),
        ("auto", "", "float32", ".tif"),
        ("jpg", ".tif", "uint16", ".jpg"),
        ("png", ".jpg", "uint8", ".png"),
        ("tif", ".jpg", "uint8", ".tif"),
    ],
)
def test_suffix(wanted: OutputFormat, given: str, dtype: str, expected: str) -> None:
    assert suffix_for(wanted, given, np.dtype(dtype)) == expected
