"""Help and error texts, as they stand in files, with the oldest and the newest Typer allowed.

``FOCUSSTACK_SNAPSHOTS=write pytest tests/cli/test_snapshots.py`` writes them anew: look at what has
changed before it is kept. ``FOCUSSTACK_OLD_TYPER`` names a folder with the oldest Typer that
``pyproject.toml`` allows, as ``pip install --target FOLDER 'typer==0.16.0'`` makes it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from tests.support.cli_calls import COMMAND, call

FOLDER = Path(__file__).parent / "snapshots"

WIDTHS = (80, 120)

MISTAKES = (
    "run",
    "rn photos",
    "photos/",
    "IMG_1.jpg IMG_2.jpg -o out",
    "run photos --qualty 5",
    "run photos --format gif",
    "run photos --format tifff",
    "run photos --quality 0",
    "run photos --quality high",
    "run photos --bit-depth 12",
    "run photos --method deapth",
    "run photos --moved on",
    "run photos --memory 5Q",
    "run photos --threads 0",
    "run photos --max-megapixels none",
    "run photos --fail-on looks",
    "run photos --output",
    "run photos --overwrite=yes",
    "run photos --no-aligned --no-fuse",
    "run photos --resume --overwrite",
    "fuse photos",
    "fuse photos -o out.gif",
    "sample",
    "sample a b",
    "--resume",
    "run nowhere",
)
"""What may be typed wrong."""


def commands() -> list[str]:
    assert isinstance(COMMAND, typer.core.TyperGroup)
    return ["", *COMMAND.commands]


def compared(name: str, text: str) -> None:
    path = FOLDER / name
    if os.environ.get("FOCUSSTACK_SNAPSHOTS") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{name}: see the head of this file"


def help_text(monkeypatch: pytest.MonkeyPatch, width: int, name: str) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    result = call(*name.split(), "--help")
    assert result.exit_code == 0
    return str(result.stdout)


def mistakes_text(monkeypatch: pytest.MonkeyPatch, width: int) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    told = []
    for line in MISTAKES:
        result = call(*line.split())
        told.append(f"$ focusstack {line}\n{result.stderr}exit code {result.exit_code}\n")
    return "\n".join(told)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", commands())
def test_help(monkeypatch: pytest.MonkeyPatch, width: int, name: str) -> None:
    compared(f"help-{name or 'top'}-{width}.txt", help_text(monkeypatch, width, name))


@pytest.mark.parametrize("width", WIDTHS)
def test_mistakes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, width: int) -> None:
    monkeypatch.chdir(tmp_path)
    compared("mistakes.txt", mistakes_text(monkeypatch, width))


@pytest.mark.parametrize("width", [40, 53, 80, 120, 300])
def test_no_word_is_broken_and_no_line_too_long(
    monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    whole = {word for name in commands() for word in help_text(monkeypatch, 300, name).split()}
    for name in commands():
        for line in help_text(monkeypatch, width, name).splitlines():
            example = line.startswith("  focusstack ")  # stays whole, so that it can be copied
            assert example or len(line) <= max(width, 40), line
            assert set(line.split()) <= whole


def test_one_letter_is_enough() -> None:
    assert call("-h").stdout == call("--help").stdout == call().stdout
    assert call("run", "-h").stdout == call("run", "--help").stdout
    assert call("-V").stdout == call("--version").stdout


def test_nothing_of_python_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    every = "".join(help_text(monkeypatch, 80, name) for name in commands())
    every += mistakes_text(monkeypatch, 80)
    for word in ("<bool>", "<list", "[Path]", "Value error", "Traceback", "INTEGER", "TEXT", "None",
                 "Errno", "Error(", "PosixPath", "True", "False", "[default"):  # fmt: skip
        assert word not in every


@pytest.mark.skipif(
    "FOCUSSTACK_OLD_TYPER" not in os.environ, reason="no folder with the oldest Typer is named"
)
def test_the_oldest_typer_shows_the_same() -> None:
    old = os.environ["FOCUSSTACK_OLD_TYPER"]
    code = "import typer; print(typer.__version__)"
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join([old, str(Path.cwd())])}
    paths.pop("FOCUSSTACK_OLD_TYPER")
    version = subprocess.run(
        [sys.executable, "-c", code], env=paths, capture_output=True, text=True, check=True
    )
    assert version.stdout.startswith("0.16.")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__],
        env=paths, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout


def test_completion_knows_commands_and_options(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from focusstack.cli import main; main()"
    asked = {
        "_FOCUSSTACK_COMPLETE": "complete_bash",
        "COMP_WORDS": "focusstack r",
        "COMP_CWORD": "1",
    }
    found = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **asked},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "run" in found.stdout.split()
