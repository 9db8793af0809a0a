"""Rendered stacks with known truth, shared by the tests that need pictures."""

from __future__ import annotations

import functools
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import focusstack.scene.sample
from focusstack.scene.stack import RenderedStack, render_stack
from tests.support.cli_calls import NAMES, done, written

# How long an example takes is for benchmarks; on a busy machine a deadline is chance.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def plane_stack() -> RenderedStack:
    """Six frames of 480 x 360: one tilted textured plane, homographies exact everywhere."""
    return render_stack("plane", width=480, height=360, frames=6, seed=1)


@pytest.fixture(scope="session")
def steps_stack() -> RenderedStack:
    """Six frames of 480 x 360: textured layers at four depths with sharp occlusion edges."""
    return render_stack("steps", width=480, height=360, frames=6, seed=2)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of development data beside the repository; its absence skips the test."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "truth").is_dir():
        pytest.skip(f"no development data at {folder}")
    return folder


# The command line -----------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """The program sets up logging as if it were alone."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def rendered() -> RenderedStack:
    return render_stack("steps", width=240, height=180, frames=4, blur=4, seed=5)


@pytest.fixture(scope="session")
def photos(rendered: RenderedStack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of four PNG frames, read-only by custom."""
    return written(tmp_path_factory.mktemp("home") / "photos", rendered.frames, NAMES)


@pytest.fixture(scope="session")
def stacked(photos: Path) -> Path:
    """What ``run`` makes of the photos without any option."""
    done("run", photos)
    return photos.with_name("photos-stacked")


@pytest.fixture(scope="session")
def plan(stacked: Path) -> Path:
    return stacked / "report.json"


@pytest.fixture
def copies(photos: Path, tmp_path: Path) -> Path:
    """A copy of the photos that a test may spoil."""
    return Path(shutil.copytree(photos, tmp_path / "copies"))


@pytest.fixture
def small_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    small = functools.partial(focusstack.scene.sample.write_sample, width=96, height=64)
    monkeypatch.setattr(focusstack.scene.sample, "write_sample", small)
