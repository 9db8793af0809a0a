"""Advice that can be followed: every command that the program prints works when it is pasted."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest
import tifffile

import focusstack.output.aligned
from focusstack.errors import Change, OutputError, leaving_out
from focusstack.images.read import read_picture
from focusstack.images.write import write_image
from focusstack.retouch.record import write_retouch
from focusstack.retouch.result import open_result
from focusstack.retouch.strokes import Point, Retouch, Stroke
from focusstack.runtime.command_line import CommandLine
from focusstack.scene.stack import RenderedStack, render_stack
from tests.support.cli_calls import NAMES, call, done, written

ROOT = Path(__file__).resolve().parents[2] / "focusstack"

SAID: dict[str, str] = {}
"""What each remedy that was met here does, and the command that was pasted."""


def pasted(said: str, *, codes: tuple[int, ...] = (0,)) -> list[str]:
    """Run every command that stands in what was said; return their lines."""
    lines = said.splitlines()
    found = []
    for why, line in pairwise(lines):
        if line.startswith("  focusstack "):
            SAID[why.rstrip(":")] = line
            result = call(*shlex.split(line)[1:])
            assert result.exit_code in codes, f"{line}\n{result.stderr}"
            found.append(line.strip())
    return found


def refused(code: int, *arguments: str | Path) -> str:
    result = call(*arguments)
    assert result.exit_code == code, result.output
    return str(result.stderr)


@pytest.fixture
def here(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the terminal is in, with the photos in it."""
    shutil.copytree(photos, tmp_path / "my photos")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# What is there already ------------------------------------------------------------------------


def test_a_result_that_exists(here: Path, plan: Path) -> None:
    command = ("run", "my photos", "--no-aligned", "--no-report", "--plan", plan)
    done(*command)
    found = pasted(refused(2, *command))
    assert [line.split("report.json ")[1] for line in found] == [
        "--overwrite",
        f"--output {shlex.quote('my photos-stacked-2')}",
    ]
    assert (here / "my photos-stacked-2" / "fused.png").is_file()


def test_a_composite_that_exists(stacked: Path, here: Path) -> None:
    done("fuse", stacked / "aligned", "-o", "a.png")
    assert len(pasted(refused(2, "fuse", stacked / "aligned", "-o", "a.png"))) == 2
    assert (here / "a-2.png").is_file()


@pytest.mark.usefixtures("small_sample", "here")
def test_a_sample_set_that_exists() -> None:
    done("sample", "demo")
    assert pasted(refused(2, "sample", "demo")) == [
        "focusstack sample demo --overwrite",
        "focusstack sample demo-2",
    ]


