"""The commands for whole shoots: what they say, and how they end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from benchmarks.shoots.shooting import write_shoot
from tests.support.cli_calls import call, done, failed

QUICK = ("--no-report", "--no-aligned", "--jobs", "1", "--yes")


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cards") / "card"
    write_shoot(folder, 3, 3)
    return folder


def test_split_says_what_it_found_and_what_to_type(card: Path, tmp_path: Path) -> None:
    lines = done("split", card, "--csv", tmp_path / "stacks.csv").stdout.splitlines()
    assert lines[0].split() == ["card-IMG_0001", "3", "frames", "IMG_0001.jpg", "…", "IMG_0003.jpg"]
    assert "a pause of" in lines[1]
    assert lines[-2] == "3 stacks, 0 single pictures"
    assert lines[-1].startswith(f"next: focusstack batch {card} --stacks {tmp_path}/stacks.csv -o")
    assert not list(card.parent.glob("*-stacked"))


def test_what_split_says_to_type_works_where_something_lies_already(
    card: Path, tmp_path: Path
) -> None:
    shutil.copytree(card, tmp_path / "card")
    other = tmp_path / "card-stacked"
    other.mkdir()
    (other / "fused.jpg").touch()
    *_, told = done("split", tmp_path / "card").stdout.splitlines()
    assert told.endswith(f"-o {other}-2")
    (other / ".focusstack-batch").mkdir()
    *_, told = done("split", tmp_path / "card").stdout.splitlines()
    assert told.endswith(f"-o {other}")  # of a batch, which goes on


def test_split_as_json(card: Path) -> None:
    found = json.loads(done("split", card, "--json").stdout)
    assert [len(stack["files"]) for stack in found["stacks"]] == [3, 3, 3]


def test_batch_says_how_each_stack_went(card: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    lines = done("batch", card, "-o", out, *QUICK).stdout.splitlines()
    assert [line.split()[1] for line in lines[:3]] == [f"card-IMG_000{k}" for k in (1, 4, 7)]
    assert lines[3] == f"3 of 3 stacks done: {out}/index.html"
    again = done("batch", card, "-o", out, *QUICK, "--json").stdout
    assert [row["tries"] for row in json.loads(again)] == [1, 1, 1]
    assert not done("batch", card, "-o", out, *QUICK, "-q").output


def test_batch_ends_with_6_if_a_stack_failed(card: Path, tmp_path: Path) -> None:
    table = tmp_path / "stacks.csv"
    done("split", card, "--csv", table, "-q")
    rows = table.read_text().replace("card-IMG_0004", "card-IMG_0001", 1)  # a frame of another
    table.write_text(rows)
    (card / "focusstack.toml").write_text('[stack."card-IMG_0007"]\nonly = ["nothing"]\n')
    try:
        result = call("batch", card, "-o", tmp_path / "out", "--stacks", table, *QUICK)
    finally:
        (card / "focusstack.toml").unlink()
    assert result.exit_code == 6
    assert "2 of 3 stacks done" in result.stdout
    assert "card-IMG_0007: " in result.stderr
    assert "nothing" in result.stderr


@pytest.mark.parametrize(
    ("code", "arguments", "told"),
    [
        (2, ("--jobs", "many"), "--jobs auto"),
        (2, ("--on", "fail=delete"), "--on fail=quarantine"),
        (2, ("--split", "often"), "gap=SECONDS"),
        (2, ("--name", "{nonsense}"), "{folder}"),
        (3, ("--stacks", "nowhere.csv"), "nowhere.csv"),
        (3, ("--names", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_what_makes_no_sense_is_refused(
    card: Path, tmp_path: Path, code: int, arguments: tuple[str, ...], told: str
) -> None:
    assert told in failed(code, "batch", card, "-o", tmp_path / "out", *QUICK, *arguments)


def test_no_pictures(tmp_path: Path) -> None:
    assert "No pictures" in failed(3, "split", tmp_path)
    assert "does not exist" in failed(3, "batch", tmp_path / "nowhere", "-o", tmp_path / "out")
