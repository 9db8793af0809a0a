"""The page in a real browser: nothing but the file is loaded, and everything answers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from focusstack.images.read import read_picture
from focusstack.options import OutputOptions
from focusstack.output.report.samples import NINTHS, places
from focusstack.pipeline import stack
from focusstack.plan.file import read_plan
from focusstack.scene.stack import render_stack

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

expect = playwright.expect

QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
"""What keeps Chromium from asking anything of a network, and lets root start it."""

LOST = 4
"""Index of the frame that shows another scene."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; without one the test is skipped: the program does not need it."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
    if found is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=found, headless=True, args=QUIET.split())
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run of five frames writes, of which one shows another scene."""
    rendered = render_stack("steps", width=480, height=360, frames=5, blur=4, seed=5)
    frames = list(rendered.frames)
    other = render_stack("plane", width=480, height=360, frames=3, seed=9)
    frames[LOST] = other.frames[0][::-1].copy()
    out = tmp_path_factory.mktemp("report") / "out"
    stack(frames, OutputOptions(out))
    return out


class Watched:
    """A page, and what went wrong or was asked for beside the file."""

    def __init__(self, browser: Browser, path: Path, **context: object) -> None:
        self.page: Page = browser.new_context(**context).new_page()  # type: ignore[arg-type]
        self.heard: list[str] = []
        self.page.on("console", lambda message: self.heard.append(message.text))
        self.page.on("pageerror", lambda error: self.heard.append(str(error)))
        self.page.on("request", lambda request: self.asked(request.url, path))
        self.page.goto(path.as_uri())

    def asked(self, url: str, path: Path) -> None:
        if url != path.as_uri() and not url.startswith("data:"):
            self.heard.append(url)


@pytest.fixture
def watched(browser: Browser, folder: Path) -> Iterator[Watched]:
    found = Watched(browser, folder / "report.html", reduced_motion="reduce")
    found.page.wait_for_selector("#stage canvas")
    yield found
    assert found.heard == []
    found.page.context.close()


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page


def sorted_files(page: Page) -> list[str]:
    names = page.locator("#table tbody th").all_inner_texts()
    return [name.split()[0] for name in names]


def test_it_tells_at_once_whom_to_blame(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    box = page.locator("#blame li").first.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 800
    assert "left out" in page.locator("#blame li").first.inner_text()
    assert "1 frame was left out. The other 4 frames lie" in page.locator("header").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_every_screen(browser: Browser, folder: Path, scheme: str, width: int) -> None:
    found = Watched(
        browser,
        folder / "report.html",
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
    )
    page = found.page
    page.wait_for_selector("#stage canvas")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert (brightness(ink) > brightness(paper)) == (scheme == "dark")
    assert contrast(ink, paper) > 7
    # What plots are drawn in follows too.
    drawn = page.locator("figure svg text").first.evaluate("e => getComputedStyle(e).fill")
    assert drawn == ink
    folder_for_looking = os.environ.get("FOCUSSTACK_SCREENSHOTS")
    if folder_for_looking:
        name = f"report-{scheme}-{width}.png"
        page.screenshot(path=Path(folder_for_looking) / name, full_page=True)
    assert found.heard == []
    page.context.close()


def brightness(colour: str) -> float:
    """Relative luminance of ``rgb(…)`` (WCAG 2.2)."""
    codes = np.array([int(v) for v in colour.strip("rgb()").split(",")]) / 255
    light = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
    return float(light @ [0.2126, 0.7152, 0.0722])


def contrast(a: str, b: str) -> float:
    low, high = sorted((brightness(a), brightness(b)))
    return (high + 0.05) / (low + 0.05)


def test_every_picture_is_described_and_shown(page: Page) -> None:
    pictures = page.locator("img:visible")
    assert pictures.count() >= 5
    for k in range(pictures.count()):
        assert pictures.nth(k).get_attribute("alt")
        assert pictures.nth(k).evaluate("e => e.complete && e.naturalWidth > 0")


def test_ids_are_unique(page: Page) -> None:
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_every_control_has_a_name(page: Page) -> None:
    names = page.evaluate(
        """[...document.querySelectorAll('button, select, input')].map((e) => (e.ariaLabel
             || e.innerText || [...(e.labels ?? [])].map((l) => l.innerText).join('')).trim())"""
    )
    assert all(names)


# The slider ------------------------------------------------------------------------------------


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


# The viewer ------------------------------------------------------------------------------------


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


# The table -------------------------------------------------------------------------------------


def test_the_table_sorts(page: Page) -> None:
    files = sorted_files(page)
    page.get_by_role("button", name="Sharpness").click()
    values = page.locator("#table tbody tr").evaluate_all(
        "rows => rows.map((row) => row.cells[13].dataset.value)"
    )
    numbers = [float(v) for v in values]
    assert numbers == sorted(numbers, reverse=True)
    head = page.locator("#table th[aria-sort]")
    assert head.get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="Sharpness").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    page.get_by_role("button", name="Verdict").click()
    assert sorted_files(page)[0] == files[LOST]  # the worst comes first
    page.get_by_role("button", name="Shift").click()
    assert sorted_files(page)[-1] == files[LOST]  # what has no value comes last
    page.get_by_role("button", name="Frame", exact=True).click()
    assert sorted_files(page) == files


# Other runs ------------------------------------------------------------------------------------


def test_without_scripts_it_can_be_read(browser: Browser, folder: Path) -> None:
    found = Watched(browser, folder / "report.html", java_script_enabled=False)
    page = found.page
    assert page.locator("#composite").is_visible()
    assert page.locator("#table tbody tr").count() == 5
    assert page.locator("figure svg:visible").count() >= 5
    assert page.locator("input:visible, select:visible, button:visible").count() == 0
    page.context.close()


@pytest.mark.parametrize("fused", [False, True])
def test_aligned_frames_alone_and_the_composite_alone(
    browser: Browser, fused: bool, tmp_path: Path
) -> None:
    rendered = render_stack("steps", width=240, height=180, frames=3, blur=4, seed=5)
    stack(rendered.frames, OutputOptions(tmp_path / "out", aligned=not fused, fused=fused))
    found = Watched(browser, tmp_path / "out" / "report.html", reduced_motion="reduce")
    page = found.page
    page.wait_for_selector("#stage canvas")
    assert page.locator("#frame-a option").count() == 3 + fused
    assert page.locator("#composite").count() == fused
    assert page.locator("#table tbody a").count() == (0 if fused else 3)
    assert found.heard == []
    page.context.close()