def test_a_run_that_was_interrupted(
    here: Path, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop() -> None:
        def full(*_: object, **__: object) -> None:
            raise OutputError("the disk is full", "Free some space.")

        with monkeypatch.context() as patched:
            patched.setattr(focusstack.output.aligned, "write_image", full)
            refused(5, "run", "my photos", "--no-report", "--plan", plan, "--overwrite")

    stop()
    assert len(pasted(refused(2, "run", "my photos", "--no-report", "--plan", plan))) == 2
    stop()
    said = refused(2, "run", "my photos", "--plan", plan, "--resume", "--quality", "80")
    assert pasted(said) == [f"focusstack run 'my photos' --quality 80 --plan {plan} --overwrite"]


# Frames that do not belong --------------------------------------------------------------------


def test_a_name_that_was_mistyped(here: Path, plan: Path) -> None:
    said = refused(2, "inspect", "my photos", "--exclude", "IMG_99", "--exclude", "IMG_8.png")
    assert pasted(said) == [
        "focusstack inspect 'my photos' --exclude IMG_9.png --exclude IMG_8.png"
    ]
    said = refused(2, "inspect", "my photos", "--reference", "IMG_99.png")
    assert "Did you mean IMG_9.png" in said
    assert pasted(said) == ["focusstack inspect 'my photos'"]


def test_an_input_that_was_mistyped(here: Path) -> None:
    said = refused(3, "inspect", "my photo", "--exclude", "IMG_8")
    assert pasted(said) == ["focusstack inspect 'my photos' --exclude IMG_8"]
    given = [f"my photos/{name}" for name in (NAMES[0], "IMG_99.png", NAMES[2])]
    assert pasted(refused(3, "inspect", *given)) == [
        f"focusstack inspect 'my photos/{NAMES[0]}' 'my photos/IMG_9.png' 'my photos/{NAMES[2]}'"
    ]
    (here / "my photox.txt").touch()  # nothing that could be stacked
    for nothing in ("nowhere", "nowhere/at all", "my photox.tx"):
        assert "To" not in refused(3, "inspect", nothing)


def test_a_folder_of_results(here: Path, stacked: Path) -> None:
    shutil.copytree(stacked, here / "done")
    said = refused(3, "fuse", "done", "-o", "a.png")
    assert pasted(said) == ["focusstack fuse done/aligned --output a.png"]
    said = refused(3, "inspect", "done/fused.png")
    assert pasted(said) == []


def test_frames_that_cannot_be_read(here: Path) -> None:
    photos = here / "my photos"
    (photos / "IMG_9.png").write_bytes(b"no picture")
    said = refused(3, "inspect", "my photos")
    assert pasted(said) == ["focusstack inspect 'my photos' --exclude IMG_9.png"]
    (photos / "IMG_10.png").write_bytes(b"")
    said = refused(3, "inspect", "my photos")
    assert pasted(said) == ["focusstack inspect 'my photos' --exclude IMG_9.png,IMG_10.png"]


def test_frames_that_are_damaged(here: Path, rendered: RenderedStack) -> None:
    for name, frame in zip(NAMES, rendered.frames, strict=True):
        (here / "my photos" / name).unlink()
        path = (here / "my photos" / name).with_suffix(".jpg")
        write_image(path, frame)
        if name != NAMES[0]:
            data = bytearray(path.read_bytes())
            data[len(data) // 2 : len(data) // 2 + 9] = b"\xff\xd9" + bytes(7)
            path.write_bytes(data)
    said = refused(3, "inspect", "my photos")
    assert pasted(said) == ["focusstack inspect 'my photos' --keep-damaged"]
    for name in NAMES[2:]:
        (here / "my photos" / name).with_suffix(".jpg").unlink()
    said = refused(3, "fuse", "my photos", "-o", "a.jpg", "--overwrite")
    assert [line.rpartition("--")[2] for line in pasted(said)] == ["keep-damaged"]


def test_frames_of_another_size(here: Path) -> None:
    write_image(here / "my photos" / "IMG_9.png", np.zeros((150, 200, 3), np.uint8))
    for command in ("inspect", "fuse", "crop"):
        output = ["--output", f"{command}.png"] if command != "inspect" else []
        said = refused(3, command, "my photos", *output)
        assert len(pasted(said)) == 1
        assert "--exclude IMG_9.png" in said


def test_the_same_picture_twice(here: Path) -> None:
    shutil.copy(here / "my photos" / "IMG_8.png", here / "my photos" / "IMG_80.png")
    assert pasted(refused(3, "inspect", "my photos")) == [
        "focusstack inspect 'my photos' --exclude IMG_80.png"
    ]


def test_the_same_name_twice(here: Path, rendered: RenderedStack) -> None:
    other = written(here / "more", rendered.frames[:1], ["IMG_8.jpg"])
    names = [here / "my photos" / name for name in NAMES[:3]]
    said = refused(3, "inspect", *names, other / "IMG_8.jpg")
    assert len(pasted(said)) == 1


def test_several_sets_in_one_folder(here: Path, rendered: RenderedStack) -> None:
    photos = here / "my photos"
    for name, frame in zip(NAMES, rendered.frames, strict=True):
        write_image((photos / name).with_suffix(".jpg"), frame)
    assert pasted(refused(3, "inspect", "my photos")) == [
        "focusstack inspect 'my photos/IMG_*.jpg'",
        "focusstack inspect 'my photos/IMG_*.png'",
    ]
    for path in photos.glob("*.jpg"):
        path.unlink()
    for k, name in enumerate(NAMES):
        frame = read_picture(photos / name).pixels[:140, :200]
        write_image(photos / f"small {k}.png", frame)
    assert len(pasted(refused(3, "inspect", "my photos"))) == 2


def test_a_composite_beside_frames(here: Path, stacked: Path) -> None:
    shutil.copy(stacked / "fused.png", here / "my photos" / "ant.png")
    for path in (here / "my photos").glob("IMG*"):
        path.unlink()
    for path in (stacked / "aligned").iterdir():
        shutil.copy(path, here / "my photos")
    said = refused(3, "fuse", "my photos", "-o", "a.png", "--overwrite")
    assert len(pasted(said)) == 2


def test_a_file_of_pages_beside_others(here: Path, rendered: RenderedStack) -> None:
    tifffile.imwrite(here / "my photos" / "z.tif", np.stack(rendered.frames), photometric="rgb")
    assert pasted(refused(3, "inspect", "my photos")) == ["focusstack inspect 'my photos/z.tif'"]


def test_pictures_in_a_folder_below(here: Path) -> None:
    (here / "card").mkdir()
    (here / "my photos").rename(here / "card" / "100 CANON")
    assert pasted(refused(3, "inspect", "card")) == ["focusstack inspect 'card/100 CANON'"]
    said = refused(2, "card/100 CANON", "-o", "out", "--no-aligned", "--no-report")
    (line,) = [one for one in said.splitlines() if "focusstack run" in one]
    done(*shlex.split(line.partition("focusstack ")[2]))


def test_two_stacks_in_one_folder(here: Path) -> None:
    photos = here / "my photos"
    for path in photos.iterdir():
        path.unlink()
    for letter, seed in (("A", 1), ("B", 8)):
        shown = render_stack("plane", width=320, height=240, frames=3, seed=seed)
        for k, pixels in enumerate(shown.frames, 1):
            write_image(photos / f"{letter}{k}.png", pixels)
    said = refused(4, "run", "my photos", "--no-aligned", "--no-report", "--format", "jpg")
    assert pasted(said) == [
        "focusstack run 'my photos' --format jpg --no-aligned --no-report "
        f"--only '{letter}*.png' --output {shlex.quote(f'my photos-stacked-{k}')}"
        for k, letter in enumerate("AB", 1)
    ]


# Plans ----------------------------------------------------------------------------------------


def test_plans_of_other_frames(here: Path, plan: Path, rendered: RenderedStack) -> None:
    photos = here / "my photos"
    out = ("-o", "out", "--no-aligned", "--no-report", "--overwrite")
    said = refused(2, "run", "my photos", "--plan", plan, "--reference", "IMG_8.png", *out)
    assert len(pasted(said)) == 2
    shutil.copy(photos / "IMG_8.png", photos / "IMG_7.png")
    with (photos / "IMG_7.png").open("ab") as file:
        file.write(b"\0")
    said = refused(2, "run", "my photos", "--plan", plan, *out)
    assert "--exclude IMG_7.png" in pasted(said)[0]
    (photos / "IMG_7.png").unlink()
    (photos / "IMG_9.png").unlink()
    assert len(pasted(refused(2, "run", "my photos", "--plan", plan, *out))) == 1
    small = written(here / "small", [f[:150, :200] for f in rendered.frames], NAMES)
    assert len(pasted(refused(2, "run", small, "--plan", plan, *out))) == 1
    grey = written(here / "grey", [f[..., 0] for f in rendered.frames], NAMES)
    assert len(pasted(refused(2, "run", grey, "--plan", plan, *out))) == 1


def changed(plan: Path, to: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Write a plan in which something was changed."""
    told = json.loads(plan.read_text())
    change(told)
    to.write_text(json.dumps(told))


def test_a_plan_that_folds_a_frame(here: Path, plan: Path) -> None:
    def fold(told: dict[str, Any]) -> None:
        grid = np.zeros((7, 9, 2))
        grid[3, 4, 0] = 60  # between nodes that are thirty pixels apart
        told["frames"][1]["local_px"] = grid.tolist()

    changed(plan, here / "folded.json", fold)
    out = ("-o", "out", "--no-aligned", "--no-report", "--overwrite")
    assert [
        line.rpartition("--no-report ")[2]
        for line in pasted(refused(3, "run", "my photos", "--plan", "folded.json", *out))
    ] == ["--overwrite --plan folded.json --no-local", "--overwrite"]


def test_a_plan_that_counts_on_displacement(here: Path, plan: Path) -> None:
    def count_on_it(told: dict[str, Any]) -> None:
        told["crop"] = {"x": 60, "y": 60, "width": 36, "height": 30}
        one = told["frames"][1]
        one["matrix"] = (np.array([[1, 0, 100], [0, 1, 0], [0, 0, 1]]) @ one["matrix"]).tolist()
        one["local_px"] = np.broadcast_to([100.0, 0.0], (3, 4, 2)).tolist()

    changed(plan, here / "counting.json", count_on_it)
    said = refused(4, "run", "my photos", "--plan", "counting.json", "--no-local", "--no-report")
    assert pasted(said) == ["focusstack run 'my photos' --no-report --plan counting.json"]


# Strokes, and what the system allows ------------------------------------------------------------


def test_strokes_that_are_not_there_or_of_what_is_gone(
    stacked: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(stacked, here / "my photos-stacked")
    shown: list[Path] = []
    serving = "focusstack.studio.reviewing.review_folder"
    monkeypatch.setattr(serving, lambda folder, *_, **__: shown.append(folder))
    said = refused(3, "retouch", "my photos-stacked", "--quality", "80")
    assert pasted(said) == ["focusstack review 'my photos-stacked'"]
    assert shown == [Path("my photos-stacked")]
    result = open_result(here / "my photos-stacked")
    stroke = Stroke("paint", (Point(60, 60),), "frame:IMG_99.png", size=20)
    write_retouch(
        result.record, Retouch(result.plan.reference, result.plan.canvas, strokes=(stroke,))
    )
    said = refused(3, "retouch", "my photos-stacked")
    assert pasted(said) == ["focusstack retouch 'my photos-stacked' --skip-lost"]


def test_a_system_that_lets_few_threads_start(
    here: Path, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Few(threading.Thread):
        going: ClassVar[list[threading.Thread]] = []

        def start(self) -> None:
            if len(self.going) >= 4:
                raise RuntimeError("can't start new thread")
            self.going.append(self)
            super().start()

        def join(self, timeout: float | None = None) -> None:
            self.going.remove(self)
            super().join(timeout)

    allowed = SimpleNamespace(Event=threading.Event, Thread=Few)
    monkeypatch.setattr("focusstack.runtime.allowances.threading", allowed)
    command = ("run", "my photos", "--plan", plan, "--no-report", "--overwrite")
    assert len(pasted(refused(2, *command, "--threads", "64"))) == 1


# Options --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "ways"),
    [
        ("--no-aligned --no-fuse", 2),
        ("--no-fuse --depth", 2),
        ("--no-fuse --method depth", 2),
        ("--no-aligned --multipage", 2),
        ("--resume --overwrite", 2),
        ("--format jpg --bit-depth 16", 1),
    ],
)
def test_options_that_contradict_each_other(
    here: Path, plan: Path, options: str, ways: int
) -> None:
    line = ["run", "my photos", "--plan", str(plan), "-o", "out", "--no-report", *options.split()]
    said = refused(2, *line)
    for found in re.findall(r"  focusstack .*", said):
        shutil.rmtree(here / "out", ignore_errors=True)
        pasted(said.splitlines()[said.splitlines().index(found) - 1] + f"\n{found}")
    assert len(re.findall(r"  focusstack .*", said)) == ways


def test_a_composite_of_a_kind_that_is_not_written(stacked: Path, here: Path) -> None:
    assert pasted(refused(5, "fuse", stacked / "aligned", "-o", "a.gif"))
    assert (here / "a.gif.tif").is_file()


# What a run and its report advise -------------------------------------------------------------


def test_what_inspect_says_is_next(here: Path) -> None:
    names = [here / "my photos" / name for name in NAMES]
    said = done("inspect", *names, "--exclude", "IMG_8").stdout
    (line,) = re.findall(r"next +(focusstack .*)", said)
    assert line == f"focusstack run {shlex.quote(str(here / 'my photos'))} --exclude IMG_8"
    done(*shlex.split(line)[1:], "--no-report")
    # Where that is done, it goes elsewhere.
    said = done("inspect", "my photos").stdout
    (line,) = re.findall(r"next +(focusstack .*)", said)
    assert line == "focusstack run 'my photos' --output 'my photos-stacked-2'"
    done(*shlex.split(line)[1:], "--no-report")


def test_the_report_says_what_to_type_in_its_folder(
    here: Path, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(plan, here / "plan.json")
    done("run", "my photos", "--plan", "plan.json", "-o", "deep/out", "--method", "pyramid",
         "--moved", "off", "--no-aligned", "--exclude", "IMG_8")  # fmt: skip
    out = here / "deep" / "out"
    before = (out / "fused.png").read_bytes()
    page = (out / "report.html").read_text(encoding="utf-8")
    lines = [
        line.replace("&#39;", "'")
        for line in re.findall(r"<code[^>]*>(focusstack .*?)</code>", page)
    ]
    assert len(lines) == 3
    assert lines[0] == "focusstack review ."  # opens a page, and waits
    monkeypatch.chdir(out)
    for line in lines[1:]:
        (out / "fused.png").write_bytes(b"")
        done(*shlex.split(line)[1:])
        assert (out / "fused.png").read_bytes() == before, line
    assert str(here) not in page  # where it lay is nobody's business


# All of them ----------------------------------------------------------------------------------


def changes() -> set[str]:
    """The first argument of every Change in the program, if it is a text."""
    found = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = getattr(getattr(node, "func", None), "id", "")
            if called == "Change" and isinstance(node, ast.Call) and node.args:
                why = getattr(node.args[0], "value", "")
                found |= {why} if isinstance(why, str) and why else set()
    return found


def test_every_remedy_was_pasted() -> None:
    if len(SAID) < 20:
        pytest.skip("says something only after the tests above")
    assert not changes() - SAID.keys()


def test_changes_of_a_command_line() -> None:
    line = CommandLine("run", ("a b",), (("--exclude", "x"), ("--plan", "p"), ("--resume", None)))
    change: Callable[..., Change] = Change
    assert line.line() == "focusstack run 'a b' --exclude x --plan p --resume"
    assert line.line(leaving_out(["y", "z"])).endswith("--resume --exclude y,z")
    assert line.line(leaving_out(["y,1", "z"])).endswith("--exclude y,1 --exclude z")
    assert line.line(change("", add=("--plan", "q"), drop=("--exclude", "--resume"))) == (
        "focusstack run 'a b' --plan q"
    )
    assert line.line(change("", inputs=("c",), command="fuse")).startswith("focusstack fuse c ")
