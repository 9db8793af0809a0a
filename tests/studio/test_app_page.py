"""The door without a terminal, in a real browser: from drop to export."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from focusstack.images.read import read_picture
from tests.studio.conftest import Door, Program

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext


def test_from_drop_to_export(door: Door, photos: Path, tmp_path: Path) -> None:
    page = door.page
    (tmp_path / "notes.txt").write_text("no picture")
    door.drop([*sorted(photos.iterdir()), tmp_path / "notes.txt"])
    door.until("!document.getElementById('found').hidden")
    (brought,) = (tmp_path / "inbox").iterdir()
    assert sorted(p.name for p in brought.iterdir()) == sorted(p.name for p in photos.iterdir())
    for path in photos.iterdir():
        assert (brought / path.name).read_bytes() == path.read_bytes()
    assert page.locator("#stacks li").count() == 1
    assert "4 frames, 240 × 180, 8 bits" in page.locator("#stacks .count").inner_text()
    page.locator("#aligned").check()
    page.locator("#run").click()
    door.ended("Stacking")
    door.until("document.querySelectorAll('#recent li').length === 1")
    result = brought.with_name(f"{brought.name}-stacked")
    assert (result / "fused.png").is_file()
    assert len([*(result / "aligned").iterdir()]) == 4
    door.until("document.querySelector('#recent img').complete")
    assert page.evaluate("document.querySelector('#recent img').naturalWidth") > 100
    verdict = page.locator("#recent .chip")
    assert verdict.inner_text() == door.page.evaluate("door.told.recent[0].verdict")
    assert verdict.inner_text().endswith(".")
    page.get_by_role("button", name="Export…").click()
    page.locator("#export-format").select_option("jpg")
    page.locator("#export-go").click()
    door.ended("Exporting")
    (copy,) = (result / "export").iterdir()
    assert copy.name == f"{brought.name}.jpg"
    assert page.locator("#exported b").inner_text() == copy.name
    page.locator("#exported-close").click()
    assert page.locator("#exported").is_hidden()
    assert read_picture(copy).pixels.shape == read_picture(result / "fused.png").pixels.shape


WALK = """
async () => {
  const entry = (path) => ({ isFile: true, fullPath: path, file: (done) => done(path) });
  const folder = (path, ...inside) => ({ isFile: false, fullPath: path, createReader: () => {
    const given = [inside, []];
    return { readEntries: (done) => done(given.shift()) } } });
  const card = folder("/card", entry("/card/0.jpg"), folder("/card/A", entry("/card/A/1.jpg")));
  const found = [];
  for (const depth of [1, 2]) await door.walk(card, depth, found);
  return found.map((one) => one.inside);
}
"""


def test_folders_that_are_dropped_stay_apart(door: Door) -> None:
    assert door.page.evaluate(WALK) == ["card", "card A", "", "A"]


def test_a_folder_is_picked_stacked_and_retouched(door: Door, copies: Path) -> None:
    page = door.page
    page.locator("#pick").click()
    page.locator("#shortcuts button").first.click()  # whoever is lost is at home again
    door.until("door.picker.place.path === door.told.home")
    page.evaluate(f"door.picker.browse({json.dumps(str(copies.parent))})")
    page.locator("#folders button", has_text="copies").click()
    door.until("document.getElementById('holds').textContent.startsWith('4 pictures')")
    page.locator("#use").click()
    door.until("!document.getElementById('found').hidden")
    page.locator("#run").click()
    door.ended("Stacking")
    page.locator("#recent .cover").click()
    page.wait_for_url("**/review/1/")
    door.until("Boolean(window.desk) && desk.version !== undefined")
    door.settle()
    page.keyboard.press("b")
    door.drag((60, 60), (90, 90))
    door.settle()
    assert (
        len(
            json.loads((copies.with_name("copies-stacked") / "retouch.json").read_text())["strokes"]
        )
        == 1
    )
    page.locator("#home").click()
    door.until("Boolean(window.door?.told)")
    assert "retouched" in page.locator("#recent small").first.inner_text()
    # Results that are picked are opened.
    page.locator("#pick").click()
    page.evaluate(f"door.picker.browse({json.dumps(str(copies.with_name('copies-stacked')))})")
    door.until("document.getElementById('use').textContent === 'Open these results'")
    page.locator("#use").click()
    page.wait_for_url("**/review/1/")
    door.until("Boolean(window.desk) && desk.version !== undefined")


def test_the_folder_that_was_asked_for_last_is_shown(door: Door, folder: Path) -> None:
    first, last = str(folder.parent / "photos"), str(folder)
    door.page.evaluate(
        "([first, last]) => { const ask = door.picker.ask; let come;"
        " const came = new Promise((r) => (come = r));"
        " door.picker.ask = async (path) => { const told = await ask(path);"
        " if (path.endsWith('stacked')) come(); else await came;"
        " return told };"
        " return Promise.all([door.picker.browse(first), door.picker.browse(last)]) }",
        [first, last],
    )
    assert door.page.evaluate("door.picker.place.path") == last


def test_series_that_were_told_apart_are_stacked_as_one(door: Door, copies: Path) -> None:
    page = door.page
    files = [str(path) for path in sorted(copies.iterdir())]
    stack = {"count": 2, "first": "a", "last": "b", "sure": True, "size": "", "camera": ""}
    halves = [
        {"name": name, "files": files[k : k + 2], **stack} for k, name in ((0, "a"), (2, "b"))
    ]
    together = {"name": "all", "files": files, **stack, "count": 4}
    found = {"name": "copies", "stacks": halves, "alone": 0, "notes": [], "together": together}
    page.evaluate(f"door.show({json.dumps(found)})")
    assert page.locator("#run").inner_text() == "Stack 2 series"
    page.locator("#together").check()
    assert "all 4 of them" in page.locator("#together-line").inner_text()
    assert page.locator("#run").inner_text() == "Stack"
    page.locator("#run").click()
    door.ended("Stacking all")
    plan = json.loads((copies.with_name("copies-stacked") / "report.json").read_text())
    assert len(plan["frames"]) == 4


def test_a_page_whose_result_was_closed_says_so(
    door: Door, context: BrowserContext, folder: Path, stacked: Path
) -> None:
    other = folder.with_name("other-stacked")
    shutil.copytree(stacked, other)
    for place in (folder, other):
        door.page.evaluate(f"door.review({json.dumps(str(place))})")
        door.page.wait_for_url("**/review/*/")
        if place is folder:
            left = context.new_page()
            left.goto(door.page.url)
            door.page.go_back()
            door.until("Boolean(window.door?.told)")
    end = time.monotonic() + 30
    while "was closed" not in left.locator("#notice").inner_text():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_run_is_stopped(door: Door, copies: Path) -> None:
    page = door.page
    page.evaluate(f"door.look({json.dumps(str(copies))})")
    door.until("!document.getElementById('found').hidden")
    page.locator("#run").click()
    page.locator("#jobs button").first.click()
    door.until("door.told.jobs.some(j => j.title.startsWith('Stacking') && j.state === 'stopped')")
    assert not copies.with_name("copies-stacked").exists()


def test_it_is_ended_from_the_page(context: BrowserContext, tmp_path: Path) -> None:
    program = Program("app", "--inbox", tmp_path / "inbox")
    door = Door(context, program.address)
    door.page.locator("#quit").click()
    door.until("document.querySelector('main').textContent.includes('has ended')")
    assert program.process.wait(20) == 0
    assert door.heard == []


def test_what_cannot_be_stacked_is_told(door: Door, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    door.page.evaluate(f"door.look({json.dumps(str(tmp_path / 'empty'))})")
    door.until("!document.getElementById('notice').hidden")
    assert "No pictures found" in door.page.locator("#notice p").inner_text()


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_nothing_sticks_out(door: Door, size: tuple[int, int]) -> None:
    door.page.set_viewport_size({"width": size[0], "height": size[1]})
    assert door.page.evaluate("document.documentElement.scrollWidth") == size[0]
    nameless = door.page.evaluate(
        "[...document.querySelectorAll('button, input, select')].filter(e => e.checkVisibility()"
        " && !(e.innerText || e.title || e.ariaLabel || e.labels?.length)).map(e => e.outerHTML)"
    )
    assert nameless == []
