"""Two sweeps in one folder are told before they become one picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.splitting.cards import Card
from benchmarks.splitting.kinds import KINDS
from benchmarks.splitting.subjects import sweep
from focusstack.shoot.sweeps import follow_on, in_words, several_sweeps
from tests.support.cli_calls import call


def twice(folder: Path, pause: float = 30.0, frames: int = 4) -> Path:
    card = Card(np.random.default_rng(0))
    for hand in (1, 2):
        card.shoot(sweep(1, frames, hand=hand), lambda: 0.5)
        card.clock += pause
    card.write(folder)
    return folder


def test_two_sweeps_are_told(tmp_path: Path) -> None:
    assert in_words(several_sweeps([twice(tmp_path)])) == (
        "these frames are of 2 stacks, which become one picture: IMG_0001.jpg … IMG_0004.jpg, "
        "IMG_0005.jpg … IMG_0008.jpg (a pause of 30 s; focus starts over, as at IMG_0001.jpg)"
    )


@pytest.mark.parametrize("kind", ["stalling", "hesitant hand", "bracketed"])
def test_single_sweeps_are_not(tmp_path: Path, kind: str) -> None:
    card = KINDS[kind](np.random.default_rng(3))
    card.write(tmp_path)
    for group in card.groups:
        assert several_sweeps([tmp_path / name for name in group]) == []


def test_few_frames_are_no_two_stacks(tmp_path: Path) -> None:
    assert several_sweeps([twice(tmp_path, frames=2)]) == []
    assert several_sweeps([tmp_path / "nowhere"]) == []


def test_a_sweep_that_goes_on_after_a_pause_is_one(tmp_path: Path) -> None:
    sweeps = several_sweeps([twice(tmp_path)])
    names = [path.name for stack in sweeps for path in stack.paths]
    assert follow_on(sweeps, names)
    assert follow_on(sweeps, names[::-1])
    assert follow_on(sweeps, [names[5], *names[:5], *names[6:]])
    assert follow_on(sweeps, [*names[:3], names[4], names[3], *names[5:]])
    # Focus starts over: frames of both are in turn.
    assert not follow_on(
        sweeps, [name for pair in zip(names[:4], names[4:], strict=True) for name in pair]
    )
    assert not follow_on(sweeps, names[:4])


def test_a_run_warns_and_says_what_to_type(tmp_path: Path) -> None:
    folder = twice(tmp_path / "photos")
    said = call("run", folder, "-o", tmp_path / "out", "--no-report", "--no-aligned").stderr
    assert "warning: these frames are of 2 stacks" in said
    assert f"focusstack batch {folder} -o {folder}-stacked" in said
    said = call("run", folder, "-o", tmp_path / "a", "--no-report", "--exclude", "IMG_0001").stderr
    assert "stacks" not in said
