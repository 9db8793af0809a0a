"""What wants to do harm, in short: hostile plans, and two runs at once."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from benchmarks.adversary.plans import Range
from benchmarks.adversary.races import Course
from benchmarks.adversary.spoils import KINDS


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Range:
    return Range(tmp_path_factory.mktemp("range"))


@pytest.mark.parametrize("kind", [*KINDS, "text"])
def test_a_hostile_plan_does_no_harm(field: Range, kind: str) -> None:
    ended = field.run(field.spoilt(kind, Random(kind)))
    wrong = [told for told in field.wrong(ended) if not told.startswith("took")]
    assert not wrong


def test_of_two_runs_one_writes(tmp_path: Path) -> None:
    course, random = Course(tmp_path), Random(1)
    for _ in range(3):
        outcome, wrong = course.race(random)
        assert not wrong, outcome
