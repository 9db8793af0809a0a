"""A place that fusion gets wrong, before and after; and the page it is painted on."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from docs.figures.page import find_browser, kept, served
from focusstack.geometry.coordinates import Rect, cut
from focusstack.numeric.arrays import Image
from focusstack.retouch.record import write_retouch
from focusstack.retouch.replay import replay
from focusstack.retouch.result import Result, open_result
from focusstack.retouch.strokes import Point, Retouch, Stroke
from focusstack.studio.reviewing import review_folder

PLACE, TIMES = Rect(200, 446, 116, 88), 4
"""Where awns cross the edge of the sheet, pixels of the composite, and how much larger it is
shown."""

AWNS = (
    ((242, 498), (253, 505), (268, 515)),
    ((240, 500), (252, 509), (265.5, 521)),
)
"""Along which they are painted from the nearest frame."""

BRUSH = 4.0
"""Diameter of the brush, pixels."""

SIZE = (1280, 720)


def awns(result: Result) -> Retouch:
    """Return the strokes that bring the tips of the awns back."""
    plan = result.plan
    blank = Retouch(plan.reference, plan.canvas)
    strokes = tuple(
        Stroke(
            "paint",
            tuple(Point(plan.crop.x + x, plan.crop.y + y) for x, y in way),
            f"frame:{plan.focus_order[0]}",
            size=BRUSH,
            hardness=0.6,
        )
        for way in AWNS
    )
    return replace(blank, strokes=strokes)


def before_after(folder: Path, path: Path) -> Path:
    """Draw the place as it was fused, and as it is once it is painted on."""
    result = open_result(folder)
    painted = replay(result, awns(result))
    gap = np.full((PLACE.height * TIMES, 12, 3), 255, np.uint8)
    parts = [_larger(cut(image, PLACE)) for image in (result.picture.pixels, painted)]
    Pillow.fromarray(np.concatenate([parts[0], gap, parts[1]], 1)).save(path, quality=84, method=6)
    return path


def _larger(image: Image) -> Image:
    size = image.shape[1] * TIMES, image.shape[0] * TIMES
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC))


def review_pages(folder: Path, home: Path) -> list[Path]:
    """Draw the page with the place side by side, and with a crop; none without a browser."""
    if find_browser() is None:
        return []
    result = open_result(folder)
    write_retouch(result.record, awns(result))
    with served(review_folder, folder, size=SIZE) as page:
        if page is None:
            return []
        while not page.evaluate("window.desk && desk.info.survey.done === desk.info.frames.length"):
            time.sleep(0.1)
        page.keyboard.press("b")
        page.evaluate("desk.choose('frame:' + desk.info.frames[0], false); desk.show('side')")
        page.evaluate(f"desk.view.scale = 2; desk.view.centre({PLACE.x + 70}, {PLACE.y + 30})")
        page.evaluate("desk.set({ size: 14, hardness: 0.6 })")
        page.mouse.move(400, 420)
        page.wait_for_timeout(1500)
        made = [kept(page.screenshot(), home / "review.webp")]
        page.evaluate("desk.take('crop'); desk.crop.set([118, 96, 930, 620])")
        page.mouse.move(700, 20)
        page.wait_for_timeout(1500)
        made.append(kept(page.screenshot(), home / "review-crop.webp"))
    return made
