"""Verdicts: what passes, what must be looked at, what fails, and who is blamed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from focusstack.verdict import GRADES, Verdict, frame_verdict, stack_verdict

GOOD = Verdict("pass", "good to 0.02 px")


@pytest.mark.parametrize(
    ("error", "grade"),
    [(0.0, "pass"), (0.29, "pass"), (0.31, "look"), (1.9, "look"), (2.1, "fail")],
)
def test_errors_decide(error: float, grade: str) -> None:
    assert frame_verdict(error, 1.0).grade == grade


@given(st.floats(2.001, 1e6), st.floats(0, 1))
def test_an_error_of_two_pixels_fails(error: float, support: float) -> None:
    assert frame_verdict(error, support).grade == "fail"


def test_what_is_not_known_does_not_pass() -> None:
    assert frame_verdict(None, 1.0).grade == "look"
    assert frame_verdict(0.01, 0.1).grade == "look"
    assert frame_verdict(0.01, 1.0, ["part of the subject has moved"]).grade == "look"


def test_remarks_are_harmless() -> None:
    found = frame_verdict(0.01, 1.0, remarks=["the same as b.jpg"])
    assert found.grade == "pass"
    assert "b.jpg" in found.words


def test_a_stack_is_as_good_as_its_worst_frame() -> None:
    for grade in GRADES:
        frames = [("a.jpg", GOOD), ("b.jpg", Verdict(grade, "so it is"))]
        found = stack_verdict(frames, 0.1)
        assert found.grade == grade
        assert ("b.jpg" in found.words) == (grade != "pass")
        assert "a.jpg" not in found.words


def test_a_stack_without_some_of_its_frames_is_looked_at() -> None:
    found = stack_verdict([("a.jpg", GOOD)], 0.02, ["b.jpg"])
    assert found.grade == "look"
    assert "b.jpg" in found.words


def test_many_are_blamed_briefly() -> None:
    frames = [(f"{k}.jpg", Verdict("fail", "may be off by 2.0 px")) for k in range(9)]
    words = stack_verdict(frames, 2.0).words
    assert "0.jpg" in words
    assert "6 more" in words


def test_words_follow_the_grade() -> None:
    assert str(GOOD) == "pass: good to 0.02 px"
    assert str(Verdict("fail", "")) == "fail"
