"""The page as text: complete, harmless, small, and fair in what it says."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from focusstack.geometry.coordinates import Rect
from focusstack.output.report.collecting import Gathering
from focusstack.output.report.html import draw_ahead, draw_exposures, report_page
from focusstack.output.report.rows import HEADINGS, NUMBERS
from focusstack.plan.model import FramePlan, StackPlan
from tests.support.report_plans import Page, frame, gathered, lost, plan

RNG = np.random.default_rng(1)
AWKWARD = ["<script>.jpg", "a&b.jpg", 'quote".jpg', "é 1#%.jpg", "</script><b>.jpg"]


def test_every_name_is_shown_and_none_is_run() -> None:
    made = plan(*[frame(n) for n in AWKWARD[:-1]], lost(AWKWARD[-1]))
    made = made.with_warnings([f"left out: {AWKWARD[-1]}: exposed beyond repair"])
    plain = Page(report_page(plan(frame("a"), frame("b")), gathered(plan(frame("a"), frame("b")))))
    page = Page(
        report_page(
            made, gathered(made), None, "<b>fused.jpg", {n: f"aligned/{n}" for n in AWKWARD}
        )
    )
    for name in AWKWARD:
        assert name in page.shown
    assert made.warnings[0] in page.shown
    assert page.tags.count("script") == plain.tags.count("script")
    assert page.tags.count("tr") == 1 + len(AWKWARD) + len(AWKWARD)  # numbers: less what is lost
    assert "aligned/%C3%A9%201%23%25.jpg" in page.addresses()
    assert "%3Cb%3Efused.jpg" in page.addresses()


def test_names_of_raw_bytes_lead_to_their_files() -> None:
    name = b"\xe9.jpg".decode(errors="surrogateescape")
    made = plan(frame(name), frame("b.jpg"))
    page = report_page(made, gathered(made), None, "fused.jpg", {name: f"aligned/{name}"})
    assert 'href="aligned/%E9.jpg"' in page


def test_nothing_is_asked_for_but_the_file() -> None:
    made = plan(frame("a.jpg"), frame("b.jpg"))
    page = Page(report_page(made, gathered(made), None, "fused.jpg"))
    for address in page.addresses():
        assert address.startswith(("#", "data:")) or address in ("fused.jpg", "report.json")
    assert not any("url(http" in v or "@import" in v for _, v in page.attributes)
    policy = next(v for n, v in page.attributes if n == "content" and "default-src" in v)
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("composite", [True, False])
@pytest.mark.parametrize("grey", [True, False])
def test_pictures_of_every_kind(composite: bool, grey: bool) -> None:
    made = plan(frame("a.jpg"), frame("b.jpg"), frame("c.jpg"))
    if grey:
        frames = [replace(f, gain=np.ones(1)) for f in made.frames]
        made = replace(made, frames=tuple(frames))
    gathering = Gathering(made)
    shape = (280, 390) if grey else (280, 390, 3)
    for f in made.frames:
        gathering.add(f.file, RNG.random(shape, np.float32), None)
    if composite:
        gathering.add_composite(RNG.integers(0, 65536, shape, np.uint16), None)
    page = Page(report_page(made, gathering.found, None, "fused.tif" if composite else None))
    assert ("composite" in [v for n, v in page.attributes if n == "id"]) == composite
    assert page.tags.count("svg") >= 6


def test_numbers_alone_make_a_page_too() -> None:
    bare = FramePlan("b.jpg", True, None, np.eye(3), np.ones(3), None, 0.0, 0.5)
    made = StackPlan("b.jpg", (40, 30), Rect(0, 0, 40, 30), (bare,), ("b.jpg",))
    page = Page(report_page(made))
    assert "Nothing is known" in page.shown
    assert page.tags.count("img") == 0


def test_fifty_frames_of_noise_stay_below_five_megabytes() -> None:
    made = plan(*[frame(f"IMG_{k}.jpg") for k in range(50)], canvas=(700, 520))
    gathering = Gathering(made)  # which knows how many there are
    noise = RNG.integers(0, 256, (500, 690, 3), np.uint8)
    gathering.add("IMG_0.jpg", noise, None)
    gathering.add_composite(noise, None)
    shown = gathering.found
    shown.frames = {f.file: shown.frames["IMG_0.jpg"] for f in made.frames}
    size = len(report_page(made, shown, None, "fused.jpg").encode())
    assert 2_000_000 < size < 5_000_000


def test_the_page_is_the_same_each_time() -> None:
    made = plan(frame("a.jpg"), frame("b.jpg"))
    shown = gathered(made)
    assert report_page(made, shown) == report_page(made, shown)


def test_what_is_drawn_ahead_is_what_the_page_draws() -> None:
    made = plan(frame("a"), frame("b", "look"), frame("c"))
    entry = {"method": "weighted", "maps": [], "moved_share": 0.0, "moved": []}
    later = replace(made, fusion=entry).with_warnings(["late"])
    shown = gathered(made)
    drawn, exposures = draw_ahead(made), draw_exposures(made, shown)
    assert report_page(later, shown, drawn=drawn, exposures=exposures) == report_page(later, shown)


def test_every_row_has_a_cell_for_every_heading() -> None:
    made = plan(frame("a.jpg"), frame("b.jpg", "look", None), lost("c.jpg"))
    page = report_page(made)
    shot = [title for title, kind in HEADINGS if kind == "text"]  # no EXIF, no columns
    frames, _, numbers = page.partition('id="plots"')[0].partition('id="numbers"')
    rows = re.findall(r"<tr.*?</tr>", frames, re.DOTALL) + re.findall(
        r"<tr.*?</tr>", numbers, re.DOTALL
    )
    counts = [len(re.findall(r"<t[hd]\b", row)) for row in rows]
    # Headings and three frames; headings and the two that are used.
    assert counts == [len(HEADINGS) - len(shot)] * 4 + [len(NUMBERS)] * 3
    assert "-0" not in "".join(re.findall(r">([-+−.\d]+)<", "".join(rows)))
