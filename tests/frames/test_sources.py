"""Frames from files and arrays: order, checks at construction, reading ahead."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from focusstack.errors import InputError
from focusstack.frames.files import FileFrames
from focusstack.frames.in_memory import ArrayFrames
from focusstack.frames.search import find_files, natural_key, survey
from focusstack.frames.sources import FrameSource
from focusstack.images.write import write_image
from focusstack.numeric.arrays import Image
from focusstack.runtime.prefetch import one_ahead, prefetch


def noise(seed: int, shape: tuple[int, ...] = (12, 16, 3), dtype: str = "uint8") -> Image:
    values = np.random.default_rng(seed).integers(0, 255, shape)
    return (values / 255).astype(dtype) if dtype == "float32" else values.astype(dtype)


def stack(folder: Path, names: list[str]) -> list[Path]:
    """Write different pictures by these names."""
    for seed, name in enumerate(names):
        Pillow.fromarray(noise(seed)).save(folder / name)
    return [folder / name for name in names]


# Natural order --------------------------------------------------------------------------------


def test_natural_order() -> None:
    names = ["IMG_10.jpg", "img_9.jpg", "IMG_2.jpg", "IMG_1.jpg", "a.jpg", "10.jpg", "9.jpg"]
    expected = ["9.jpg", "10.jpg", "a.jpg", "IMG_1.jpg", "IMG_2.jpg", "img_9.jpg", "IMG_10.jpg"]
    assert sorted(names, key=natural_key) == expected


@given(
    prefix=st.text("abZ_- é٣²", max_size=5),
    suffix=st.sampled_from([".jpg", "-x.tif", ""]),
    numbers=st.lists(st.integers(0, 10**30), max_size=12),
)
def test_numbers_are_ordered_by_value(prefix: str, suffix: str, numbers: list[int]) -> None:
    names = [f"{prefix}{number}{suffix}" for number in numbers]
    ordered = [f"{prefix}{number}{suffix}" for number in sorted(numbers)]
    assert sorted(names, key=natural_key) == ordered


@given(names=st.lists(st.text(max_size=12)), data=st.data())
def test_order_depends_on_the_names_alone(names: list[str], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(names))
    assert sorted(names, key=natural_key) == sorted(shuffled, key=natural_key)


@given(a=st.text("aA01٣² é", max_size=8), b=st.text("aA01٣² é", max_size=8))
def test_only_equal_names_tie(a: str, b: str) -> None:
    assert (natural_key(a) == natural_key(b)) == (a == b)


# Finding files --------------------------------------------------------------------------------


def test_folder_in_natural_order(tmp_path: Path) -> None:
    stack(tmp_path, ["b10.png", "b9.png", "B1.png", "a.jpg"])
    assert [p.name for p in find_files([tmp_path])] == ["a.jpg", "B1.png", "b9.png", "b10.png"]


def test_folder_leaves_out_what_is_no_frame(tmp_path: Path) -> None:
    stack(tmp_path, ["1.png", "2.png", ".hidden.png", ".1.png.part-00ff.png"])
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "report.json").write_text("{}")
    (tmp_path / "deeper").mkdir()
    stack(tmp_path / "deeper", ["3.png"])
    found = survey([tmp_path])
    assert [p.name for p in found.files] == ["1.png", "2.png"]
    assert [p.name for p in found.skipped] == ["notes.txt", "report.json"]


def test_earlier_composite_is_left_out(tmp_path: Path) -> None:
    stack(tmp_path, ["1.png", "2.png"])
    write_image(tmp_path / "fused.png", noise(7))
    found = survey([tmp_path])
    assert [p.name for p in found.files] == ["1.png", "2.png"]
    assert [p.name for p in found.skipped] == ["fused.png"]
    assert find_files([tmp_path / "fused.png"]) == [tmp_path / "fused.png"]  # named outright


def test_a_camera_may_call_its_file_fused(tmp_path: Path) -> None:
    stack(tmp_path, ["1.png", "fused.png"])
    assert [p.name for p in find_files([tmp_path])] == ["1.png", "fused.png"]


def test_aligned_frames_of_an_earlier_run_are_frames(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_image(tmp_path / f"{seed}.png", noise(seed))
    assert len(find_files([tmp_path])) == 2


def test_globs_and_files_together(tmp_path: Path) -> None:
    stack(tmp_path, ["a1.png", "a2.png", "b1.png", "c.png"])
    (tmp_path / "a3.txt").touch()
    found = survey([str(tmp_path / "a*"), tmp_path / "c.png"])
    assert [p.name for p in found.files] == ["a1.png", "a2.png", "c.png"]
    assert [p.name for p in found.skipped] == ["a3.txt"]


def test_a_name_with_brackets_is_no_pattern(tmp_path: Path) -> None:
    stack(tmp_path, ["a[1].png"])
    assert find_files([tmp_path / "a[1].png"]) == [tmp_path / "a[1].png"]


def test_inputs_that_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No pictures found"):
        find_files([tmp_path])
    with pytest.raises(InputError, match="No pictures found"):
        find_files([])
    with pytest.raises(InputError, match="No pictures found"):
        find_files([str(tmp_path / "*.jpg")])
    with pytest.raises(InputError, match=r"absent\.jpg does not exist"):
        find_files([tmp_path / "absent.jpg"])
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match=r"notes\.txt is of a format"):
        find_files([tmp_path / "notes.txt"])


def test_a_file_given_twice(tmp_path: Path) -> None:
    first, _ = stack(tmp_path, ["1.png", "2.png"])
    with pytest.raises(InputError, match=r"1\.png is given twice"):
        find_files([tmp_path, first])
    (tmp_path / "link.png").symlink_to(first)
    with pytest.raises(InputError, match="is given twice"):
        find_files([tmp_path])


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


# Reading ahead --------------------------------------------------------------------------------


def reading_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("prefetch")]


@given(count=st.integers(0, 20), ahead=st.integers(1, 5), workers=st.integers(1, 4))
def test_prefetch_keeps_order_and_bound(count: int, ahead: int, workers: int) -> None:
    started = 0
    lock = threading.Lock()

    def read(i: int) -> int:
        nonlocal started
        with lock:
            started += 1
        time.sleep((i * 7 % 3) * 1e-4)  # later items may be ready first
        return i * i

    results = []
    for result in prefetch(read, range(count), ahead, workers):
        results.append(result)
        with lock:
            assert started <= len(results) + ahead
    assert results == [i * i for i in range(count)]
    assert started == count
    assert not reading_threads()


def test_prefetch_reads_while_the_consumer_works() -> None:
    read_second = threading.Event()

    def read(i: int) -> int:
        if i == 1:
            read_second.set()
        return i

    results = prefetch(read, range(3), ahead=1)
    assert next(results) == 0
    assert read_second.wait(10)  # before it has been asked for
    assert list(results) == [1, 2]


def test_prefetch_raises_at_the_right_item() -> None:
    def read(i: int) -> int:
        if i == 2:
            raise InputError("third")
        return i

    results = prefetch(read, range(6), ahead=4, workers=2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(InputError, match="third"):
        next(results)
    assert not reading_threads()


@pytest.mark.parametrize("way", ["close", "throw"])
def test_prefetch_ends_its_threads_with_the_consumer(way: str) -> None:
    calls: list[int] = []

    def read(i: int) -> int:
        calls.append(i)
        time.sleep(0.01)
        return i

    results = prefetch(read, range(1000), ahead=3, workers=2)
    next(results)
    assert reading_threads()
    if way == "close":
        assert hasattr(results, "close")
        results.close()
    else:
        assert hasattr(results, "throw")
        with pytest.raises(KeyboardInterrupt):
            results.throw(KeyboardInterrupt())
    assert not reading_threads()
    assert len(calls) <= 4


def test_prefetch_passes_on_an_error_of_the_indices() -> None:
    def indices() -> Iterator[int]:
        yield 0
        yield 1
        raise RuntimeError("indices")

    with pytest.raises(RuntimeError, match="indices"):
        list(prefetch(abs, indices(), ahead=1))
    assert not reading_threads()


def test_prefetch_needs_room() -> None:
    with pytest.raises(ValueError, match="at least one"):
        next(prefetch(abs, [1], ahead=0))
    with pytest.raises(ValueError, match="at least one"):
        next(prefetch(abs, [1], workers=0))


def test_the_next_item_is_made_while_one_is_in_use() -> None:
    made_second, closed = threading.Event(), threading.Event()

    def items() -> Generator[int, None, None]:
        try:
            yield 0
            made_second.set()
            yield 1
            yield 2
        finally:
            closed.set()

    found = one_ahead(items())
    assert next(found) == 0
    assert made_second.wait(10)  # before it has been asked for
    assert list(found) == [1, 2]
    assert closed.is_set()
    assert not reading_threads()


def test_what_fails_ahead_is_told_at_its_item() -> None:
    def items() -> Generator[int, None, None]:
        yield 0
        raise InputError("second")

    found = one_ahead(items())
    assert next(found) == 0
    with pytest.raises(InputError, match="second"):
        next(found)
    assert not reading_threads()


def test_a_consumer_that_leaves_ends_what_is_made_ahead() -> None:
    closed = threading.Event()

    def items() -> Generator[int, None, None]:
        try:
            yield from range(1000)
        finally:
            closed.set()

    found = one_ahead(items())
    next(found)
    found.close()
    assert closed.is_set()
    assert not reading_threads()


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
