"""A report of five frames, open in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from focusstack.options import OutputOptions
from focusstack.pipeline import stack
from focusstack.scene.stack import render_stack
from tests.support.browsing import LOST, Watched, browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["browser"]


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run of five frames writes, of which one shows another scene."""
    rendered = render_stack("steps", width=480, height=360, frames=5, blur=4, seed=5)
    frames = list(rendered.frames)
    other = render_stack("plane", width=480, height=360, frames=3, seed=9)
    frames[LOST] = other.frames[0][::-1].copy()
    out = tmp_path_factory.mktemp("report") / "out"
    stack(frames, OutputOptions(out))
    return out


@pytest.fixture
def watched(browser: Browser, folder: Path) -> Iterator[Watched]:
    found = Watched(browser, folder / "report.html", reduced_motion="reduce")
    found.page.wait_for_selector("#view.live canvas")
    yield found
    assert found.heard == []
    found.page.context.close()


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page
