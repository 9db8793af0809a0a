"""A result that is open in the browser, in this process or in one of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from focusstack.retouch.result import open_result
from focusstack.studio.jobs import Jobs
from focusstack.studio.session import Session
from tests.support.browsing import browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

__all__ = ["browser"]


@pytest.fixture
def folder(stacked: Path, photos: Path, tmp_path: Path) -> Path:
    """A copy of results and frames that a test may paint on."""
    shutil.copytree(photos, tmp_path / "photos")
    return Path(shutil.copytree(stacked, tmp_path / "photos-stacked"))


@pytest.fixture
def session(folder: Path) -> Iterator[Session]:
    jobs = Jobs()
    found = Session(open_result(folder), jobs)
    yield found
    found.close()
    jobs.close()


class Program:
    """The program, serving a folder in a process of its own."""

    def __init__(self, *arguments: str | Path) -> None:
        call = [sys.executable, "-u", "-m", "focusstack", *map(str, arguments), "--no-browser"]
        self.process = subprocess.Popen(call, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("http"):
                self.address = line.strip()
                return
        raise AssertionError("it gave no address")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(20)


@pytest.fixture
def program(folder: Path) -> Iterator[Program]:
    found = Program("review", folder)
    yield found
    found.kill()


class Desk:
    """The page, and what went wrong or was asked for elsewhere."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page: Page = context.new_page()
        self.heard: list[str] = []
        self.address = address
        self.page.on("console", lambda message: self.heard.append(message.text))
        self.page.on("pageerror", lambda error: self.heard.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url))
        self.open(address)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:")):
            self.heard.append(url)

    def open(self, address: str) -> None:
        self.address = address
        self.page.goto(address)
        self.until("Boolean(window.desk) && desk.version !== undefined")
        self.settle()

    def until(self, expression: str, seconds: float = 60) -> None:
        """Wait for something to be so; the page's policy allows no other way."""
        end = time.monotonic() + seconds
        while not self._holds(expression):
            assert time.monotonic() < end, expression
            time.sleep(0.02)

    def _holds(self, expression: str) -> bool:
        from playwright.sync_api import Error

        try:
            return bool(self.page.evaluate(expression))
        except Error as error:
            if "Execution context" not in error.message:
                raise
            return False  # the page opens itself anew

    def settle(self) -> None:
        """Wait until everything is kept and shown."""
        self.until(
            "desk.strokes.idle && !desk.stroke && !desk.tiles.running.size && !desk.view.frame"
            " && desk.view.panes.flat().every(l => [...desk.tiles.all.values()]"
            ".some(t => t.of === l.of && t.data))"
            " && ![...desk.tiles.all.values()].some(t => t.stale && t.level === desk.view.level)"
        )

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a pixel of the picture lies on the page."""
        found: Any = self.page.evaluate(
            "([x, y]) => { const b = document.getElementById('overlay').getBoundingClientRect();"
            " const [u, v] = desk.view.toCanvas(x, y); const r = desk.view.ratio;"
            " return [b.left + u / r, b.top + v / r] }",
            [x, y],
        )
        return float(found[0]), float(found[1])

    def drag(self, *points: tuple[float, float], up: bool = True) -> None:
        """Draw over pixels of the picture."""
        mouse = self.page.mouse
        mouse.move(*self.at(*points[0]))
        mouse.down()
        for point in points[1:]:
            mouse.move(*self.at(*point), steps=6)
        if up:
            mouse.up()

    def shown(self, of: str = "result", level: int = 0) -> list[int]:
        """Red, green, blue and cover of the first tile that is shown of a picture."""
        found = self.page.evaluate(
            "([of, level]) => [...desk.tiles.get(of, level, 0, 0).data]", [of, level]
        )
        return list(found)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate(
            "async () => await (await fetch('api/state')).json()"
        )
        return found


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    found = browser.new_context(viewport={"width": 1280, "height": 720})
    yield found
    found.close()


@pytest.fixture
def desk(context: BrowserContext, program: Program) -> Iterator[Desk]:
    found = Desk(context, program.address)
    yield found
    assert found.heard == []
