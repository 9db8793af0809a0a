"""The report as a browser shows it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from PIL import Image as Pillow

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SIZE = (1400, 900)
WIDTH = 1100


def screenshot(report: Path, path: Path) -> Path | None:
    """Draw the first screen of a report.html; None without a browser."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
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
