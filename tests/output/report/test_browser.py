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
