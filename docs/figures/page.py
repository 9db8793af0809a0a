"""The report as a browser shows it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SIZE = (1200, 5100)
COLUMNS, WIDTH = 3, 380


def screenshot(report: Path, path: Path) -> Path | None:
    """Draw a report.html, cut into columns; None without a browser."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return None
    shot = path.with_suffix(".png")
    subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--window-size={SIZE[0]},{SIZE[1]}", f"--screenshot={shot}", report.resolve().as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    with Pillow.open(shot) as image:
        pixels = np.asarray(image.convert("RGB"))
    shot.unlink()
    parts = np.split(pixels, COLUMNS)
    gap = np.full((len(parts[0]), 24, 3), 255, np.uint8)
    spread = [piece for part in parts for piece in (part, gap)][:-1]
    page = Pillow.fromarray(np.concatenate(spread, 1))
    page = page.resize((COLUMNS * WIDTH, round(page.height * COLUMNS * WIDTH / page.width)))
    page.save(path, quality=78, method=6)
    return path
