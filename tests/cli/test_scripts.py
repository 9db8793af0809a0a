"""What a script hears of a run: exit codes, JSON, a log, names, what would be done."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from focusstack.cli.log import STAMP
from focusstack.pipeline import StackResult
from focusstack.plan.file import read_plan
from focusstack.plan.verdict import Verdict
from tests.support.cli_calls import call, done, failed, listed

# Done before ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more", [(), ("--no-report",), ("--no-aligned", "--depth"), ("--multipage",)]
)
def test_a_run_that_is_done_is_not_done_again(
    photos: Path, plan: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    command: list[str | Path] = ["run", photos, "-o", tmp_path / "out", "--plan", plan, *more]
    done(*command)
    before = {
        name: (tmp_path / "out" / name).stat().st_mtime_ns for name in listed(tmp_path / "out")
    }
    said = done(*command, "--resume").stdout.splitlines()
    assert said[0] == f"already done: {tmp_path / 'out'}"
    after = {
        name: (tmp_path / "out" / name).stat().st_mtime_ns for name in listed(tmp_path / "out")
    }
    assert after == before
    failed(2, *command)


def test_another_run_or_a_lost_file_is_not_taken_for_done(
    photos: Path, plan: Path, tmp_path: Path
) -> None:
    command: list[str | Path] = ["run", photos, "-o", tmp_path / "out", "--plan", plan]
    command += ["--resume", "--no-aligned", "--no-report"]
    done(*command)
    assert "not empty" in failed(2, *command, "--method", "pyramid")
    assert "not empty" in failed(2, *command, "--exclude", "IMG_8")
    (tmp_path / "out" / "fused.png").write_bytes(b"")
    assert "not empty" in failed(2, *command)


# Verdicts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grade", "asked", "code"),
    [("pass", "look", 0), ("look", "look", 6), ("look", "fail", 0), ("fail", "look", 6),
     ("fail", "fail", 6)],
)  # fmt: skip
def test_a_verdict_may_end_with_an_exit_code(
    plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grade: str, asked: str, code: int
) -> None:
    judged = replace(read_plan(plan), verdict=Verdict(grade, "words"))  # type: ignore[arg-type]
    monkeypatch.setattr(
        "focusstack.pipeline.stack", lambda *_: StackResult(judged, None, None, ("a.png",))
    )
    monkeypatch.setattr("focusstack.pipeline.plan_stack", lambda *_: judged)
    for command in (("run", "x", "-o", tmp_path / "out"), ("inspect", "x")):
        result = call(*command, "--fail-on", asked)
        assert result.exit_code == code
        assert "words" in result.stdout
        assert ("exit code 6" in result.stderr) == (code == 6)
        assert call(*command).exit_code == 0


def test_a_verdict_is_one_of_two() -> None:
    assert "Did you mean --fail-on look?" in failed(2, "run", "x", "--fail-on", "looks")


# JSON and the log -----------------------------------------------------------------------------


def test_the_report_on_the_output_stream(photos: Path, plan: Path, tmp_path: Path) -> None:
    quick = ("--plan", plan, "--no-report", "--no-aligned")
    result = done("run", photos, "-o", tmp_path / "out", "--json", *quick)
    written = (tmp_path / "out" / "report.json").read_text(encoding="utf-8")
    assert json.loads(result.stdout) == json.loads(written)
    assert len(result.stderr.splitlines()) == 1


def test_all_that_is_said_is_in_the_log(photos: Path, plan: Path, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    done("run", photos, "-o", tmp_path / "out", "--plan", plan, "-q", "--no-report",
         "--log", log)  # fmt: skip
    failed(2, "run", photos, "-o", tmp_path / "out", "--log", log)
    lines = log.read_text(encoding="utf-8").splitlines()
    assert STAMP == "%Y-%m-%d %H:%M:%S"
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", line) for line in lines)
    told = [line[20:] for line in lines]
    assert sum(line.startswith("focusstack ") for line in told) == 2
    assert f"error: {tmp_path / 'out'} is not empty" in told
    assert "Fusing" in told
    assert any(line.startswith(f"{tmp_path / 'out'}: ") for line in told)


def test_nothing_but_a_log_is_written_to(photos: Path, tmp_path: Path) -> None:
    before = (photos / "IMG_8.png").read_bytes()
    assert "no log" in failed(2, "inspect", photos, "--log", photos / "IMG_8.png")
    assert (photos / "IMG_8.png").read_bytes() == before
    assert "cannot be written" in failed(5, "inspect", photos, "--log", tmp_path)


# Names ----------------------------------------------------------------------------------------


def test_composites_are_called_as_asked(photos: Path, plan: Path, tmp_path: Path) -> None:
    command = ("run", photos, "--plan", plan, "--no-aligned", "--no-report")
    done(*command, "-o", tmp_path / "a", "--name", "{folder} {first}-{last}", "--depth")
    assert listed(tmp_path / "a") == [
        ".focusstack-run",
        "photos IMG_8-IMG_11-depth-confidence.png",
        "photos IMG_8-IMG_11-depth.png",
        "photos IMG_8-IMG_11.png",
        "report.json",
    ]
    fusion = json.loads((tmp_path / "a" / "report.json").read_text())["fusion"]
    assert fusion["maps"][0] == "photos IMG_8-IMG_11-depth.png"


@pytest.mark.parametrize(
    ("name", "words"),
    [("{foldr}", "{folder}"), ("a/b", "name of a file"), ("{folder", "brace"),
     ("", "name of a file"),
     ("{0}", "knows nothing"), ("{folder.x}", "knows nothing"), ("x" * 300, "name of a file"),
     ("{folder:>9999999999}", "knows nothing"), (".a", "name of a file")],
)  # fmt: skip
def test_names_that_are_none(photos: Path, tmp_path: Path, name: str, words: str) -> None:
    assert words in failed(2, "run", photos, "-o", tmp_path / "out", "--name", name)
    assert not (tmp_path / "out").exists()


# What would be done ---------------------------------------------------------------------------


def test_what_would_be_done(photos: Path, tmp_path: Path) -> None:
    command = ("run", photos, "-o", tmp_path / "out", "--depth", "--exclude", "IMG_9")
    said = done(*command, "--dry-run").stdout
    assert not (tmp_path / "out").exists()
    for words in (
        "3 frames of 240 x 180 pixels: IMG_8.png … IMG_11.png",
        "left out as asked: IMG_9.png",
        f"{tmp_path / 'out'}: fused.png, aligned/ (3 frames), depth.png",
        "about 5 s",
        " GB",
    ):
        assert words in said
    assert "already" not in said
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").touch()
    assert "something is there already" in done(*command, "--dry-run").stdout
    told = json.loads(done(*command, "--dry-run", "--json").stdout)
    assert told["names"] == ["IMG_8.png", "IMG_10.png", "IMG_11.png"]
    assert (told["folder"], told["taken"]) == (str(tmp_path / "out"), True)
    failed(3, "run", tmp_path / "nowhere", "--dry-run")


def test_the_page_tells_how_to_paint_over_what_is_wrong(
    photos: Path, plan: Path, tmp_path: Path
) -> None:
    done("run", photos, "-o", tmp_path / "out", "--plan", plan, "--no-aligned")
    assert ">focusstack review .</code>" in (tmp_path / "out" / "report.html").read_text("utf-8")
