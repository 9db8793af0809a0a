"""A page in a real browser, and what went wrong there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
"""What keeps Chromium from asking anything of a network, and lets root start it."""


LOST = 4
"""Index of the frame that shows another scene."""


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium; without one the test is skipped: the program does not need it."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
    if found is None:
        pytest.skip("there is no Chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=found, headless=True, args=QUIET.split())
        yield chromium
        chromium.close()


class Watched:
    """A page, and what went wrong or was asked for beside the file."""

    def __init__(self, browser: Browser, path: Path, **context: object) -> None:
        self.page: Page = browser.new_context(**context).new_page()  # type: ignore[arg-type]
        self.heard: list[str] = []
        self.page.on("console", lambda message: self.heard.append(message.text))
        self.page.on("pageerror", lambda error: self.heard.append(str(error)))
        self.page.on("request", lambda request: self.asked(request.url, path))
        self.page.goto(path.as_uri())

    def asked(self, url: str, path: Path) -> None:
        """Note what is asked for besides the page and the pictures that lie with it."""
        beside = url.startswith(f"{path.parent.as_uri()}/") and url.endswith(".png")
        if url != path.as_uri() and not url.startswith("data:") and not beside:
            self.heard.append(url)


def sorted_files(page: Page) -> list[str]:
    names = page.locator("#table tbody th").all_inner_texts()
    return [name.split()[0] for name in names]
