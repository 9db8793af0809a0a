"""Shoots of tiny stacks, what a batch makes of them, and a browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.shoots.shooting import write_shoot
from focusstack.images.read import read_picture
from focusstack.options import OutputOptions, StackOptions
from focusstack.pipeline import StackResult, stack
from focusstack.plan.file import read_plan
from focusstack.runtime.progress import Progress
from focusstack.shoot.batch import batch
from focusstack.shoot.settings import BatchOptions
from tests.support.browsing import browser

__all__ = ["browser"]

QUICK = BatchOptions(stack=StackOptions(threads=1), jobs=1)


def output(folder: Path) -> OutputOptions:
    return OutputOptions(folder, report=False, format="png")


@pytest.fixture(scope="session")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of four stacks of three tiny frames each."""
    folder = tmp_path_factory.mktemp("shoot") / "card"
    write_shoot(folder, 4, 3)
    return folder


@pytest.fixture(scope="session")
def whole(shoot: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an undisturbed batch gives."""
    out = tmp_path_factory.mktemp("whole") / "out"
    with ThreadPoolExecutor(1) as pool:
        result = batch(shoot, output(out), QUICK, pool)
    assert [state.status for state in result.states] == ["done"] * 4
    return out


Known = Callable[[Sequence[Path], OutputOptions, StackOptions, Progress], StackResult]


@pytest.fixture
def known(shoot: Path, whole: Path, monkeypatch: pytest.MonkeyPatch) -> Known:
    """Stacks of the shoot as they are have been stacked: the same again is taken from there.

    For tests of what a batch makes of results. Whatever differs is stacked.
    """

    def instead(
        paths: Sequence[Path], out: OutputOptions, options: StackOptions, progress: Progress
    ) -> StackResult:
        name = f"card-{paths[0].stem}"
        same = all((shoot / p.name).read_bytes() == p.read_bytes() for p in paths)
        asked = output(out.folder) == out and replace(options, memory=None) == QUICK.stack
        if not (same and asked and (whole / name).is_dir()) or out.folder.exists():
            return stack(list(paths), out, options, progress)
        shutil.copytree(whole / name, out.folder)
        pixels = read_picture(out.folder / "fused.png").pixels
        return StackResult(read_plan(out.folder / "report.json"), None, pixels)

    monkeypatch.setattr("focusstack.shoot.one_stack.stack", instead)
    return instead
