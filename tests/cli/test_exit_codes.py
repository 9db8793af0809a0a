"""The command line: exit codes, in this process and as one of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import focusstack.pipeline
from focusstack.errors import UsageError
from focusstack.images.read import read_picture
from focusstack.images.write import write_image
from focusstack.scene.stack import RenderedStack, render_stack
from tests.support.cli_calls import NAMES, WRITING, call, done, failed, listed, written

# Exit codes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "{photos}", "--nonsense"),
        ("run",),
        ("nonsense",),
        ("fuse", "{photos}"),
        ("run", "{photos}", "--format", "gif"),
        ("run", "{photos}", "--quality", "0"),
        ("run", "{photos}", "--quality", "101"),
        ("run", "{photos}", "--method", "magic"),
        ("run", "{photos}", "-o", "{out}", "--reference", "IMG_99.png"),
        ("inspect", "{photos}", "--reference", "IMG_99.png"),
    ],
)
def test_usage(photos: Path, tmp_path: Path, arguments: Sequence[str]) -> None:
    said = failed(2, *(a.format(photos=photos, out=tmp_path / "out") for a in arguments))
    assert said.strip()


def test_a_plan_of_other_frames_is_wrong_usage(copies: Path, plan: Path, tmp_path: Path) -> None:
    (copies / "IMG_9.png").rename(copies / "IMG_90.png")
    said = failed(2, "run", copies, "-o", tmp_path / "out", "--plan", plan)
    assert "IMG_9.png" in said
    assert "To align them anew:" in said


def test_unusable_input(copies: Path, tmp_path: Path) -> None:
    out = ("-o", tmp_path / "out")
    assert "nowhere" in failed(3, "run", tmp_path / "nowhere", *out)
    empty = tmp_path / "empty"
    empty.mkdir()
    failed(3, "run", empty, *out)
    failed(3, "run", copies / "IMG_8.png", *out)
    (copies / "IMG_9.png").write_bytes((copies / "IMG_9.png").read_bytes()[:2000])
    assert "IMG_9.png" in failed(3, "run", copies, *out)
    assert "IMG_9.png" in failed(3, "inspect", copies)
    (copies / "IMG_9.png").write_bytes(b"no picture")
    assert "IMG_9.png" in failed(3, "fuse", copies, "-o", tmp_path / "out.png")


def test_frames_of_another_size_are_named(copies: Path, tmp_path: Path) -> None:
    write_image(copies / "IMG_9.png", np.zeros((90, 120, 3), np.uint8))
    said = failed(3, "run", copies, "-o", tmp_path / "out")
    assert "IMG_9.png" in said
    assert "120 x 90" in said


def test_a_damaged_plan(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    said = failed(3, "run", photos, "-o", tmp_path / "out", "--plan", tmp_path / "plan.json")
    assert "plan.json" in said
    failed(3, "run", photos, "-o", tmp_path / "out", "--plan", tmp_path / "missing.json")


def test_files_that_do_not_exist_beside_a_missing_folder(tmp_path: Path) -> None:
    # Without --output the missing folder is met first; it is the input that is wrong.
    assert "nowhere" in failed(3, "run", tmp_path / "nowhere" / "IMG_1.jpg")
    assert "nowhere" in failed(3, "align", tmp_path / "nowhere" / "*.jpg")


def test_frames_that_do_not_belong_together(rendered: RenderedStack, tmp_path: Path) -> None:
    other = render_stack("plane", width=240, height=180, frames=4, seed=8).frames
    folder = written(tmp_path / "in", [*rendered.frames, *other], [*NAMES, *"abcd"][:4] + [
        f"other_{k}.png" for k in range(4)])  # fmt: skip
    said = failed(4, "run", folder, "-o", tmp_path / "out")
    assert "IMG_" in said
    assert "other_" in said


@pytest.mark.parametrize("command", WRITING)
def test_a_folder_that_holds_files_is_left_alone(
    command: str, photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "precious.txt").write_text("a")
    said = failed(2, command, photos, "-o", tmp_path)
    assert "not empty" in said
    assert "--overwrite" in said
    assert listed(tmp_path) == ["precious.txt"]


def test_overwrite_replaces_results_and_nothing_else(
    photos: Path, plan: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done("run", photos, "-o", out, "--plan", plan, "--no-aligned", "--no-report")
    (out / "precious.txt").write_text("a")
    (out / "fused.png").write_bytes(b"old")
    failed(2, "run", photos, "-o", out, "--plan", plan)
    assert (out / "fused.png").read_bytes() == b"old"
    done("run", photos, "-o", out, "--plan", plan, "--overwrite", "--no-report")
    assert (out / "precious.txt").read_text() == "a"
    assert read_picture(out / "fused.png").pixels.ndim == 3


def test_a_composite_is_not_replaced_unasked(stacked: Path, tmp_path: Path) -> None:
    target = tmp_path / "sharp.png"
    target.write_bytes(b"old")
    assert "sharp.png exists" in failed(2, "fuse", stacked / "aligned", "-o", target)
    assert target.read_bytes() == b"old"
    done("fuse", stacked / "aligned", "-o", target, "--overwrite")


@pytest.mark.parametrize("command", WRITING)
def test_output_that_cannot_be_made(command: str, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a")
    assert "file" in failed(5, command, photos, "-o", tmp_path / "file" / "out")
    assert "file" in failed(5, command, photos, "-o", tmp_path / "file")


def test_composites_of_unknown_kind_are_refused(stacked: Path, tmp_path: Path) -> None:
    assert ".gif" in failed(5, "fuse", stacked / "aligned", "-o", tmp_path / "sharp.gif")
    assert failed(5, "fuse", stacked / "aligned", "-o", tmp_path)


@pytest.mark.parametrize(
    ("command", "output"), [("equalize", "."), ("crop", "."), ("fuse", "IMG_8.png")]
)
def test_inputs_are_never_overwritten(copies: Path, command: str, output: str) -> None:
    before = {p.name: p.read_bytes() for p in copies.iterdir()}
    said = failed(5, command, copies, "-o", copies / output, "--overwrite")
    assert "never overwritten" in said
    assert {p.name: p.read_bytes() for p in copies.iterdir()} == before


def test_aligned_frames_as_input_are_never_overwritten(copies: Path) -> None:
    folder = copies.parent / "out" / "aligned"
    folder.parent.mkdir()
    copies.rename(folder)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    for command in ("run", "align"):
        assert "never overwritten" in failed(5, command, folder, "-o", folder.parent, "--overwrite")
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_inputs_reached_by_a_link_are_never_overwritten(copies: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(copies)
    before = {p.name: p.read_bytes() for p in copies.iterdir()}
    failed(5, "crop", copies, "-o", tmp_path / "link", "--overwrite")
    assert {p.name: p.read_bytes() for p in copies.iterdir()} == before


def raising(error: BaseException) -> object:
    def instead(*_: object, **__: object) -> None:
        raise error

    return instead


def test_interruption(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(focusstack.pipeline, "stack", raising(KeyboardInterrupt()))
    for more in ((), ("--debug",)):
        assert "interrupted" in failed(130, "run", photos, "-o", tmp_path / "out", *more)


def test_the_unexpected(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(focusstack.pipeline, "stack", raising(ZeroDivisionError("of all things")))
    said = failed(1, "run", photos, "-o", tmp_path / "out")
    assert "ZeroDivisionError: of all things" in said
    assert "--debug" in said
    result = call("run", photos, "-o", tmp_path / "out", "--debug")
    assert isinstance(result.exception, ZeroDivisionError)


# As a process ---------------------------------------------------------------------------------


def process(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; sys.argv[0] = 'focusstack'; from focusstack.cli import main; main()"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_run_as_a_process(photos: Path, stacked: Path, plan: Path, tmp_path: Path) -> None:
    found = process("run", photos, "-o", tmp_path / "out", "--plan", plan, "--no-aligned")
    assert (found.returncode, found.stderr) == (0, "")
    assert (tmp_path / "out" / "fused.png").read_bytes() == (stacked / "fused.png").read_bytes()


def test_errors_show_a_traceback_only_to_who_asks(tmp_path: Path) -> None:
    plain = process("run", tmp_path / "nowhere", "-o", tmp_path / "out")
    assert plain.returncode == 3
    assert plain.stderr.startswith("error: ")
    assert "Traceback" not in plain.stderr
    debug = process("run", tmp_path / "nowhere", "-o", tmp_path / "out", "--debug")
    assert "Traceback" in debug.stderr
    assert "InputError" in debug.stderr
    assert debug.returncode != 0


def test_debug_keeps_the_exit_code(tmp_path: Path) -> None:
    assert process("inspect", tmp_path / "nowhere", "--debug").returncode == 3


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals on Windows")
def test_ctrl_c_ends_a_run(tmp_path: Path) -> None:
    frames = render_stack("plane", width=480, height=360, frames=6, seed=1).frames
    folder = written(tmp_path / "in", frames, [f"{k}.png" for k in range(6)])
    code = "from focusstack.cli import main; main()"
    command = [sys.executable, "-c", code, "run", str(folder), "-o", str(tmp_path / "out"), "-v"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert running.stderr.readline().startswith("memory: up to ")
        assert running.stderr.readline().strip() == "Reading frames"
        running.send_signal(signal.SIGINT)
        said = running.stderr.read()
        assert running.wait(60) == 130
    assert "interrupted" in said
    assert "Traceback" not in said
    # Nothing half written is left.
    assert not [p for p in listed(tmp_path / "out") if "fused" in p or p.startswith(".")]


@pytest.mark.parametrize("command", ["run", "fuse", "crop", "equalize"])
def test_what_the_system_does_not_allow_is_told_first(
    command: str, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def few(threads: int) -> None:
        raise UsageError(f"too few for {threads}")

    for module in ("pipeline", "stages"):
        monkeypatch.setattr(f"focusstack.{module}.check_allowances", few)
    out = tmp_path / ("out.png" if command == "fuse" else "out")
    assert "too few for" in failed(2, command, photos, "-o", out)
    assert not out.exists()
