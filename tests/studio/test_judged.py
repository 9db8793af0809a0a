"""What runs concluded stands beside their results, and each report is read once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from focusstack.plan.file import read_plan
from focusstack.studio import judged
from focusstack.studio.judged import UNKNOWN, Judgements


def test_what_a_run_concluded_is_told(folder: Path) -> None:
    verdict = read_plan(folder / "report.json").verdict
    assert verdict is not None
    found = Judgements().of(folder)
    assert (found.grade, found.words) == (verdict.grade, verdict.sentence())


def test_nothing_is_told_where_nothing_is_known(tmp_path: Path) -> None:
    judgements = Judgements()
    assert judgements.of(tmp_path) == UNKNOWN
    (tmp_path / "report.json").write_text("{")
    assert judgements.of(tmp_path) == UNKNOWN


def test_a_report_is_read_once_until_it_is_another_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []

    def noted(path: Path) -> object:
        reads.append(path)
        return read_plan(path)

    monkeypatch.setattr(judged, "read_plan", noted)
    judgements = Judgements()
    first = judgements.of(folder)
    assert judgements.of(folder) == first
    assert len(reads) == 1
    report = json.loads((folder / "report.json").read_text())
    report["verdict"] = {"grade": "fail", "words": "it does not fit"}
    (folder / "report.json").write_text(json.dumps(report))
    assert judgements.of(folder).grade == "fail"
    assert len(reads) == 2
