"""What has been done is known by what went in, what was asked, and what came out."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from focusstack.errors import InputError
from focusstack.options import FusionOptions, OutputOptions, StackOptions
from focusstack.shoot.content import (
    is_of_others,
    key_of,
    outputs_there,
    record_inputs,
    record_outputs,
    same_inputs,
    sizes_of,
)
from focusstack.shoot.state import StackState

OUTPUT = OutputOptions(Path("out"))


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    for name in "abc":
        (tmp_path / f"{name}.jpg").write_bytes(name.encode() * 100)
    return [tmp_path / f"{name}.jpg" for name in "abc"]


def test_options_that_change_results_change_the_key() -> None:
    plain = key_of(StackOptions(), OUTPUT)
    for other in (
        (StackOptions(fusion=FusionOptions("depth")), OUTPUT),
        (StackOptions(exclude=("a",)), OUTPUT),
        (StackOptions(local=False), OUTPUT),
        (StackOptions(), replace(OUTPUT, quality=90)),
        (StackOptions(), replace(OUTPUT, report=False)),
        (StackOptions(), replace(OUTPUT, catalogue="ZMB 12")),
    ):
        assert key_of(*other) != plain


def test_options_that_change_nothing_do_not() -> None:
    plain = key_of(StackOptions(), OUTPUT)
    assert key_of(StackOptions(threads=7, memory=10**9), OUTPUT) == plain
    assert key_of(StackOptions(), replace(OUTPUT, folder=Path("b"), overwrite=True)) == plain


def test_a_shot_of_dust_counts_by_what_it_shows(files: list[Path]) -> None:
    a, b, c = (key_of(StackOptions(dust=path), OUTPUT) for path in files)
    assert len({a, b, c}) == 3
    files[1].write_bytes(files[0].read_bytes())
    assert key_of(StackOptions(dust=files[1]), OUTPUT) == a
    with pytest.raises(InputError, match="cannot be read"):
        key_of(StackOptions(plan=Path("nowhere")), OUTPUT)


def test_files_that_were_copied_are_the_same(files: list[Path]) -> None:
    before = record_inputs(files)
    assert same_inputs(files, before)
    for path in files:
        os.utime(path, ns=(1, 1))
    assert same_inputs(files, before)
    assert not same_inputs(files[:2], before)
    assert not same_inputs(files[::-1], before)


def test_names_that_are_no_text_are_told_apart(tmp_path: Path) -> None:
    paths = [tmp_path / os.fsdecode(name) for name in (b"a\xff.jpg", b"a\xfe.jpg")]
    for path in paths:
        path.write_bytes(b"alike")
    before = record_inputs(paths)
    assert same_inputs(paths, before)
    assert not same_inputs(paths[::-1], before)
    assert not is_of_others(paths, StackState(name="a", inputs=before))


@pytest.mark.parametrize("text", [b"x" * 100, b"longer" * 100])
def test_files_that_were_changed_are_others(files: list[Path], text: bytes) -> None:
    before = record_inputs(files)
    files[2].write_bytes(text)
    assert not same_inputs(files, before)
    assert not is_of_others(files, StackState(name="a", inputs=before))
    for path in files:
        path.write_bytes(b"another card")
    assert is_of_others(files, StackState(name="a", inputs=before))


def test_files_that_are_gone_are_others(files: list[Path]) -> None:
    before = record_inputs(files)
    files[1].unlink()
    assert not same_inputs(files, before)
    assert len(record_inputs(files)) == 2


def test_results_that_lack_must_be_made_again(tmp_path: Path) -> None:
    (tmp_path / "aligned").mkdir()
    for name in ("fused.jpg", "aligned/a.jpg", ".hidden"):
        (tmp_path / name).write_bytes(b"123")
    state = StackState(name="a", outputs=record_outputs(tmp_path))
    assert state.outputs == {"fused.jpg": 3, "aligned/a.jpg": 3}
    assert outputs_there(tmp_path, state)
    (tmp_path / "aligned" / "a.jpg").write_bytes(b"12")
    assert not outputs_there(tmp_path, state)
    assert not outputs_there(tmp_path, StackState(name="a"))


def test_a_stack_that_was_planned_is_known_by_names_and_sizes(files: list[Path]) -> None:
    planned = StackState(name="a", expected=sizes_of(files[:2]))
    assert not is_of_others(files[1:], planned)
    assert is_of_others(files[2:], planned)
    assert not is_of_others(files, StackState(name="a"))
    for path in files:
        path.write_bytes(b"another card")
    assert is_of_others(files, planned)


def test_a_name_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no name of a file"):
        key_of(StackOptions(dust=tmp_path / "a\0b"), OUTPUT)
