"""How a page says that it was made."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from focusstack.frames.files import FileFrames
from focusstack.frames.in_memory import ArrayFrames
from focusstack.images.write import write_image
from focusstack.options import FusionOptions, MapOptions, OutputOptions, StackOptions
from focusstack.output.report.html import report_page
from focusstack.output.report.provenance import LIBRARIES, provenance, versions
from focusstack.runtime.progress import StageClock
from tests.support.report_plans import frame, plan

ROOT = Path(__file__).resolve().parents[3]
RNG = np.random.default_rng(1)


def test_the_clock_passes_everything_on() -> None:
    class Listener:
        def __init__(self) -> None:
            self.heard: list[object] = []

        def start(self, stage: str, total: int) -> None:
            self.heard.append((stage, total))

        def advance(self, steps: int = 1) -> None:
            self.heard.append(steps)

        def finish(self) -> None:
            self.heard.append("finish")

        def note(self, message: str) -> None:
            self.heard.append(message)

        def warn(self, message: str) -> None:
            self.heard.append(message)

    listener = Listener()
    clock = StageClock(listener)
    clock.start("Aligning", 3)
    clock.advance(2)
    clock.note("n")
    clock.warn("w")
    clock.finish()
    clock.finish()
    assert listener.heard == [("Aligning", 3), 2, "n", "w", "finish", "finish"]
    assert [name for name, _ in clock.stages] == ["Aligning"]
    assert 0 <= clock.stages[0][1] <= clock.seconds


def test_the_command_that_makes_it_again(tmp_path: Path) -> None:
    photos = tmp_path / "my photos"
    photos.mkdir()
    for name in ("a.png", "b.png", "c.png"):
        write_image(photos / name, RNG.integers(0, 256, (64, 64, 3), np.uint8))
    whole = FileFrames([photos / n for n in ("a.png", "b.png", "c.png")])
    out = tmp_path / "out"
    made = provenance(whole, StackOptions(), OutputOptions(out), StageClock())
    assert made.command is not None
    assert made.command.line() == "focusstack run '../my photos' --output . --overwrite"
    some = FileFrames([photos / n for n in ("a.png", "b.png")])
    options = StackOptions("a.png", None, FusionOptions(method="depth"), local=False)
    output = OutputOptions(out, "tif", 80, aligned=False, bit_depth=16, maps=MapOptions(depth=True))
    made = provenance(some, options, output, StageClock())
    assert made.command is not None
    assert made.command.line() == (
        "focusstack run '../my photos/a.png' '../my photos/b.png' --output . --overwrite "
        "--format tif --quality 80 --bit-depth 16 --method depth --reference a.png --no-aligned "
        "--no-local --depth"
    )
    aligned = provenance(whole, StackOptions(), OutputOptions(out, fused=False), StageClock())
    assert aligned.command is not None
    assert aligned.command.command == "align"
    arrays = ArrayFrames([RNG.random((64, 64, 3), np.float32) for _ in range(2)])
    assert provenance(arrays, StackOptions(), OutputOptions(out), StageClock()).command is None
    page = report_page(plan(frame("a"), frame("b")), None, made)
    assert str(tmp_path) not in page  # where it lay is nobody's business
    for name, version in made.versions:
        assert name in page
        assert version in page


def test_versions_of_what_bytes_rest_on_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    told = dict(versions())
    assert {"focusstack", "Python", "numpy", "numba", "system"} <= set(told)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [name for name in LIBRARIES if not any(name in d for d in project["dependencies"])] == []
    monkeypatch.setattr("focusstack.output.report.provenance.LIBRARIES", ("numpy", "no-such-thing"))
    assert "no-such-thing" not in dict(versions())
