"""The page’s slider and viewer, by mouse and keys, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from focusstack.images.read import read_picture
from focusstack.output.report.samples import NINTHS, places
from focusstack.plan.file import read_plan
from tests.support.browsing import Watched

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

expect = playwright.expect


def test_the_slider_uncovers_the_frame(page: Page) -> None:
    assert page.locator("#before").is_hidden()
    page.locator("#before-range").fill("30")
    assert page.locator("#before").is_visible()
    assert page.locator("#before").evaluate("e => e.style.clipPath") == "inset(0px 0px 0px 30%)"
    first = page.locator("#before").get_attribute("src")
    page.locator("#before-frame").select_option(index=0)
    assert page.locator("#before").get_attribute("src") != first
    page.locator("#before-range").fill("100")
    assert page.locator("#before").is_hidden()


def test_the_slider_follows_the_mouse_and_the_keys(page: Page) -> None:
    box = page.locator("#before-after .frame").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 20)
    page.mouse.up()
    assert abs(int(page.locator("#before-range").input_value()) - 25) <= 1
    page.locator("#before-range").focus()
    page.keyboard.press("ArrowRight")
    assert abs(int(page.locator("#before-range").input_value()) - 26) <= 1


def visible(page: Page) -> str:
    """Visibility of the upper of the two frames in the first pane."""
    return str(page.locator(".pane canvas:last-child").first.evaluate("e => e.style.visibility"))


def test_space_flips_between_the_frames(page: Page) -> None:
    page.locator("#stage").focus()
    assert visible(page) == "hidden"
    assert page.locator("#shown").inner_text().startswith("A – ")
    page.keyboard.press("Space")
    assert visible(page) == "visible"
    assert page.locator("#shown").inner_text().startswith("B – ")
    page.keyboard.press("Space")
    assert visible(page) == "hidden"


def test_it_blinks_by_itself(page: Page) -> None:
    page.locator("#auto").check()
    for name in ("B – ", "A – ", "B – "):
        expect(page.locator("#shown")).to_contain_text(name)
    page.locator("#auto").uncheck()
    before = visible(page)
    page.wait_for_timeout(900)
    assert visible(page) == before


def test_it_blinks_only_if_motion_is_welcome(browser: Browser, folder: Path) -> None:
    for motion, blinks in (("reduce", False), ("no-preference", True)):
        found = Watched(browser, folder / "report.html", reduced_motion=motion)
        assert found.page.locator("#auto").is_checked() == blinks
        found.page.context.close()


def test_arrows_wipe(page: Page) -> None:
    page.locator("#stage").focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator("input[name=mode][value=wipe]").is_checked()
    clip = page.locator(".pane canvas:last-child").first
    assert clip.evaluate("e => e.style.clipPath") == "inset(0px 0px 0px 45%)"
    assert page.locator("#shown").inner_text().startswith("left 1")


def test_zoom_and_places(page: Page) -> None:
    assert page.locator(".pane").count() == 9
    side = page.locator(".pane").first.evaluate("e => e.clientWidth")
    canvas = page.locator(".pane canvas").first
    assert canvas.evaluate("e => e.width") == side  # a pixel of the file is one of the page
    page.locator("#stage").focus()
    page.keyboard.press("2")
    expect(page.locator(".pane").first).to_have_css("width", f"{2 * side}px")
    page.locator("#place").select_option(label="bottom right")
    expect(page.locator(".pane")).to_have_count(1)
    assert page.locator("input[name=where][value=one]").is_checked()
    page.locator("input[name=where][value=whole]").check()
    page.wait_for_selector(".panes.whole canvas")


def pixels(page: Page) -> list[int]:
    """Of the lower frame in the first pane."""
    found = page.locator(".pane canvas").first.evaluate(
        "e => [...e.getContext('2d').getImageData(0, 0, e.width, e.height).data]"
    )
    return list(found)


def test_places_show_the_frame_at_full_size(page: Page, folder: Path) -> None:
    page.locator("#place").select_option(label="bottom right")
    expect(page.locator(".pane")).to_have_count(1)
    name = page.locator("#frame-a option:checked").inner_text().split(": ")[1]
    aligned = next((folder / "aligned").glob(f"{Path(name).stem}.*"))
    whole = read_picture(aligned).pixels
    shown = np.array(pixels(page)).reshape(-1, 4)[:, :3]
    side = round(len(shown) ** 0.5)
    place = places(read_plan(folder / "report.json"), side)[NINTHS.index("bottom right")].rect
    there = whole[place.y : place.y + side, place.x : place.x + side].reshape(-1, 3)
    assert np.abs(shown - there.astype(float)).mean() < 6  # as WebP leaves it


def test_frames_are_chosen_by_keys_and_buttons(page: Page) -> None:
    count = page.locator("#frame-b option").count()
    assert count == 5  # four aligned frames and the composite
    before = page.locator("#frame-b").input_value()
    page.locator("#stage").focus()
    page.keyboard.press("]")
    assert page.locator("#frame-b").input_value() != before
    page.keyboard.press("[")
    assert page.locator("#frame-b").input_value() == before
    a = page.locator("#frame-a").input_value()
    page.locator("#swap").click()
    assert page.locator("#frame-b").input_value() == a
    page.get_by_label("Next frame as A").click()
    assert page.locator("#frame-a").input_value() != before


def test_every_control_is_reached_by_the_tab_key(page: Page) -> None:
    page.locator("body").focus()
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.name"))
    assert {"before-range", "before-frame", "frame-a", "mode", "flip", "stage"} <= reached
