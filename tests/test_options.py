"""What is asked for in a way that cannot be is told, and what people mean is understood."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from focusstack.errors import UsageError
from focusstack.options import OutputOptions, StackOptions
from focusstack.pipeline import stack
from tests.support.cli_calls import failed


def options(**named: Any) -> StackOptions:
    return StackOptions(**named)


def test_amounts_and_paths_may_be_text() -> None:
    assert options(memory="600M").memory == 600 << 20
    assert options(plan="report.json").plan == Path("report.json")


@pytest.mark.parametrize("memory", ["much", "", "-3", [], b"600M", -1, 0, float("nan")])
def test_what_is_no_memory_is_told(memory: object) -> None:
    with pytest.raises(UsageError, match="memory"):
        options(memory=memory)


@pytest.mark.parametrize("threads", ["two", None, 1.5, 0])
def test_what_is_no_number_of_threads_is_told(threads: object) -> None:
    with pytest.raises(UsageError, match="threads="):
        options(threads=threads)


def test_pages_of_frames_that_are_not_written_are_told(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="multipage"):
        OutputOptions(tmp_path, multipage=True, aligned=False)
    told = failed(2, "run", photos, "-o", tmp_path / "o", "--multipage", "--no-aligned")
    assert "--multipage" in told


def test_a_method_of_what_is_not_fused_is_told(photos: Path, tmp_path: Path) -> None:
    told = failed(2, "run", photos, "-o", tmp_path / "o", "--no-fuse", "--method", "depth")
    assert "--method" in told
    assert not (tmp_path / "o").exists()


def test_an_output_that_is_a_file_is_told(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "o").write_text("mine")
    told = failed(5, "run", photos, "-o", tmp_path / "o")
    assert "a file of that name exists" in told
    told = failed(5, "run", photos, "-o", tmp_path / "o" / "p")
    assert "its folder is a file" in told
    assert (tmp_path / "o").read_text() == "mine"


@pytest.mark.parametrize("inputs", [[], (), iter([])])
def test_no_frames_are_none(inputs: Any) -> None:
    with pytest.raises(Exception, match=r"at least two frames; there are none") as caught:
        stack(inputs)
    assert getattr(caught.value, "exit_code", None) == 3
