"""The benchmark of speed measures what a process does, on frames of the size asked for."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.speed.cases import Case, commands, every_case
from benchmarks.speed.floor import floor_of, floors
from benchmarks.speed.frames import size_of, write_frames
from benchmarks.speed.process import measured
from focusstack.frames.files import FileFrames
from focusstack.frames.search import survey

pytestmark = pytest.mark.skipif(not hasattr(os, "wait4"), reason="needs wait4")

PROGRAM = """
import sys, time
print("First stage", file=sys.stderr, flush=True)
held = bytearray(200 << 20)
print("something else", file=sys.stderr, flush=True)
time.sleep(0.2)
print("Second stage", file=sys.stderr, flush=True)
"""


def test_time_memory_and_stages_of_a_process() -> None:
    found = measured([sys.executable, "-c", PROGRAM], ["First", "Second"])
    assert list(found.stages) == ["start", "First stage", "Second stage"]
    assert found.stages["First stage"] >= 0.2
    assert found.wall == pytest.approx(sum(found.stages.values()))
    assert found.cpu > 0
    # No upper bound: what this process held when it began the other counts as well.
    assert found.peak > 200 << 20


def test_a_command_that_fails_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="ended with 3"):
        measured([sys.executable, "-c", "raise SystemExit(3)"])


@pytest.mark.parametrize(("bits", "suffix"), [(8, ".jpg"), (16, ".tif")])
def test_frames_are_as_many_and_as_large_as_asked_for(
    bits: int, suffix: str, tmp_path: Path
) -> None:
    write_frames(tmp_path / "in", 0.1, 13, bits, suffix)
    frames = FileFrames(survey([tmp_path / "in"]).files)
    assert len(frames) == 13
    assert frames.size == size_of(0.1)
    assert frames.size[0] * frames.size[1] == pytest.approx(0.1e6, rel=0.1)
    assert frames.dtype.itemsize * 8 == bits


def test_other_programs_run_in_turn_where_they_are_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case("small", 1, 3, options="--no-aligned --threads 1")
    monkeypatch.setattr(shutil, "which", lambda name: name if name == "focusweave" else None)
    found = commands(case, tmp_path / "my frames", tmp_path)
    assert list(found) == ["focusstack", "focusweave"]
    assert found["focusstack"][-2:] == ["--threads", "1"]
    assert found["focusweave"][1] == str(tmp_path / "my frames")
    # What is compiled in a first run nobody else has to compile.
    assert list(commands(replace(case, cold=True), tmp_path, tmp_path)) == ["focusstack"]


def test_every_case_is_told_by_its_name() -> None:
    names = [case.name for case in every_case([Path("insect"), Path("ring")])]
    assert len(set(names)) == len(names)
    assert {"insect", "ring, aligned frames", "sample, first run"} <= set(names)


def test_a_stage_has_the_floor_of_what_it_cannot_do_without(tmp_path: Path) -> None:
    write_frames(tmp_path / "frames", 0.1, 1, 16, ".tif")
    least = floors(tmp_path / "frames" / "frame_0001.tif")
    assert min(least.values()) >= 0
    least = dict.fromkeys(least, 1.0)
    assert floor_of("Reading frames", least) == 2
    assert floor_of("Fusing (1 of 2)", least) == 4
    assert floor_of("Aligning", least) is None
