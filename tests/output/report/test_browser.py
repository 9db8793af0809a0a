"""The page in a real browser: nothing but the file is loaded, and everything answers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from focusstack.options import OutputOptions
from focusstack.pipeline import stack
from focusstack.scene.stack import render_stack
from tests.support.browsing import LOST, Watched, sorted_files

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

expect = playwright.expect


@pytest.mark.parametrize(("width", "height"), [(1400, 900), (390, 844)])
def test_the_picture_comes_first_with_the_verdict(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    picture, verdict = (page.locator(name).bounding_box() for name in ("#view", "header.verdict"))
    assert picture is not None
    assert verdict is not None
    for box in (picture, verdict):
        assert box["y"] + box["height"] < height
    assert picture["width"] > 0.65 * width
    assert "1 frame was left out. The other 4 frames lie" in page.locator("header").inner_text()


def test_it_tells_whom_to_blame(page: Page) -> None:
    assert "left out" in page.locator("#blame li").first.inner_text()
    row = page.locator("#table tbody tr").last
    assert row.is_hidden()
    page.locator("#blame a").first.click()  # what is folded opens
    assert row.is_visible()


def test_the_stack_is_called_by_its_name(browser: Browser, photos: Path, stacked: Path) -> None:
    found = Watched(browser, stacked / "report.html")
    assert found.page.title().startswith("photos – ")
    assert found.page.locator(".stack").inner_text() == "photos"
    found.page.context.close()


@pytest.mark.parametrize("width", [390, 920, 1400])
def test_trust_takes_one_line(browser: Browser, stacked: Path, width: int) -> None:
    size = {"width": width, "height": 900}
    found = Watched(browser, stacked / "report.html", viewport=size)
    title = found.page.locator("h1")
    title.evaluate("e => { e.textContent = 'You can trust this picture'; }")
    box = title.bounding_box()
    assert box is not None
    assert box["height"] < 1.6 * title.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    found.page.context.close()


BROKEN_WORDS = """
(() => {
  const found = [], texts = document.createTreeWalker(document.querySelector('main'), 4);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (!text.parentElement.checkVisibility() || text.parentElement.closest('svg, code')) continue;
    for (const word of text.data.matchAll(/[^\\s\\-\u2013]+/g)) {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map((one) => Math.round(one.bottom)));
      if (lines.size > 1) found.push(word[0]);
    }
  }
  return found;
})()
"""
"""Words of the page that go over more than one line."""

CUT_WORDS = """
[...document.querySelectorAll('figure svg text')].filter((text) => {
  const all = text.closest('figure').getBoundingClientRect(), own = text.getBoundingClientRect();
  const cut = getComputedStyle(text.closest('svg')).overflow !== 'visible';
  const edge = cut ? text.closest('svg').getBoundingClientRect() : all;
  return own.right > edge.right || own.left < edge.left;
}).map((text) => text.textContent)
"""
"""Words of plots that stick out."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 390, 1400])
def test_it_fits_every_screen(browser: Browser, folder: Path, scheme: str, width: int) -> None:
    found = Watched(
        browser,
        folder / "report.html",
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
    )
    page = found.page
    page.wait_for_selector("#view.live canvas")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(BROKEN_WORDS) == []
    assert page.evaluate(CUT_WORDS) == []
    # Grey without a colour, in light and dark.
    around = page.locator("#view").evaluate("e => getComputedStyle(e).backgroundColor")
    assert len(set(around.strip("rgb()").split(", "))) == 1
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
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    page.evaluate("document.querySelector('#view').classList.remove('live')")
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
             || e.textContent || [...(e.labels ?? [])].map((l) => l.textContent).join('')
             ).trim())"""
    )
    assert all(names)


# The table -------------------------------------------------------------------------------------


def test_the_table_sorts(page: Page) -> None:
    page.locator("#frames > summary").click()
    files = sorted_files(page)
    order = page.locator("#table tbody tr").evaluate_all(
        "rows => rows.map((r) => r.cells[0].dataset.value)"
    )
    assert order == ["1", "2", "3", "4", ""]  # in focus order; what is left out comes last
    page.get_by_role("button", name="Sharpness").click()
    values = page.locator("#table tbody tr").evaluate_all(
        "rows => rows.map((row) => row.cells[5].dataset.value)"
    )
    numbers = [float(v) for v in values]
    assert numbers == sorted(numbers, reverse=True)
    head = page.locator("#table th[aria-sort]")
    assert head.get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="Sharpness").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    page.get_by_role("button", name="Verdict").click()
    assert sorted_files(page)[0] == f"frame_{LOST + 1:04d}"  # the worst comes first
    page.get_by_role("button", name="Stops brighter").click()
    assert sorted_files(page)[-1] == f"frame_{LOST + 1:04d}"  # what has no value comes last
    page.get_by_role("button", name="#").click()
    assert sorted_files(page) == files


def test_on_a_telephone_lines_are_cards(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#frames > summary").click()
    for row in page.locator("#table tbody tr").all():
        box = row.bounding_box()
        assert box is not None
        assert box["width"] < 390
    label = page.locator("#table td[data-label=Sharpness]").first
    assert "Sharpness" in label.evaluate("e => getComputedStyle(e, '::before').content")


# Other runs ------------------------------------------------------------------------------------


def test_without_scripts_it_can_be_read(browser: Browser, folder: Path) -> None:
    found = Watched(browser, folder / "report.html", java_script_enabled=False)
    page = found.page
    assert page.locator("#composite").is_visible()
    assert page.locator("#table tbody tr").count() == 5
    page.locator("#engineer > summary").click()
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
    page.wait_for_selector("#view.live canvas")
    assert page.locator("#frame-a option").count() == 3 + fused
    assert page.locator("#composite").count() == fused
    assert page.locator("#table tbody a").count() == (0 if fused else 3)
    assert found.heard == []
    page.context.close()
