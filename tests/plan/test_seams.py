"""A composite is judged by its seams where these tell."""

from __future__ import annotations

import pytest

from focusstack.geometry.coordinates import Rect
from focusstack.plan.seams import SeamPlace, Seams, judge_picture
from focusstack.plan.verdict import Verdict

PLACE = SeamPlace(Rect(100, 200, 64, 64), ("a.jpg", "b.jpg"), 2.4)
GOOD = Verdict("pass", "aligned to 0.02 px")
OFF = Verdict("look", "a.jpg may be off by 0.7 px", "Look.", ("error",))
ELSEWHERE = Verdict("fail", "a.jpg shows something elsewhere", "Look.", ("displaced",))


def seams(measured: int = 500, unknown: int = 100, visible: int = 0, gross: int = 0) -> Seams:
    return Seams(measured, unknown, visible, gross, 0.4, (PLACE,) * (visible > 0), "a.jpg")


def test_clean_seams_settle_doubts_about_geometry() -> None:
    assert judge_picture(OFF, seams(), 0.6).grade == "pass"
    assert judge_picture(OFF, seams(), 0.45).words == "aligned to 0.45 px"
    assert judge_picture(OFF, seams(), 0.6).words.endswith("blurred parts may be off by 0.6 px")
    assert judge_picture(GOOD, seams(), 0.02) == GOOD


def test_what_lies_elsewhere_is_told_all_the_same() -> None:
    found = judge_picture(ELSEWHERE, seams(), 9.0)
    assert (found.grade, found.causes) == ("look", ("displaced",))


def test_a_little_that_lies_elsewhere_is_settled_by_clean_seams() -> None:
    assert judge_picture(ELSEWHERE, seams(), 0.3, displaced=False).grade == "pass"
    assert judge_picture(ELSEWHERE, seams(10, 0), 0.3, displaced=False).grade == "fail"


@pytest.mark.parametrize(("measured", "unknown"), [(10, 0), (30, 100), (0, 0)])
def test_seams_that_hardly_tell_settle_nothing(measured: int, unknown: int) -> None:
    assert judge_picture(OFF, seams(measured, unknown), 0.6) == OFF
    assert judge_picture(ELSEWHERE, seams(measured, unknown), 9.0).grade == "fail"


@pytest.mark.parametrize(
    ("measured", "visible", "grade"),
    [
        (500, 1, "pass"),
        (500, 4, "pass"),
        (500, 7, "pass"),
        (500, 14, "look"),
        (30, 1, "pass"),
        (30, 2, "look"),
        (500, 70, "look"),
        (500, 130, "fail"),
        (12, 4, "look"),
    ],
)
def test_the_share_that_shows_decides(measured: int, visible: int, grade: str) -> None:
    assert judge_picture(GOOD, seams(measured, 0, visible), 0.02).grade == grade


@pytest.mark.parametrize(("gross", "grade"), [(1, "pass"), (2, "look")])
def test_gross_disagreement_is_no_mishap(gross: int, grade: str) -> None:
    assert seams(visible=gross, gross=gross).grade == grade


def test_places_are_named_and_a_spoilt_picture_names_the_frame() -> None:
    look = judge_picture(OFF, seams(visible=20), 0.6)
    assert look.words == "frames disagree by up to 2.4 px at (132, 232)"
    assert look.causes == ("seam",)
    assert len(look.lines()) == 1
    assert "a.jpg" in judge_picture(GOOD, seams(visible=200), 0.02).words


@pytest.mark.parametrize(
    ("measured", "unknown", "proof"),
    [(14, 0, False), (28, 0, True), (100, 160, True), (100, 330, False)],
)
def test_enough_must_have_been_comparable(measured: int, unknown: int, proof: bool) -> None:
    assert seams(measured, unknown).prove == proof
