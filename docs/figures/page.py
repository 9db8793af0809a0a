"""The report and the pages as a browser shows them."""

from __future__ import annotations

import io
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image as Pillow

if TYPE_CHECKING:
    from playwright.sync_api import Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SIZE = (1400, 900)
WIDTH = 1100


def find_browser() -> str | None:
    """Return the path of a browser that draws pages; None if there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def served(
    show: Callable[..., object], *given: Any, size: tuple[int, int]
) -> Iterator[Page | None]:
    """Open a page that `show` serves, at its first address; None without a browser.

    Parameters
    ----------
    show : callable
        Takes what is `given`, a callable that it tells the address, `show` and `until`.
    size : tuple of int
        Width and height of the window.
    """
    browser = find_browser()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        browser = None
    if browser is None:
        yield None
        return
    told: list[str] = []
    until = threading.Event()
    way = {"show": False, "until": until}
    serving = threading.Thread(target=show, args=(*given, told.append), kwargs=way)
    serving.start()
    while not told:
        time.sleep(0.05)
    with sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": size[0], "height": size[1]})
        page.goto(told[0])
        yield page
        chromium.close()
    until.set()
    serving.join()


def kept(png: bytes, path: Path) -> Path:
    """Keep what a browser has drawn, as small as it can be seen well."""
    with Pillow.open(io.BytesIO(png)) as image:
        image.convert("RGB").save(path, quality=84, method=6)
    return path


def screenshot(report: Path, path: Path) -> Path | None:
    """Draw the first screen of a report.html; None without a browser."""
    browser = find_browser()
    if browser is None:
        return None
    shot = path.with_suffix(".png")
    subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         "--virtual-time-budget=3000",
         f"--window-size={SIZE[0]},{SIZE[1]}", f"--screenshot={shot}", report.resolve().as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    with Pillow.open(shot) as image:
        page = image.convert("RGB")
    shot.unlink()
    page = page.resize((WIDTH, round(page.height * WIDTH / page.width)))
    page.save(path, quality=78, method=6)
    return path
