"""Verdicts: what passes, what must be looked at, what fails, who is blamed, in what words."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from focusstack.plan.verdict import (
    ADVICE,
    GRADES,
    LEADS,
    Cause,
    Doubt,
    Grade,
    Verdict,
    judge_by_frames,
    judge_frame,
    judge_reference,
)

GOOD = Verdict("pass", "good to 0.02 px")
CAUSES: tuple[Cause, ...] = tuple(c for c in get_args(Cause) if c not in ("lost", "seam"))
MOVED = Doubt("moved", "part of the subject has moved")


def off(px: float) -> Verdict:
    return judge_frame(px, 1.0)


@pytest.mark.parametrize(
    ("error", "grade"),
    [(0.0, "pass"), (0.49, "pass"), (0.51, "look"), (1.9, "look"), (2.1, "fail")],
)
def test_errors_decide(error: float, grade: str) -> None:
    assert judge_frame(error, 1.0).grade == grade


@given(st.floats(2.001, 1e6), st.floats(0, 1))
def test_an_error_of_two_pixels_fails(error: float, support: float) -> None:
    assert judge_frame(error, support).grade == "fail"
    # Unless it is not known what a run would follow.
    assert judge_frame(error, support, worst="look").grade == "look"


def test_what_is_not_known_does_not_pass() -> None:
    assert judge_frame(None, 1.0).grade == "look"
    assert judge_frame(0.01, 0.1).grade == "look"
    assert judge_frame(0.01, 1.0, [MOVED]).grade == "look"


def test_remarks_are_harmless() -> None:
    found = judge_frame(0.01, 1.0, remarks=["the same as b.jpg"])
    assert found.grade == "pass"
    assert "b.jpg" in found.words


@given(st.floats(0, 9) | st.none(), st.floats(0, 1), st.sets(st.sampled_from(CAUSES)))
def test_causes_are_named_exactly_where_something_does_not_pass(
    error: float | None, support: float, causes: set[Cause]
) -> None:
    found = judge_frame(error, support, [Doubt(c, c) for c in sorted(causes)])
    assert (found.grade == "pass") == (not found.causes)
    assert found.words


def test_a_stack_is_as_good_as_its_worst_frame() -> None:
    for grade in GRADES:
        causes: tuple[Cause, ...] = () if grade == "pass" else ("error",)
        frames = [("a.jpg", GOOD), ("b.jpg", Verdict(grade, "so it is", causes=causes))]
        found = judge_by_frames(frames, 0.1, worst_px=1.0)
        assert found.grade == grade
        assert ("b.jpg" in found.words) == (grade != "pass")
        assert "a.jpg" not in found.words


def test_a_stack_without_some_of_its_frames_is_looked_at() -> None:
    found = judge_by_frames([("a.jpg", GOOD)], 0.02, ["b.jpg"])
    assert found.grade == "look"
    assert "b.jpg" in found.words


def test_a_stack_without_frames_fails() -> None:
    assert judge_by_frames([], None, ["b.jpg"]).grade == "fail"


def test_those_who_are_off_most_are_blamed() -> None:
    frames = [("a.jpg", GOOD), ("b.jpg", off(0.5)), ("c.jpg", off(3.0)), ("d.jpg", off(0.6))]
    assert judge_by_frames(frames, 1.0, worst_px=3.0).words == "c.jpg may be off by 3.0 px"


def test_many_are_counted() -> None:
    frames = [(f"{k}.jpg", off(2.5)) for k in range(9)]
    assert judge_by_frames([*frames, ("a.jpg", GOOD)], 2.0, worst_px=2.5).words == (
        "9 of 10 frames may be off by up to 2.5 px"
    )
    assert judge_by_frames(frames, 2.0, worst_px=2.5).words.startswith("all frames ")


@given(
    st.lists(
        st.builds(
            judge_frame,
            st.floats(0, 9) | st.none(),
            st.floats(0, 1),
            st.lists(st.builds(Doubt, st.sampled_from(CAUSES), st.just("words")), max_size=2),
        ),
        min_size=1,
        max_size=60,
    ),
    st.integers(0, 9),
)
def test_a_sentence_is_short_and_comes_with_what_to_do(frames: list[Verdict], lost: int) -> None:
    named = [(f"IMG_20190208_1105{k:02d}.jpg", v) for k, v in enumerate(frames)]
    found = judge_by_frames(named, 0.5, [f"lost{k}.jpg" for k in range(lost)], 1.0)
    assert len(found.sentence()) < 500
    assert found.sentence().startswith(LEADS[found.grade])
    assert bool(found.remedy) == (found.grade != "pass")
    assert set(found.causes) <= {c for v in frames for c in v.causes} | {"lost"}


def test_the_gravest_doubts_are_told() -> None:
    names = [(f"IMG_20190208_1105{k:02d}.jpg", Verdict("look", "", causes=(c,)))
             for k, c in enumerate(CAUSES)]  # fmt: skip
    found = judge_by_frames(names, 0.5, ["lost.jpg"], 1.0)
    assert found.causes == ("displaced", "error", "parallax", "depth", "moved", "lost")
    assert len(found.lines()) == 7
    assert len(found.sentence()) < 500


def test_several_things_to_look_at_have_a_line_each() -> None:
    frames = [("a.jpg", off(0.6)), ("b.jpg", judge_frame(None, 1.0)), ("c.jpg", GOOD)]
    found = judge_by_frames(frames, 0.6, worst_px=0.6)
    assert found.lines() == [
        "Take a look:",
        f"  a.jpg may be off by 0.6 px. {ADVICE['error']}",
        f"  b.jpg holds too little detail to tell. {ADVICE['blank']}",
    ]
    assert found.lines(advise=False)[1] == "  a.jpg may be off by 0.6 px."
    assert judge_by_frames(frames[:1], 0.6, worst_px=0.6).lines() == [
        f"Take a look: a.jpg may be off by 0.6 px. {ADVICE['error']}"
    ]
    assert judge_by_frames(frames[2:], 0.02).lines() == ["Good: aligned to 0.02 px."]
    # A plan written by hand.
    assert Verdict("look", "so; it; is", "Look.").lines() == ["Take a look: so; it; is.", "Look."]


def test_words_follow_the_grade() -> None:
    grades: dict[Grade, str] = {
        "pass": "Good: aligned to 0.02 px.",
        "look": "Take a look: aligned to 0.02 px.",
        "fail": "Not good: aligned to 0.02 px.",
    }
    for grade, sentence in grades.items():
        assert Verdict(grade, "aligned to 0.02 px").sentence() == sentence
    assert str(GOOD) == "pass: good to 0.02 px"
    assert str(Verdict("fail", "")) == "fail"


@pytest.mark.parametrize(("support", "grade"), [(0.18, "look"), (0.35, "pass")])
def test_corners_far_from_any_tile_are_not_believed(support: float, grade: str) -> None:
    found = judge_frame(0.02, support)
    assert found.grade == grade
    assert ("support" in found.causes) == (grade == "look")


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["a.jpg", "b.jpg", "c.jpg"], "a.jpg, b.jpg and c.jpg hold"),
        (["a.jpg", "b.jpg", "c.jpg", "d.jpg"], "4 of 10 frames hold"),
        (["a" * 15, "b" * 15], f"{'a' * 15} and {'b' * 15} hold"),
        (["a" * 35, "b" * 35], "2 of 10 frames hold"),
        (["a" * 90], f"{'a' * 90} holds"),
    ],
)
def test_few_frames_with_short_names_are_named(names: list[str], told: str) -> None:
    blamed = [(name, judge_frame(0.02, 1.0, [MOVED])) for name in names]
    others = [(f"{k}.jpg", GOOD) for k in range(10 - len(names))]
    assert judge_by_frames([*blamed, *others], 0.02).words.startswith(told)


def test_the_reference_is_never_off() -> None:
    assert judge_reference(1.0).grade == "pass"
    assert judge_reference(1.0, [MOVED]).grade == "look"
    assert judge_reference(0.1).causes == ("support",)
