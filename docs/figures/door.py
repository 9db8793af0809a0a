"""The start page: a series that was found, and what was made before."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path

from docs.figures.page import BROWSERS
from docs.figures.retouching import kept
from focusstack.output.which_composite import find_composite
from focusstack.studio.reviewing import open_door_to_pictures

SIZE = (1280, 960)

MADE = 1_780_000_000
"""Seconds since 1970 at which the result is said to have been made: the picture stays the same."""

WHERE = "document.querySelectorAll('#recent small').forEach((s, k) => k && (s.textContent = '{}'))"


def start_page(frames: Path, result: Path, path: Path) -> Path | None:
    """Draw the start page after a folder was picked; None without a browser."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if browser is None:
        return None
    os.utime(find_composite(result), (MADE, MADE))
    os.environ["XDG_STATE_HOME"] = str(result.parent.absolute() / "state")
    told: list[str] = []
    until = threading.Event()
    way = {"show": False, "until": until}
    served = threading.Thread(target=open_door_to_pictures, args=(told.append,), kwargs=way)
    served.start()
    while not told:
        time.sleep(0.05)
    with sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        page.goto(told[0])
        page.evaluate("folder => door.review(folder)", str(result.absolute()))
        page.wait_for_url("**/review/1/")
        page.goto(told[0])
        page.evaluate("folder => door.look(folder)", str(frames.resolve()))
        page.locator("#found").wait_for()
        page.evaluate(WHERE.format("Pictures"))
        page.wait_for_timeout(1000)
        made = kept(page.screenshot(), path)
        chromium.close()
    until.set()
    served.join()
    return made
