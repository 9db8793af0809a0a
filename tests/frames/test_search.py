"""Natural order, and which files make up a stack."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from focusstack.errors import InputError
from focusstack.frames.search import find_files, natural_key, survey
from focusstack.images.write import write_image
from tests.support.frame_files import noise, stack


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
    write_image(tmp_path / "fused.png", noise(7), frames=(2, 2))
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
