"""The program, called in this process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer
from typer.testing import CliRunner, Result

from focusstack.cli import app
from focusstack.images.write import write_image
from focusstack.numeric.arrays import Image

NAMES = [f"IMG_{k}.png" for k in (8, 9, 10, 11)]
WRITING = ["run", "align", "equalize", "crop"]
COMMAND = typer.main.get_command(app)


def call(*arguments: str | Path) -> Result:
    """Run the program in this process."""
    return CliRunner().invoke(app, [str(a) for a in arguments])


def done(*arguments: str | Path) -> Result:
    """Run the program and expect success."""
    result = call(*arguments)
    assert result.exit_code == 0, result.stderr
    return result


def failed(code: int, *arguments: str | Path) -> str:
    """Run the program, expect this exit code; return what it says."""
    result = call(*arguments)
    assert result.exit_code == code, (result.exit_code, result.stderr, result.exception)
    assert "Traceback" not in result.stderr
    assert not result.stdout
    return str(result.stderr)


def listed(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def written(folder: Path, frames: Sequence[Image], names: Sequence[str]) -> Path:
    folder.mkdir(parents=True)
    for frame, name in zip(frames, names, strict=True):
        write_image(folder / name, frame)
    return folder
