"""What the report says of retouching: which places are mended, fine, or left."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from focusstack.geometry.coordinates import Rect
from focusstack.retouch.in_report import BEGIN, END, tell_in_report
from focusstack.retouch.record import write_retouch
from focusstack.retouch.result import Result, open_result
from focusstack.retouch.strokes import Point, Retouch, Stroke
from focusstack.retouch.worth_a_look import on_reference
from tests.support.cli_calls import done


@pytest.fixture
def result(folder: Path) -> Result:
    """A result whose report tells of three places."""
    report = folder / "report.json"
    told = json.loads(report.read_text())
    names = [frame["file"] for frame in told["frames"][:2]]
    places = [
        {"rect": {"x": 40 * k, "y": 10, "width": 20, "height": 20}, "frames": names, "px": 3.0 - k}
        for k in range(3)
    ]
    told["fusion"]["seams"] = {**(told["fusion"].get("seams") or {}), "places": places}
    report.write_text(json.dumps(told))
    return open_result(folder)


def section(folder: Path) -> str:
    page = (folder / "report.html").read_bytes()
    return page.partition(BEGIN)[2].partition(END)[0].decode()


def blank(result: Result) -> Retouch:
    return Retouch(result.plan.reference, result.plan.canvas)


def test_places_are_mended_fine_or_left(result: Result, folder: Path) -> None:
    before = (folder / "report.html").read_bytes()
    crop = result.plan.crop
    middle = Point(crop.x + 50.0, crop.y + 20.0)
    retouch = blank(result).with_stroke(Stroke("erase", (middle,), size=20))
    fine = on_reference(Rect(0, 10, 20, 20), crop)
    write_retouch(result.record, replace(retouch, fine=(fine,)))
    done("retouch", folder, "--quiet")
    told = section(folder)
    counted = "Places to look at: 1 mended, 1 found to be fine, 1 left."
    assert f"1 stroke: retouched.png. {counted}" in told
    assert told.split("<li>")[1].partition(": ")[2].startswith("found")
    # Nothing done any more: the page is as it was.
    tell_in_report(result, blank(result))
    assert (folder / "report.html").read_bytes() == before


def test_names_in_the_report_are_no_code(result: Result, folder: Path) -> None:
    report = folder / "report.json"
    report.write_text(report.read_text().replace('"frames": ["', '"frames": ["<script>', 1))
    tell_in_report(open_result(folder), replace(blank(result), fine=(Rect(1, 1, 2, 2),)))
    assert "<script>" not in section(folder)
    assert "&lt;script&gt;" in section(folder)


def test_a_report_of_an_earlier_version_stays_as_it_is(result: Result, folder: Path) -> None:
    page = folder / "report.html"
    page.write_bytes(page.read_bytes().replace(BEGIN, b""))
    before = page.read_bytes()
    tell_in_report(result, replace(blank(result), fine=(Rect(1, 1, 2, 2),)))
    assert page.read_bytes() == before
