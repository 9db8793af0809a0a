"""Rendered stacks with known truth, shared by the tests that need pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from focusstack.scene import RenderedStack, render_stack

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
