"""A result that is open in the browser, in this process or in one of its own."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from focusstack.retouch.result import open_result
from focusstack.studio.jobs import Jobs
from focusstack.studio.reviewing import open_door_to_pictures, review_folder
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


class Served:
    """A page that this process serves: what it loads is loaded once for all tests."""

    def __init__(self, serve: Callable[..., None], *arguments: Path) -> None:
        self._until, told = threading.Event(), threading.Event()

        def tell(address: str) -> None:
            self.address = address
            told.set()

        self._thread = threading.Thread(
            target=serve, args=(*arguments, tell), kwargs={"show": False, "until": self._until}
        )
        self._thread.start()
        while not told.wait(0.05):
            assert self._thread.is_alive(), "it gave no address"

    def stop(self) -> None:
        self._until.set()
        self._thread.join(30)
        assert self.ended

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()


@pytest.fixture
def program(folder: Path) -> Iterator[Program]:
    found = Program("review", folder)
    yield found
    found.kill()


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    found = Served(review_folder, folder)
    yield found
    found.stop()


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

    def shown(self, of: str = "result", level: int = 0) -> np.ndarray:
        """Red, green, blue and cover of the first tile that is shown of a picture."""
        found = self.page.evaluate(
            "([of, level]) => { let text = ''; const data = desk.tiles.get(of, level, 0, 0).data;"
            " for (let k = 0; k < data.length; k += 8192)"
            " text += String.fromCharCode(...data.subarray(k, k + 8192)); return btoa(text) }",
            [of, level],
        )
        return np.frombuffer(base64.b64decode(found), np.uint8).astype(int)

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
def desk(context: BrowserContext, served: Served) -> Iterator[Desk]:
    found = Desk(context, served.address)
    yield found
    assert found.heard == []


class Door(Desk):
    """The start page."""

    def open(self, address: str) -> None:
        self.address = address
        self.page.goto(address)
        self.until("Boolean(window.door?.told)")

    def drop(self, files: list[Path]) -> None:
        """Drop files on the page, as a file manager does."""
        given = [[p.name, base64.b64encode(p.read_bytes()).decode()] for p in files]
        self.page.evaluate(
            "(given) => { const data = new DataTransfer(); for (const [name, text] of given)"
            " data.items.add(new File([Uint8Array.from(atob(text), c => c.charCodeAt(0))], name));"
            " window.dispatchEvent(new DragEvent('drop', { dataTransfer: data })) }",
            given,
        )

    def ended(self, title: str) -> None:
        """Wait until a job of that title has ended well."""
        wanted = json.dumps(title)
        self.until(
            f"door.told.jobs.some(j => j.title.startsWith({wanted}) && j.state === 'done')", 180
        )


@pytest.fixture
def door(
    context: BrowserContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Door]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    served = Served(lambda tell, **how: open_door_to_pictures(tell, tmp_path / "inbox", **how))
    found = Door(context, served.address)
    yield found
    assert found.heard == []
    served.stop()
