"""What alignment left becomes an estimate, and doubts, of every frame."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.first_pass.assemble import record_frames
from focusstack.first_pass.judge import find_guesses, frame_errors, judge_frames, judge_stack
from focusstack.first_pass.light import find_common_exposure
from focusstack.first_pass.places import place_frames
from focusstack.plan.model import FramePlan
from focusstack.plan.verdict import GRADES
from tests.support.findings import Stack


def judged(stack: Stack, *, quick: bool = False) -> list[FramePlan]:
    found = stack.found()
    places = place_frames(found, (400, 300))
    exposure = find_common_exposure(
        found.stack, found.coarse, found.light, found.poses.matrices, deep=False
    )
    return judge_frames(record_frames(found, places, exposure), found, quick=quick)


def causes(stack: Stack, frame: int) -> tuple[str, ...]:
    verdict = judged(stack)[frame].verdict
    assert verdict is not None
    return verdict.causes


def test_what_is_independent_adds_in_squares() -> None:
    stack = Stack(precision={2: 0.3}, structure=0.4, apart={2: 1.2})
    assert frame_errors(stack.found())[2] == pytest.approx(1.3)
    assert frame_errors(stack.found())[1] == pytest.approx(0.4)


def test_errors_are_told_in_full_size_pixels() -> None:
    stack = Stack(precision={2: 0.3}, scale=0.25)
    assert frame_errors(stack.found())[2] == pytest.approx(1.2)


def test_without_tiles_nothing_is_known() -> None:
    errors = frame_errors(Stack(without_tiles=[3], lost={4: "too dark"}).found())
    assert errors[3] is None
    assert 4 not in errors
    assert causes(Stack(without_tiles=[3]), 3) == ("blank",)


def test_of_what_is_followed_the_share_of_held_out_tiles_is_left() -> None:
    stack = Stack(displaced=True, structure=0.8, after=0.1)
    assert frame_errors(stack.found())[1] == pytest.approx(np.hypot(0.08, 0.1), abs=1e-3)


def test_between_tiles_about_half_of_a_contradiction_is_left() -> None:
    error = frame_errors(Stack(displaced=True, apart={2: 1.0}).found())[2]
    assert error is not None
    assert 0.35 < error < 0.7


def test_what_depth_guesses_is_error_that_is_not_seen() -> None:
    stack = Stack(displaced=True, guessed={2: 0.6}, after=0.1, scale=0.5)
    found = stack.found()
    assert find_guesses(found)[2] == pytest.approx(1.2)
    assert frame_errors(found)[2] == pytest.approx(np.hypot(1.2, 0.2), abs=1e-3)
    assert judged(stack)[2].seen_error_px == pytest.approx(0.2, abs=1e-3)
    assert not find_guesses(Stack().found())


@pytest.mark.parametrize(("guessed", "told"), [(0.4, False), (0.6, True)])
def test_a_guess_that_could_be_seen_is_told(guessed: float, told: bool) -> None:
    stack = Stack(displaced=True, guessed={2: guessed})
    assert ("depth" in causes(stack, 2)) == told


def test_contradictions_are_doubts() -> None:
    assert causes(Stack(shares={2: 0.1}), 2) == ("moved",)
    assert causes(Stack(shares={2: 0.1}, displaced=True), 2) == ("parallax",)
    assert causes(Stack(missing={2: 0.3}), 2) == ("missing",)
    assert causes(Stack(missing={2: 0.3}, displaced=True), 2) == ()
    assert causes(Stack(shares={2: 0.01}, missing={2: 0.05}), 2) == ()


def test_what_lies_elsewhere_is_error_of_that_size() -> None:
    stack = Stack(elsewhere={2: 6.0}, scale=0.5)
    assert frame_errors(stack.found())[2] == pytest.approx(6)
    assert causes(stack, 2) == ("error", "displaced")
    assert causes(stack, 1) == ()


def test_the_reference_is_not_blamed() -> None:
    stack = Stack(elsewhere={0: 6.0}, precision={0: 1.0}, shares={0: 0.1})
    verdict = judged(stack)[0].verdict
    assert verdict is not None
    assert (verdict.grade, verdict.words) == ("pass", "the reference")


def test_a_stack_does_not_pass_if_its_reference_shows_something_elsewhere() -> None:
    frames = judged(Stack(elsewhere={0: 6.0}))
    assert judge_stack(frames, 0.02, displaced=True).causes == ("displaced",)


def test_frames_focused_alike_are_remarked_and_pass() -> None:
    frame = judged(Stack(details={0: 0, 1: 1, 2: 2, 3: 2.1, 4: 3}))[3]
    assert frame.verdict is not None
    assert frame.verdict.grade == "pass"
    assert "focused like 2.jpg" in frame.verdict.words


@pytest.mark.parametrize(("quick", "grade"), [(False, "fail"), (True, "look")])
def test_a_quick_look_fails_no_frame(quick: bool, grade: str) -> None:
    verdict = judged(Stack(precision={2: 5.0}), quick=quick)[2].verdict
    assert verdict is not None
    assert verdict.grade == grade


def test_frames_left_out_have_no_verdict_and_are_named_in_the_stacks() -> None:
    frames = judged(Stack(lost={3: "too dark"}))
    assert frames[3].verdict is None
    verdict = judge_stack(frames, 0.02)
    assert verdict.grade == "look"
    assert "3.jpg" in verdict.words


def test_a_stack_is_judged_by_its_worst_frame() -> None:
    frames = judged(Stack(precision={2: 1.25}))
    verdict = judge_stack(frames, 0.5)
    assert verdict.grade == max((f.verdict.grade for f in frames if f.verdict), key=GRADES.index)
    assert verdict.words == "2.jpg may be off by 1.2 px"
