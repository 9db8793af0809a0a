"""What is written on the pages can be read: contrast, and nothing that is cut or runs over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.studio.conftest import Desk, Door

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

LEAST = 4.5
"""Of light against dark: WCAG 2.2, success criterion 1.4.3, for text that is not large."""

FAINT = """
(least) => {
  const colour = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const light = ([r, g, b]) => {
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [R, G, B] = [r, g, b].map((v) => linear(v / 255));
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const found = colour(getComputedStyle(e).backgroundColor);
      if (found[3] > 0.7) return found;
    }
    return [0, 0, 0, 1];
  };
  const faint = [];
  for (const e of document.querySelectorAll("body *")) {
    const written = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    const seen = e.checkVisibility({ visibilityProperty: true });
    if (!written || !seen || e.closest(":disabled, noscript, option, .toast")) continue;
    const [a, b] = [light(colour(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const words = `${e.tagName} ${e.className} ${e.textContent.slice(0, 30)}`;
    if (ratio < least) faint.push(`${words}: ${ratio.toFixed(2)}`);
  }
  return faint;
}
"""


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_what_the_desk_says_can_be_read(desk: Desk, theme: str) -> None:
    desk.page.evaluate(f"desk.theme({json.dumps(theme)})")
    desk.page.evaluate("desk.take('paint')")
    assert desk.page.evaluate(FAINT, LEAST) == []
    desk.page.keyboard.press("?")
    assert desk.page.evaluate(FAINT, LEAST) == []


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_what_the_start_page_says_can_be_read(door: Door, folder: Path, theme: str) -> None:
    door.page.evaluate(f"document.documentElement.dataset.theme = {json.dumps(theme)}")
    door.page.evaluate(f"door.look({json.dumps(str(folder.parent / 'photos'))})")
    door.until("!document.getElementById('found').hidden")
    door.page.evaluate(f"door.picker.browse({json.dumps(str(folder.parent / 'photos'))})")
    door.until("document.getElementById('picker').open")
    assert door.page.evaluate(FAINT, LEAST) == []


def test_names_in_the_strip_tell_frames_apart(desk: Desk) -> None:
    short = (
        "async (names) => (await import(new URL('../../static/strip.js', document.baseURI)))"
        ".shortNames(names)"
    )
    long = [f"b_bigbug00{k:02d}_cropped.png" for k in range(8, 12)]
    assert desk.page.evaluate(short, long) == ["0008", "0009", "0010", "0011"]
    dated = ["IMG_20190208_110537.jpg", "IMG_20190208_110540.jpg"]
    assert desk.page.evaluate(short, dated) == ["110537", "110540"]
    for kept in (["IMG_1.jpg", "IMG_2.jpg"], ["only-one-long-name.jpg"], ["a" * 20, "a" * 22]):
        assert desk.page.evaluate(short, kept) == kept


def test_nothing_moves_beside_the_picture_while_the_cursor_does(desk: Desk) -> None:
    desk.until("desk.strip.sharp?.length && desk.info.survey.done === 4")
    place = desk.page.locator("#h-places")
    before = place.bounding_box()
    desk.page.mouse.move(*desk.at(100, 80))
    desk.until("document.querySelector('#proposal b')")
    assert place.bounding_box() == before


def test_source_and_result_are_seen_in_turn(desk: Desk) -> None:
    page = desk.page
    page.locator("#overlay").focus()
    page.keyboard.press("w")
    for shown in ("desk.source", "'result'", "desk.source"):
        desk.until(f"desk.view.panes[0][0].of === {shown}")
    page.keyboard.press("Escape")
    assert page.evaluate("[desk.blinking, desk.view.panes[0][0].of]") == [None, "result"]
    page.keyboard.press("w")
    page.keyboard.press("b")
    desk.drag((60, 60), (70, 60))  # who paints sees the result
    desk.settle()
    assert page.evaluate("[desk.blinking, desk.view.panes[0][0].of]") == [None, "result"]


def test_what_a_small_page_tells_is_no_column_of_letters(door: Door) -> None:
    door.page.set_viewport_size({"width": 390, "height": 844})
    door.page.evaluate("door.exported({ folder: '/nowhere', file: 'Flowers.jpg' })")
    told = door.page.locator("#exported p").bounding_box()
    assert told is not None
    assert told["width"] > 3 * told["height"]


def test_buttons_of_a_result_lie_on_its_card(door: Door, folder: Path) -> None:
    door.page.evaluate(f"door.review({json.dumps(str(folder))})")
    door.page.wait_for_url("**/review/*/")
    door.page.go_back()
    door.until("document.querySelectorAll('#recent li').length === 1")
    for width in (390, 800, 1280, 3840):
        door.page.set_viewport_size({"width": width, "height": 720})
        over = door.page.evaluate(
            "[...document.querySelectorAll('#recent button')].filter(b =>"
            " b.getBoundingClientRect().right > b.closest('li').getBoundingClientRect().right - 4"
            " && !b.matches('.cover')).map(b => b.textContent)"
        )
        assert over == [], width


@pytest.mark.parametrize("width", [768, 820, 1024, 1279, 1280])
def test_all_that_a_tool_has_can_be_reached(desk: Desk, width: int) -> None:
    desk.page.set_viewport_size({"width": width, "height": 800})
    for tool in ("paint", "erase", "clone", "fill", "crop"):
        desk.page.evaluate(f"desk.take('{tool}')")
        outside = desk.page.evaluate(
            "(box => [...document.querySelectorAll('.options > :not(.advice)')].filter(e =>"
            " e.checkVisibility()).map(e => [e.textContent, e.getBoundingClientRect()])"
            ".filter(([, r]) => r.bottom > box.bottom + 1 || r.right > box.right).map(([t]) => t))"
            "(document.querySelector('.options').getBoundingClientRect())"
        )
        assert outside == [], tool
