"""Open a large result in Chromium and measure: first picture, tiles, dabs, memory.

python -m benchmarks.review                         24 megapixels, 100 frames
python -m benchmarks.review --megapixels 60 --frames 30
python -m benchmarks.review --deep                  the composite as TIFF of 16 bits
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.review.program import SHOWN, Program
from benchmarks.review.results import write_result

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

TILE = """
async ([of, column, row]) => {
  const began = performance.now();
  const path = `api/block/0/${column}/${row}?of=${encodeURIComponent(of)}`;
  await (await fetch(path)).arrayBuffer();
  return performance.now() - began;
}
"""

DAB = """
async ([x, y]) => {
  const began = performance.now();
  desk.beginStroke(desk.view.toCanvas(x, y), 1, false);
  desk.extendStroke(desk.view.toCanvas(x + 20, y + 9), 1);
  do await new Promise(requestAnimationFrame); while (desk.preview.waiting);
  const seen = performance.now() - began;
  desk.endStroke();
  while (!desk.strokes.idle) await new Promise((done) => setTimeout(done, 1));
  return [seen, performance.now() - began];
}
"""


def wait(page: Page, expression: str) -> None:
    """Wait for something to be so."""
    while not page.evaluate(expression):
        sleep(0.005)


def first_picture(browser: Browser, folder: Path, place: Path) -> tuple[Program, Page]:
    """Start the program, open the page that it opens, and tell when the picture is there."""
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    program = Program(folder, place)
    page.goto(program.page())
    opened = monotonic() - program.began
    page.wait_for_url("http://127.0.0.1*/**/review/0/")
    wait(page, SHOWN)
    shown = monotonic() - program.began
    print(
        f"page opened after {opened:.2f} s, first picture on screen after {shown:.2f} s; "
        f"{program.seconds():.2f} s of processor time"
    )
    return program, page


def tiles(page: Page) -> None:
    """Ask for tiles of frames that nobody has asked for, with and without having chosen them."""
    wait(page, "desk.info.survey.done === desk.info.frames.length")
    frames = page.evaluate("desk.info.frames")
    asked = [float(page.evaluate(TILE, [f"frame:{n}", 3, 2])) for n in frames[10:22:2]]
    told("tile of a frame never asked for", asked)
    chosen = []
    for name in frames[30:42:2]:
        page.evaluate("name => desk.choose(`frame:${name}`)", name)
        sleep(1.5)  # to look at it
        chosen.append(float(page.evaluate(TILE, [f"frame:{name}", 3, 2])))
    told("tile of a frame that was looked at", chosen)


def dabs(page: Page) -> None:
    """Paint from many frames."""
    page.evaluate("desk.take('paint'); desk.zoom(1); desk.set({ size: 120 })")
    sleep(1)
    seen, kept = [], []
    frames: list[Any] = page.evaluate("desk.info.frames")
    for k in range(60):
        if k % 6 == 0:
            name = frames[5 * k % len(frames)]
            page.evaluate("name => desk.choose(`frame:${name}`, false)", name)
            sleep(1.5)
        x, y = page.evaluate("[desk.view.x, desk.view.y]")
        one = page.evaluate(DAB, [x + 40 * (k % 9) - 160, y + 30 * (k % 7) - 90])
        seen.append(float(one[0]))
        kept.append(float(one[1]))
    told("dab until it is seen", seen)
    told("dab until it is kept", kept)


def told(what: str, milliseconds: list[float]) -> None:
    """Print the middle and the slow end."""
    middle, slow = np.percentile(milliseconds, [50, 95])
    print(f"{what}: {middle:.0f} ms, p95 {slow:.0f} ms")


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--deep", action="store_true")
    parser.add_argument("--times", type=int, default=3)
    asked = parser.parse_args()
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        sys.exit("there is no Chromium")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as running:
        place = Path(name)
        folder = write_result(place, asked.megapixels, asked.frames, deep=asked.deep)
        browser = running.chromium.launch(executable_path=found, args=["--no-sandbox"])
        for k in range(asked.times):
            program, page = first_picture(browser, folder, place)
            if k == asked.times - 1:
                tiles(page)
                dabs(page)
                print(f"memory: {program.megabytes():.0f} MB at most")
            page.close()
            program.close()
            time.sleep(0.5)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
