"""What the page changes of a result besides its pixels: crop, frames, colours, where frames are."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from focusstack.images.metadata import Metadata
from focusstack.images.read import read_picture
from focusstack.images.write import write_image
from focusstack.retouch.result import open_result
from focusstack.studio.reviewing import review_folder
from tests.studio.conftest import Desk, Served
from tests.support.cli_calls import done
from tests.support.colour_profiles import DISPLAY_P3, SRGB_CURVE, profile

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

AGAIN = "window.desk?.info.opened === 2 && desk.version !== undefined"


def test_a_crop_is_drawn_and_a_frame_left_out_and_it_is_run_again(desk: Desk, folder: Path) -> None:
    page = desk.page
    page.locator("#overlay").focus()
    before = open_result(folder).plan
    painted = "({ kind: 'erase', size: 9, points: [[90, 70, 1]] })"
    page.evaluate(f"desk.strokes.add('stroke', {{ stroke: {painted} }})")
    desk.settle()
    page.keyboard.press("k")
    width, height = page.evaluate("desk.info.size")
    desk.drag((-0.5, -0.5), (20, 15))
    desk.drag((width - 0.5, height / 2), (width + 500, height / 2))  # no farther than all share
    x, y, wide, high = page.evaluate("desk.crop.rect")
    assert abs(x - 20) <= 3
    assert abs(y - 15) <= 3
    assert page.evaluate("desk.crop.inside(desk.crop.rect)")
    assert x + wide <= width + 3
    page.keyboard.press("Enter")
    assert page.locator("#again-width").input_value() == str(wide)
    left = before.focus_order[0]
    page.locator(f"#again-frames input[data-name='{left}']").uncheck()
    page.locator("#again-go").click()
    desk.until(AGAIN, 120)
    desk.settle()
    after = open_result(folder).plan
    assert abs(after.crop.x - before.crop.x - x) <= 1
    assert abs(after.crop.width - wide) <= 2
    assert abs(after.crop.height - high) <= 2
    assert left not in after.focus_order
    assert page.evaluate("desk.counted.strokes") == 1
    # What was left out is still offered.
    page.keyboard.press("a")
    assert not page.locator(f"#again-frames input[data-name='{left}']").is_checked()
    page.locator("#again-close").click()


def test_frames_are_told_where_they_are(
    folder: Path, context: BrowserContext, tmp_path: Path
) -> None:
    shutil.rmtree(folder / "aligned")
    far = tmp_path / "a" / "b" / "c"
    far.parent.mkdir(parents=True)
    shutil.move(tmp_path / "photos", far)
    served = Served(review_folder, folder)
    desk = Desk(context, served.address)
    assert desk.page.locator("#source-name").inner_text() == "The frames were not found"
    desk.page.locator("#find").click()
    desk.page.evaluate(f"desk.picker.browse({json.dumps(str(far))})")
    desk.until("document.getElementById('holds').textContent.startsWith('4 pictures')")
    desk.page.locator("#use").click()
    desk.until(f"{AGAIN} && desk.info.frames.length === 4")
    desk.settle()
    assert desk.page.locator("#find").is_hidden()
    assert desk.heard == []
    served.stop()


def test_names_that_are_no_text_are_painted_from(
    photos: Path, context: BrowserContext, tmp_path: Path
) -> None:
    card = Path(os.fsdecode(bytes(tmp_path) + b"/c\xffd"))
    card.mkdir()
    for path in photos.iterdir():
        name = os.fsencode(path.stem) + b"\xfe" + os.fsencode(path.suffix)
        shutil.copy(path, card / os.fsdecode(name))
    done("run", card, "--no-aligned")
    result = card.with_name(f"{card.name}-stacked")
    served = Served(review_folder, result)
    desk = Desk(context, served.address)
    desk.until("desk.info.survey.done === 4")
    desk.page.evaluate("desk.choose('frame:' + desk.info.frames[0], false)")
    desk.page.locator("#overlay").focus()
    desk.page.keyboard.press("1")
    desk.page.keyboard.press("b")
    desk.drag((60, 60), (80, 70))
    desk.settle()
    assert desk.page.locator("#notice").is_hidden()
    (stroke,) = open_result(result).retouch().strokes
    assert stroke.source.startswith("frame:")
    assert "\udcfe" in stroke.source
    assert desk.heard == []
    served.stop()


def test_wide_colours_are_shown_where_the_screen_has_them(
    folder: Path, context: BrowserContext
) -> None:
    fused = folder / "fused.png"
    pixels = read_picture(fused).pixels
    write_image(fused, pixels, Metadata(icc=profile([SRGB_CURVE], DISPLAY_P3, "Display P3")))
    served = Served(review_folder, folder)
    gamut = {"name": "color-gamut", "value": "p3"}
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setEmulatedMedia", {"features": [gamut]})
    page.close()
    desk = Desk(context, served.address)
    narrow = desk.page.evaluate("desk.info.space")
    context.new_cdp_session(desk.page).send("Emulation.setEmulatedMedia", {"features": [gamut]})
    desk.open(served.address)
    desk.page.locator("#overlay").focus()
    desk.page.keyboard.press("1")
    desk.settle()
    assert (narrow, desk.page.evaluate("desk.info.space")) == ("srgb", "display-p3")
    assert "shown as Display P3" in desk.page.locator("#facts").inner_text()
    height, width = pixels.shape[:2]
    shown = desk.shown().reshape(height, width, 4)[..., :3]
    assert np.abs(shown - pixels.astype(int)).max() <= 1  # in the picture's own colours
    assert desk.heard == []
    served.stop()
