"""What goes to the terminal: escaped, in any encoding, into pipes and streams that are closed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from focusstack.cli import app
from focusstack.cli.door import printable, printable_json
from focusstack.images.write import write_image
from focusstack.scene.stack import render_stack

EVIL = "b\x1b[31m\x1b]0;title\x07\u202e.png"
"""A name that colours the terminal, names its window and turns the order of letters."""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    frames = render_stack("plane", width=160, height=120, frames=4, blur=2, seed=4).frames
    for k, frame in enumerate(frames):
        write_image(folder / f"{k}.png", frame)
    return folder


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command line in which ``focusstack`` is this program."""
    program = f"'{sys.executable}' -m focusstack"
    everything = os.environ | environment
    return subprocess.run(
        ["bash", "-c", command.replace("focusstack", program)],
        capture_output=True, env=everything, check=False,
    )  # fmt: skip


posix = pytest.mark.skipif(os.name != "posix", reason="shells and devices of POSIX")


def is_harmless(text: str) -> bool:
    return all(c.isprintable() or c == "\n" for c in text)


def test_what_steers_a_terminal_stands_by_its_code() -> None:
    assert printable(EVIL) == r"b\x1b[31m\x1b]0;title\x07\u202e.png"
    assert printable("→ ° ×\nähm") == "→ ° ×\nähm"
    assert json.loads(printable_json(json.dumps({"a": EVIL}, ensure_ascii=False))) == {"a": EVIL}


@posix
@pytest.mark.parametrize("command", ["inspect", "equalize", "run", "crop", "fuse"])
def test_names_in_errors(tmp_path: Path, command: str) -> None:
    (tmp_path / EVIL).write_bytes(b"no picture")
    (tmp_path / "other.png").write_bytes(b"no picture")
    target = [] if command == "inspect" else ["-o", str(tmp_path / "out.png")]
    found = CliRunner().invoke(app, [command, str(tmp_path), *target])
    assert found.exit_code in (3, 5)
    assert is_harmless(found.output)
    assert r"\x1b" in found.output


@posix
def test_names_in_results_and_warnings(photos: Path, tmp_path: Path) -> None:
    for path in photos.iterdir():
        (tmp_path / ("".join(EVIL.split(".")[:1]) + path.name)).write_bytes(path.read_bytes())
    for extra in ([], ["--json"], ["--verbose"]):
        found = CliRunner().invoke(app, ["inspect", str(tmp_path), *extra])
        assert found.exit_code == 0, found.output
        assert is_harmless(found.output)


@posix
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_letters_that_the_terminal_lacks(photos: Path, encoding: str) -> None:
    found = shell(f"focusstack inspect {photos}", PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert found.returncode == 0
    assert b"rot" in found.stdout
    assert b"\\u" not in found.stdout


@posix
def test_nobody_reads_on(photos: Path) -> None:
    many = f"focusstack inspect {photos} --json | true; exit ${{PIPESTATUS[0]}}"
    found = shell(many)
    assert found.returncode in (0, 141)
    assert found.stderr == b""


@posix
def test_closed_streams(photos: Path, tmp_path: Path) -> None:
    found = shell(f"focusstack run {photos} -o {tmp_path}/out <&- >&- 2>&-")
    assert found.returncode == 0
    assert (tmp_path / "out" / "fused.png").exists()
    # Each by itself; what is measured already and the page have nothing to do with streams.
    quick = f"--plan {tmp_path}/out/report.json --no-report"
    for k, closed in enumerate(("<&-", ">&-", "2>&-", "2>/dev/full")):
        found = shell(f"focusstack run {photos} -o {tmp_path}/{k} {quick} {closed}")
        assert found.returncode == 0, closed
        assert (tmp_path / str(k) / "fused.png").exists()


@posix
def test_a_result_that_cannot_be_written_out(photos: Path) -> None:
    found = shell(f"focusstack inspect {photos} > /dev/full")
    assert found.returncode == 5
    assert found.stderr.startswith(b"error: what was found cannot be written out")
    assert b"unexpected" not in found.stderr


@posix
def test_a_stream_for_errors_that_is_full_does_not_change_the_exit_code(photos: Path) -> None:
    """Python tries again to write what is left, and ends with 120 if it cannot."""
    assert shell("focusstack inspect nowhere 2> /dev/full").returncode == 3
    assert shell(f"focusstack inspect {photos} > /dev/full 2>&1").returncode == 5


@posix
def test_a_log_on_a_full_disk_ends_nothing(photos: Path) -> None:
    found = shell(f"focusstack inspect {photos} --log /dev/full")
    assert found.returncode == 0
    assert found.stderr == b""
