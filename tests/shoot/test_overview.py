"""The overview says of every stack how it went, and can be sorted and searched in a browser."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from focusstack.shoot import overview as module
from focusstack.shoot.overview import Overview
from focusstack.shoot.state import Row, StackState, States
from tests.support.browsing import Watched

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

EVIL = "<script>alert(1)</script>\"'&"

ROWS = [
    ("beetle 2", "done", Row(grade="pass", words="Good: aligned to 0.1 px.", error_px=0.1, used=8)),
    ("beetle 10", "done", Row(grade="look", words="Take a look: frame 3 moved.", error_px=0.7)),
    ("fly", "done", Row(grade="fail", words="Not good: frame 5.", error_px=3.0, camera="Nikon Z8")),
    ("moth", "failed", Row(words=f"{EVIL} is damaged.\nLeave it out.")),
    ("wasp", "claimed", Row()),
    ("ant", "planned", Row()),
]


def with_rows(folder: Path) -> States:
    states = States(folder)
    states.folder.mkdir(parents=True)
    picture = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
    for name, status, row in ROWS:
        told = row.model_copy(
            update={"folder": name, "frames": 8, "composite": "fused.jpg", "report": "report.html"}
        )
        doubt = f"perhaps another stack from {EVIL} on" if name == "fly" else ""
        states.write(StackState(name=name, status=status, row=told, doubt=doubt))  # type: ignore[arg-type]
        if status == "done":
            states.thumbnail(name).write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())
    return states


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("overview")
    Overview(folder, with_rows(folder)).update(final=True)
    return folder / "index.html"


@pytest.fixture
def watched(browser: Browser, index: Path) -> Watched:
    return Watched(browser, index, viewport={"width": 1280, "height": 800})


@pytest.fixture
def page(watched: Watched) -> Page:
    return watched.page


def names(page: Page) -> list[str]:
    rows = page.locator("#stacks tbody tr:visible th")
    return [text.splitlines()[0] for text in rows.all_inner_texts()]


def test_the_table_for_spreadsheets_holds_no_formula(tmp_path: Path) -> None:
    states = with_rows(tmp_path)
    states.write(StackState(name="x", row=Row(words="=cmd()", lens="@x\ny")))
    Overview(tmp_path, states).update(final=True)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "index.csv").read_text())))
    assert [row["name"] for row in rows] == [
        *("ant", "beetle 2", "beetle 10", "fly", "moth", "wasp", "x"),
    ]
    assert (rows[-1]["words"], rows[-1]["lens"]) == ("'=cmd()", "'@x y")
    assert rows[2]["error_px"] == "0.7"
    plain = json.loads((tmp_path / "index.json").read_text())
    assert plain[-1]["words"] == "=cmd()"
    assert set(plain[0]) == set(module.COLUMNS)


def test_it_is_written_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    overview = Overview(tmp_path, with_rows(tmp_path))

    def written() -> bool:
        (tmp_path / "index.html").unlink(missing_ok=True)
        overview.update()
        return (tmp_path / "index.html").exists()

    assert written()
    now[0] += 1.5
    assert not written()
    now[0] += 1.5
    assert written()


def test_a_stranger_among_the_pictures_is_not_shown(tmp_path: Path) -> None:
    states = with_rows(tmp_path)
    states.thumbnail("fly").write_bytes(b"<svg onload=alert(1)>")
    Overview(tmp_path, states).update(final=True)
    assert (tmp_path / "index.html").read_text().count("<img") == 2


def test_it_tells_how_many_are_how(page: Page) -> None:
    words = page.locator("header").inner_text()
    for told in ("1 good", "1 take a look", "1 not good", "1 could not be made", "1 being made"):
        assert told in words
    assert "The batch is running" in words
    assert EVIL in page.locator("#stacks").inner_text()
    assert "Leave it out." in page.locator("#stacks").inner_text()


def test_it_sorts(page: Page) -> None:
    page.get_by_role("button", name="Stack").click()
    assert names(page) == ["ant", "beetle 2", "beetle 10", "fly", "moth", "wasp"]
    page.get_by_role("button", name="Stack").click()
    assert names(page)[0] == "wasp"
    page.get_by_role("button", name="Error px").click()
    assert names(page)[:3] == ["fly", "beetle 10", "beetle 2"]
    page.get_by_role("button", name="Error px").press("Enter")
    assert names(page)[:3] == ["beetle 2", "beetle 10", "fly"]
    page.get_by_role("button", name="Verdict").click()
    head = page.locator("#stacks th[aria-sort]")
    assert head.get_attribute("aria-sort") == "descending"


def test_it_filters(page: Page) -> None:
    assert len(names(page)) == 6
    page.get_by_label("look and fail").check()
    assert names(page) == ["beetle 10", "fly", "moth"]
    assert page.locator("#shown").inner_text() == "3 of 6 shown"
    page.get_by_label("find").fill("nikon frame")
    assert names(page) == ["fly"]
    page.get_by_label("all", exact=True).check()
    page.get_by_label("find").fill("beetle")
    assert names(page) == ["beetle 2", "beetle 10"]
    page.get_by_label("find").fill("nothing of this")
    assert names(page) == []


def test_it_leads_to_reports_and_composites(page: Page) -> None:
    links = page.locator("#stacks a").evaluate_all("all => all.map((a) => a.getAttribute('href'))")
    assert "beetle%202/report.html" in links
    assert "fly/fused.jpg" in links
    assert not any("moth" in link or "wasp" in link for link in links)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_every_screen(browser: Browser, index: Path, scheme: str, width: int) -> None:
    found = Watched(browser, index, color_scheme=scheme, viewport={"width": width, "height": 700})
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width
    looking = os.environ.get("FOCUSSTACK_SCREENSHOTS")
    if looking:
        found.page.screenshot(path=Path(looking) / f"index-{scheme}-{width}.png", full_page=True)
    assert found.heard == []
    found.page.context.close()


def test_without_scripts_it_can_be_read(browser: Browser, index: Path) -> None:
    found = Watched(browser, index, java_script_enabled=False)
    assert found.page.locator("#stacks tbody tr:visible").count() == 6
    assert found.page.locator("input:visible, button:visible").count() == 0
    found.page.context.close()


def test_nothing_else_is_asked_for(watched: Watched) -> None:
    watched.page.get_by_label("look and fail").check()
    assert watched.heard == []


def test_on_a_phone_the_verdict_is_seen_and_rows_can_be_sorted(
    browser: Browser, index: Path
) -> None:
    found = Watched(browser, index, viewport={"width": 390, "height": 700})
    page = found.page
    assert page.evaluate("document.querySelector('.scroll').scrollWidth") <= 390
    for cell in page.locator("#stacks .words").all():
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 390
    page.get_by_role("button", name="Error px").click()
    assert names(page)[:3] == ["fly", "beetle 10", "beetle 2"]
    assert found.heard == []
    page.context.close()


def test_it_tells_what_to_type_to_retouch(page: Page) -> None:
    typed = page.locator("#stacks code").all_text_contents()
    assert "focusstack review 'beetle 2'" in typed
    assert len(typed) == 3  # of those that are done


def test_a_folder_that_looks_like_an_option_is_none(tmp_path: Path) -> None:
    states = with_rows(tmp_path)
    row = Row(folder="-x", composite="fused.jpg")
    states.write(StackState(name="-x", status="done", row=row))
    Overview(tmp_path, states).update(final=True)
    assert "focusstack review ./-x" in (tmp_path / "index.html").read_text()
