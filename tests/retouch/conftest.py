"""A small result to paint on, and strokes on it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from focusstack.retouch.result import Result, open_result


@pytest.fixture
def folder(stacked: Path, photos: Path, tmp_path: Path) -> Path:
    """A copy of results and frames that a test may paint on."""
    shutil.copytree(photos, tmp_path / "photos")
    return Path(shutil.copytree(stacked, tmp_path / "photos-stacked"))


@pytest.fixture
def result(folder: Path) -> Result:
    return open_result(folder)
