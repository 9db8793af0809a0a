"""The start page: a series that was found, and what was made before."""

from __future__ import annotations

import os
from pathlib import Path

from docs.figures.page import find_browser, kept, served
from focusstack.output.which_composite import find_composite
from focusstack.studio.reviewing import open_door_to_pictures

SIZE = (1280, 960)

MADE = 1_780_000_000
"""Seconds since 1970 at which the result is said to have been made: the picture stays the same."""

WHERE = "document.querySelectorAll('#recent small').forEach((s, k) => k && (s.textContent = '{}'))"


def start_page(frames: Path, result: Path, path: Path) -> Path | None:
    """Draw the start page after a folder was picked; None without a browser."""
    if find_browser() is None:
        return None
    os.utime(find_composite(result), (MADE, MADE))
    os.environ["XDG_STATE_HOME"] = str(result.parent.absolute() / "state")
    with served(open_door_to_pictures, size=SIZE) as page:
        if page is None:
            return None
        start = page.url
        page.evaluate("folder => door.review(folder)", str(result.absolute()))
        page.wait_for_url("**/review/1/")
        page.goto(start)
        page.evaluate("folder => door.look(folder)", str(frames.resolve()))
        page.locator("#found").wait_for()
        page.evaluate(WHERE.format("Pictures"))
        page.wait_for_timeout(1000)
        return kept(page.screenshot(), path)
