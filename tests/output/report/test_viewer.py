"""The page's canvas, by mouse, fingers and keys, in a real browser."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from focusstack.images.read import read_picture
from focusstack.output.report.viewing import cut_name
from tests.support.browsing import Watched

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

expect = playwright.expect


def shown(page: Page) -> str:
    return page.locator("#shown").inner_text()


def upper(page: Page) -> str:
    """Visibility of the upper layer."""
    return str(page.locator("canvas[data-layer=b]").evaluate("e => e.style.visibility"))


def pixels(page: Page, layer: str = "a") -> np.ndarray:
    """What a layer shows, (H, W, 3) uint8, as a browser would print it."""
    import io

    from PIL import Image as Pillow

    page.locator("canvas[data-layer=marks]").evaluate("e => { e.style.display = 'none'; }")
    data = page.locator("#view").screenshot()
    return np.asarray(Pillow.open(io.BytesIO(data)).convert("RGB"))


def test_the_composite_is_shown_whole(page: Page) -> None:
    assert shown(page).startswith("Composite, ")
    assert upper(page) == "hidden"
    colours = pixels(page)
    assert set(map(tuple, colours[3, 3:-3])) == {(118, 118, 118)}  # neutral grey around


def test_space_flips_and_names_tell_which(page: Page) -> None:
    page.locator("#view").focus()
    page.keyboard.press("Space")
    assert upper(page) == "visible"
    assert re.match(r"frame_\d+ \(\d of 4\), ", shown(page))
    page.keyboard.press("Space")
    assert shown(page).startswith("Composite")
    page.locator("#flip").click()
    assert upper(page) == "visible"


def test_blink_wipe_and_difference_by_keys_and_icons(page: Page) -> None:
    for key, name, words in (
        ("w", "Wipe", "Composite | frame"),
        ("d", "Difference", "Difference of Composite and frame"),
        ("b", "Blink", ""),
    ):
        button = page.get_by_role("button", name=name)
        page.keyboard.press(key)
        assert button.get_attribute("aria-pressed") == "true"
        assert words in shown(page)
        button.click()
        assert button.get_attribute("aria-pressed") == "false"
        assert shown(page).startswith("Composite, ")


def test_it_blinks_by_itself(browser: Browser, folder: Path) -> None:
    found = Watched(browser, folder / "report.html")
    page = found.page
    page.wait_for_selector("#view.live")
    page.wait_for_timeout(900)
    assert shown(page).startswith("Composite")  # not before it is asked to
    page.keyboard.press("b")
    for name in ("frame_", "Composite", "frame_"):
        expect(page.locator("#shown")).to_contain_text(name)
    page.keyboard.press("b")
    page.wait_for_timeout(900)
    assert shown(page).startswith("Composite")
    page.context.close()


def test_the_difference_of_what_is_alike_is_dark(page: Page) -> None:
    page.locator("#view").focus()
    page.keyboard.press("d")
    page.wait_for_timeout(300)
    middle = pixels(page)[100:-100, 150:-150]
    assert middle.mean() < 90
    page.keyboard.press("d")
    assert pixels(page)[100:-100, 150:-150].mean() > 90


def test_arrows_and_the_mouse_move_the_wipe(page: Page) -> None:
    page.locator("#view").focus()
    page.keyboard.press("w")
    clip = page.locator("canvas[data-layer=b]")
    assert clip.evaluate("e => e.style.clipPath") == "inset(0px 0px 0px 50%)"
    page.keyboard.press("ArrowLeft")
    assert clip.evaluate("e => e.style.clipPath") == "inset(0px 0px 0px 45%)"
    box = page.locator("#view").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 50)
    page.mouse.up()
    left = clip.evaluate("e => parseFloat(e.style.clipPath.split(' ')[3])")
    assert abs(left - 80) < 1


def test_at_100_percent_a_pixel_is_one_of_the_screen(page: Page, folder: Path) -> None:
    page.locator("#view").focus()
    page.keyboard.press("1")
    expect(page.locator("#shown")).to_have_text("Composite, 100 %")
    page.wait_for_timeout(300)
    seen, whole = pixels(page).astype(int), read_picture(folder / "fused.png").pixels.astype(int)
    rows, columns = seen.shape[0] // 2, seen.shape[1] // 2
    y, x = whole.shape[0] // 2, whole.shape[1] // 2
    part = seen[rows - 100 : rows + 100, columns - 150 : columns + 150]
    offsets = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    errors = [
        np.abs(part - whole[y - 100 + dy : y + 100 + dy, x - 150 + dx : x + 150 + dx]).mean()
        for dy, dx in offsets
    ]
    assert min(errors) < 1  # the file itself, not what the page holds of it


def test_keys_buttons_and_the_wheel_zoom(page: Page) -> None:
    page.locator("#view").focus()
    for key, percent in (("2", "200 %"), ("4", "400 %"), ("+", "600 %"), ("-", "400 %")):
        page.keyboard.press(key)
        assert shown(page).endswith(percent)
    page.keyboard.press("0")
    whole = shown(page)
    page.get_by_role("button", name="Larger").click()
    assert shown(page) != whole
    page.get_by_role("button", name="Whole picture").click()
    assert shown(page) == whole
    page.locator("#view").hover()
    page.locator("#view").focus()
    page.mouse.wheel(0, -500)
    expect(page.locator("#shown")).not_to_have_text(whole)
    page.keyboard.press("Escape")
    assert shown(page) == whole


def test_the_page_scrolls_over_the_picture(page: Page) -> None:
    page.set_viewport_size({"width": 1000, "height": 500})
    page.locator("body").click(position={"x": 2, "y": 2})
    page.locator("#view").hover()
    before = shown(page)
    page.mouse.wheel(0, 200)
    page.wait_for_timeout(200)
    assert page.evaluate("scrollY") > 100
    assert shown(page) == before


def test_dragging_moves_a_zoomed_picture(page: Page) -> None:
    page.locator("#view").focus()
    page.keyboard.press("4")
    before = pixels(page)
    box = page.locator("#view").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 380, box["y"] + 240)
    page.mouse.up()
    after = pixels(page)
    assert np.abs(after[60:, 100:].astype(int) - before[20:-40, 20:-80]).mean() < 2
    assert page.locator("#probe").is_hidden()  # that was no click


def test_a_click_tells_which_frame_is_there(page: Page, folder: Path) -> None:
    box = page.locator("#view").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    said = page.locator("#probe span").inner_text()
    assert re.fullmatch(r"Here the picture is from frame [1-4]\.", said)
    buttons = page.locator("#probe button")
    assert buttons.count() >= 2  # the frame, and a neighbour
    buttons.first.click()
    assert f"({said[-2]} of 4)" in shown(page)
    page.keyboard.press("Escape")
    assert page.locator("#probe").is_hidden()


def test_a_frame_is_never_compared_with_itself(page: Page) -> None:
    a, b = page.locator("#frame-a"), page.locator("#frame-b")
    count = b.locator("option").count()
    assert count == 5  # four aligned frames and the composite
    for _ in range(count):
        page.keyboard.press("]")
        assert a.input_value() != b.input_value()
    before = b.input_value()
    a.select_option(before)
    assert (a.input_value(), b.input_value()) == (before, "0")


def test_places_to_look_at_are_shown_at_full_size(page: Page) -> None:
    tile = page.locator("[data-place]").first
    assert tile.locator("canvas").evaluate("e => e.width") > 50
    tile.click()
    assert shown(page) == "Composite, 100 %"
    assert page.evaluate("document.activeElement.id") == "view"


def test_without_the_files_beside_it_places_are_still_sharp(
    browser: Browser, folder: Path, tmp_path: Path
) -> None:
    shutil.copy(folder / "report.html", tmp_path)
    found = Watched(browser, tmp_path / "report.html", reduced_motion="reduce")
    page = found.page
    page.wait_for_selector("#view.live")
    page.locator("#view").focus()
    page.keyboard.press("4")
    page.wait_for_timeout(300)
    assert "400 %" in shown(page)
    assert pixels(page).std() > 10
    assert all("ERR_FILE_NOT_FOUND" in text for text in found.heard)
    page.context.close()


def test_every_control_is_reached_by_the_tab_key(page: Page) -> None:
    page.locator("body").focus()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.title"))
    assert {"view", "flip", "frame-a", "frame-b", "Wipe (W)", "Difference (D)"} <= reached


def test_names_are_cut_in_the_middle() -> None:
    names = [f"2024-05-11 a beetle on an oak leaf IMG_{k}.jpg" for k in (1005, 1006)]
    first, second = map(cut_name, names)
    assert first != second
    assert len(first) == len(second) == 26
    assert first.endswith("IMG_1005.jpg")
    assert cut_name("IMG_1.jpg") == "IMG_1.jpg"
