"""The benchmark of speed measures what a process does, on frames of the size asked for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

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
