"""Shoots of tiny stacks, and a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.shoots.shooting import write_shoot
from tests.support.browsing import browser

__all__ = ["browser"]


@pytest.fixture(scope="session")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of four stacks of three tiny frames each."""
    folder = tmp_path_factory.mktemp("shoot") / "card"
    write_shoot(folder, 4, 3)
    return folder
