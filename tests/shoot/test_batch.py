"""Every stack of a shoot is stacked, once, whatever happens to the others or to the program."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.shoots.shooting import begin, digests, finished, write_shoot
from focusstack.errors import OutputError, UsageError
from focusstack.options import StackOptions
from focusstack.pipeline import stack
from focusstack.shoot import one_stack, running
from focusstack.shoot.batch import BatchResult, batch
from focusstack.shoot.content import sizes_of
from focusstack.shoot.one_stack import Outcome, Task, work
from focusstack.shoot.settings import BatchOptions
from focusstack.shoot.state import StackState, States
from tests.shoot.conftest import QUICK, Known, output
from tests.shoot.test_claims import left_behind


@pytest.fixture
def threads() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture
def card(shoot: Path, tmp_path: Path) -> Path:
    """A copy of the shoot that a test may spoil."""
    return Path(shutil.copytree(shoot, tmp_path / "card"))


def copied(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "out"))


def done_anew(result: BatchResult, before: Path) -> list[str]:
    """Names of the stacks that have been begun once more."""
    old = States(before)
    return [
        s.name for s in result.states if (was := old.read(s.name)) is None or s.tries != was.tries
    ]


# What is there ---------------------------------------------------------------------------------


def test_every_stack_has_a_folder_a_state_and_a_row(whole: Path) -> None:
    names = [f"card-IMG_{k:04d}" for k in (1, 4, 7, 10)]
    assert sorted(p.name for p in whole.iterdir()) == [
        ".focusstack-batch", *names, "index.csv", "index.html", "index.json"
    ]  # fmt: skip
    for name in names:
        assert (whole / name / "fused.png").is_file()
        assert len(list((whole / name / "aligned").iterdir())) == 3
    rows = json.loads((whole / "index.json").read_text())
    assert [row["name"] for row in rows] == names
    assert all(row["camera"] == "Maker Camera 1" for row in rows)
    assert all(0.5 < row["area"] <= 1 for row in rows)
    assert all(row["composite"] == "fused.png" and row["grade"] for row in rows)
    assert not list(whole.rglob("*.claim-*"))


def test_the_same_as_a_run_of_each(whole: Path, shoot: Path, tmp_path: Path) -> None:
    files = [shoot / f"IMG_{k:04d}.jpg" for k in (4, 5, 6)]
    stack(files, output(tmp_path / "card-IMG_0004"), StackOptions(threads=2))
    alone = digests(tmp_path)
    assert alone == {k: v for k, v in digests(whole).items() if k in alone}
    assert len(alone) == 5


# Once is enough --------------------------------------------------------------------------------


def test_what_is_done_is_not_done_again(
    whole: Path, card: Path, tmp_path: Path, threads: Executor
) -> None:
    """Copied elsewhere, with another time of change: it is the content that counts."""
    out = copied(whole, tmp_path)
    result = batch(card, output(out), QUICK, threads)
    assert done_anew(result, whole) == []
    assert digests(out) == digests(whole)


def test_what_changed_is_done_again(
    whole: Path, card: Path, tmp_path: Path, threads: Executor
) -> None:
    out = copied(whole, tmp_path)
    shutil.copy(card / "IMG_0005.jpg", card / "IMG_0006.jpg")  # content of its own, and a copy
    (card / "IMG_0006.jpg").write_bytes((card / "IMG_0005.jpg").read_bytes() + b"\0")
    (out / "card-IMG_0010" / "fused.png").unlink()
    result = batch(card, output(out), QUICK, threads)
    assert done_anew(result, whole) == ["card-IMG_0004", "card-IMG_0010"]
    again = batch(card, replace(output(out), quality=90), QUICK, threads)
    assert done_anew(again, out) == []
    assert [state.tries for state in again.states] == [2, 3, 2, 3]


def test_other_pictures_of_the_same_names_replace_nothing(
    whole: Path, tmp_path: Path, threads: Executor
) -> None:
    """Cards are called alike, and cameras count from 1."""
    out = copied(whole, tmp_path)
    write_shoot(tmp_path / "next" / "card", 2, 4)
    for path in (tmp_path / "next" / "card").iterdir():
        path.write_bytes(path.read_bytes() + b"\0")
    result = batch(tmp_path / "next" / "card", output(out), QUICK, threads)
    assert [state.name for state in result.states] == ["card-IMG_0001-2", "card-IMG_0005"]
    assert digests(whole).items() <= digests(out).items()
    assert len(json.loads((out / "index.json").read_text())) == 6


def test_a_folder_of_other_things_is_left_alone(card: Path, threads: Executor) -> None:
    with pytest.raises((OutputError, UsageError), match="not empty"):
        batch(card, output(card), QUICK, threads)


# What goes wrong -------------------------------------------------------------------------------


@pytest.mark.usefixtures("known")
def test_a_stack_that_fails_stops_no_other(card: Path, tmp_path: Path, threads: Executor) -> None:
    for k in (4, 5, 6):
        (card / f"IMG_{k:04d}.jpg").write_bytes((card / f"IMG_{k:04d}.jpg").read_bytes()[:700])
    out = output(tmp_path / "out")
    asked = replace(QUICK, how=replace(QUICK.how, way="gap", gap=10))
    heard: list[StackState] = []
    result = batch(card, out, asked, threads, tell=heard.append)
    assert [state.status for state in result.states] == ["done", "failed", "done", "done"]
    failed = result.states[1]
    assert failed.exit_code == 3
    assert "IMG_0004.jpg" in failed.row.words
    assert result.bad == [failed]
    assert len(heard) == 4
    assert batch(card, out, asked, threads).states[1].tries == 1
    assert batch(card, out, replace(asked, retry=True), threads).states[1].tries == 2


@pytest.mark.usefixtures("known")
def test_a_process_that_dies_costs_one_try(
    card: Path, tmp_path: Path, threads: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    died: list[str] = []

    def dying(task: Task) -> Outcome:
        if task.name.endswith("4") and not died:
            died.append(task.name)
            raise MemoryError
        return work(task)

    monkeypatch.setattr(running, "work", dying)
    result = batch(card, output(tmp_path / "out"), QUICK, threads)
    assert [state.status for state in result.states] == ["done"] * 4
    assert [state.tries for state in result.states] == [1, 2, 1, 1]


@pytest.mark.usefixtures("known")
def test_a_stack_that_kills_has_failed(
    card: Path, tmp_path: Path, threads: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(task: Task) -> Outcome:
        if task.name.endswith("4"):
            raise MemoryError
        return work(task)

    monkeypatch.setattr(running, "work", dying)
    result = batch(card, output(tmp_path / "out"), QUICK, threads)
    assert [state.status for state in result.states] == ["done", "failed", "done", "done"]
    assert "died 2 times" in result.states[1].row.words
    assert "--jobs 1" in result.states[1].row.words
    monkeypatch.setattr(running, "work", work)
    again = batch(card, output(tmp_path / "out"), QUICK, threads)
    assert [state.status for state in again.states] == ["done"] * 4


def test_a_full_disk_ends_the_batch_and_keeps_what_is_done(
    card: Path, tmp_path: Path, threads: Executor, monkeypatch: pytest.MonkeyPatch, known: Known
) -> None:
    done: list[str] = []

    def full(*args: Any) -> object:
        done.append("")
        if len(done) > 1:
            raise OutputError("it cannot be written: the disk is full", "Free some space.")
        return known(*args)

    monkeypatch.setattr(one_stack, "stack", full)
    with pytest.raises(OutputError, match=r"disk is full\nFree some space\. Then start again"):
        batch(card, output(tmp_path / "out"), QUICK, threads)
    monkeypatch.setattr(one_stack, "stack", known)
    result = batch(card, output(tmp_path / "out"), QUICK, threads)
    assert [state.status for state in result.states] == ["done"] * 4
    assert [state.tries for state in result.states] == [1, 2, 2, 2]


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("grade", ["look", "fail"])
def test_bad_results_are_put_aside(
    card: Path,
    tmp_path: Path,
    threads: Executor,
    monkeypatch: pytest.MonkeyPatch,
    grade: str,
) -> None:
    def judged(task: Task) -> Outcome:
        outcome = work(task)
        given = grade if task.name.endswith("4") else "pass"
        return replace(outcome, row=outcome.row.model_copy(update={"grade": given}))

    monkeypatch.setattr(running, "work", judged)
    out = tmp_path / "out"
    asked = replace(QUICK, on={grade: "quarantine"})
    for _ in range(2):
        result = batch(card, output(out), asked, threads)
        assert [state.tries for state in result.states] == [1] * 4
        assert result.states[1].row.folder == "quarantine/card-IMG_0004"
        assert (out / "quarantine" / "card-IMG_0004" / "fused.png").is_file()
        assert not (out / "card-IMG_0004").exists()
        assert result.bad == [result.states[1]]
    assert 'href="quarantine/card-IMG_0004/fused.png"' in (out / "index.html").read_text()


def test_words_that_mean_nothing_are_refused() -> None:
    with pytest.raises(UsageError, match="--on fail=quarantine"):
        BatchOptions(on={"fail": "delete"})  # type: ignore[dict-item]
    with pytest.raises(UsageError, match="jobs=0"):
        BatchOptions(jobs=0)


# What was interrupted --------------------------------------------------------------------------


def test_a_run_that_ended_before_it_was_noted_counts(
    whole: Path, shoot: Path, tmp_path: Path, threads: Executor
) -> None:
    out = copied(whole, tmp_path)
    states = States(out)
    state = states.read("card-IMG_0004")
    assert state is not None
    expected = sizes_of([shoot / f"IMG_{k:04d}.jpg" for k in (4, 5, 6)])
    claimed = {"status": "claimed", "inputs": (), "outputs": {}, "expected": expected}
    states.write(state.model_copy(update=claimed))
    left_behind(states.folder)
    (states.folder / "a.claim-0").rename(states.folder / "card-IMG_0004.claim-0")
    states.thumbnail("card-IMG_0004").unlink()
    before = finished(whole)
    result = batch(shoot, output(out), QUICK, threads)
    assert done_anew(result, whole) == []
    assert states.thumbnail("card-IMG_0004").is_file()
    assert {name: (out / name / "report.json").stat().st_mtime_ns for name in before}
    assert digests(out) == digests(whole)


def test_killed_and_started_again_it_gives_the_same(
    whole: Path, shoot: Path, tmp_path: Path
) -> None:
    """A longer trial is ``python -m benchmarks.shoots kills``."""
    dice, out = random.Random(5), tmp_path / "out"
    done: dict[str, int] = {}
    for count in range(3):
        one = begin(shoot, out, "--jobs", "2")
        # As soon as one more is done, or somewhere behind: machines are not equally fast.
        while one.poll() is None and len(finished(out) if out.exists() else ()) <= count:
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 0.3) * count)
        assert count or one.poll() is None, "three stacks are still to be done"
        one.kill()
        one.communicate()
        now = finished(out) if out.exists() else {}
        assert done.items() <= now.items(), "a stack was done twice"
        done = now
    last = begin(shoot, out)
    said = last.communicate()
    assert last.returncode == 0, said
    assert done.items() <= finished(out).items()
    assert len(finished(out)) == 4
    assert digests(out) == digests(whole)


def test_two_share_the_work(whole: Path, shoot: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    both = [begin(shoot, out, "--jobs", "1") for _ in range(2)]
    assert [one.communicate() and one.returncode for one in both] == [0, 0]
    states = [States(out).read(name) for name in States(out).names()]
    assert [state.tries for state in states if state] == [1] * 4
    holders = {state.holder for state in states if state}
    assert all(any(str(one.pid) in holder for one in both) for holder in holders)
    assert digests(out) == digests(whole)


# Names that meet -------------------------------------------------------------------------------


def namesakes(home: Path, *names: str) -> Path:
    """A shoot of stacks of other pictures, in folders of these names."""
    for k, name in enumerate(names):
        write_shoot(home / name, 1, 3)
        for path in (home / name).iterdir():
            path.write_bytes(path.read_bytes() + f"{home}{k}".encode())
    return home


def by_folder(shoot: Path, out: Path, threads: Executor) -> BatchResult:
    named = replace(QUICK, template="{folder}")
    plain = replace(output(out), aligned=False)
    return batch(shoot, plain, named, threads)


def test_namesakes_in_results_that_hold_another_never_share_a_folder(
    tmp_path: Path, threads: Executor
) -> None:
    out = tmp_path / "out"
    first = namesakes(tmp_path / "card 1", "A")
    second = namesakes(tmp_path / "card 2", "X/A", "Y/A")
    by_folder(first, out, threads)
    done = by_folder(second, out, threads)
    assert [state.name for state in done.states] == ["A-2", "A-2-2"]
    assert len({record.path for state in done.states for record in state.inputs}) == 6
    again = by_folder(second, out, threads)
    assert [state.tries for state in again.states] == [1, 1]
    assert [state.name for state in by_folder(first, out, threads).states] == ["A"]


def test_what_another_card_has_left_unnoted_is_not_taken_for_this_ones(
    tmp_path: Path, threads: Executor
) -> None:
    out = tmp_path / "out"
    (done,) = by_folder(namesakes(tmp_path / "card 1", "A"), out, threads).states
    claimed = done.model_copy(update={"status": "claimed", "inputs": (), "before": ""})
    other = namesakes(tmp_path / "card 2", "A")
    for expected in ({}, {"IMG_0001.jpg": 1}):
        States(out).write(claimed.model_copy(update={"expected": expected}))
        (state,) = by_folder(other, out, threads).states
        assert state.tries == (1 if expected else 2)
        assert state.name == ("A-2" if expected else "A")


def test_a_batch_keeps_its_own_names(tmp_path: Path, threads: Executor) -> None:
    out = tmp_path / "out"
    shoot = namesakes(tmp_path / "card", "Index.HTML", "quarantine")
    done = by_folder(shoot, out, threads)
    assert [state.name for state in done.states] == ["Index.HTML_", "quarantine_"]
    assert [state.status for state in done.states] == ["done"] * 2


def test_nothing_of_others_is_removed_from_the_quarantine(
    tmp_path: Path, threads: Executor
) -> None:
    out = tmp_path / "out"
    shoot = namesakes(tmp_path / "card", "A")
    aside = replace(QUICK, template="{folder}", on={"look": "quarantine"})
    batch(shoot, output(out), QUICK, threads)
    mine = out / "quarantine" / "A"
    mine.mkdir(parents=True)
    (mine / "notes.txt").write_text("mine")
    (mine.parent / "A-2").symlink_to(tmp_path)
    for name in ("A-3", "A-3"):  # the second replaces what the first has put there
        (state,) = batch(shoot, replace(output(out), quality=90), aside, threads).states
        assert state.row.folder == f"quarantine/{name}"
        States(out).write(state.model_copy(update={"status": "planned", "key": ""}))
    assert (mine / "notes.txt").read_text() == "mine"
    assert shoot.is_dir()
