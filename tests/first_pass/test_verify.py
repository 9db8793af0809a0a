"""A given plan is held against the pixels: what it does not fit is not called good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from focusstack.errors import WITHOUT_PLAN, AlignmentError
from focusstack.first_pass.verify import Look, judged_again
from focusstack.numeric.arrays import Image
from focusstack.options import StackOptions
from focusstack.pipeline import plan_stack
from focusstack.plan.model import StackPlan
from focusstack.plan.verdict import Verdict
from focusstack.scene.stack import RenderedStack
from tests.support.plans import plan as made_plan
from tests.support.plans import saved

GOOD = Verdict("pass", "good to 0.02 px")


def rolled(frame: Image, x: int, y: int) -> Image:
    """The frame as a camera that looked elsewhere would have taken it."""
    return np.ascontiguousarray(np.roll(frame, (y, x), (0, 1)))


@pytest.fixture(scope="module")
def frames(plane_stack: RenderedStack) -> list[Image]:
    return list(plane_stack.frames)


@pytest.fixture(scope="module")
def given(frames: list[Image], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("given"), plan_stack(frames))


def looked(frames: Sequence[Image], given: Path) -> StackPlan:
    return plan_stack(frames, StackOptions(plan=given))


def test_a_plan_of_these_frames_is_taken_as_it_is(frames: list[Image], given: Path) -> None:
    found = looked(frames, given)
    assert found.verdict is not None
    assert found.verdict.grade == "pass"
    assert not found.warnings


@pytest.mark.parametrize("far", [3, 12, 60])
def test_frames_of_other_places_end_the_run(frames: list[Image], given: Path, far: int) -> None:
    moves = np.random.default_rng(far).integers(-far, far + 1, (len(frames), 2))
    with pytest.raises(AlignmentError, match="the given plan does not fit") as caught:
        looked([rolled(f, *xy) for f, xy in zip(frames, moves, strict=True)], given)
    assert caught.value.exit_code == 4
    assert caught.value.changes == (WITHOUT_PLAN,)


def test_the_one_that_lies_elsewhere_is_named(frames: list[Image], given: Path) -> None:
    wrong = [rolled(f, 5, 2) if k == 2 else f for k, f in enumerate(frames)]
    with pytest.raises(AlignmentError, match=r"frame_0003 lies 5\.\d px from where"):
        looked(wrong, given)


def turned(frame: Image, k: int) -> Image:
    """The frame enlarged about its middle: nothing moves there."""
    import cv2

    height, width = frame.shape[:2]
    H = cv2.getRotationMatrix2D((width / 2, height / 2), 2.0 * k, 1.0)
    return np.asarray(cv2.warpAffine(frame, H, (width, height), borderMode=cv2.BORDER_REFLECT))


def test_frames_that_are_turned_about_their_middle_do_not_fit(
    frames: list[Image], given: Path
) -> None:
    with pytest.raises(AlignmentError, match="does not fit"):
        looked([turned(f, k % 2) for k, f in enumerate(frames)], given)


EMPTY: dict[str, Callable[[Image, int], Image]] = {
    "grey": lambda f, k: np.full_like(f, 120 + k),
    "noise": lambda f, k: np.random.default_rng(k).integers(90, 150, f.shape).astype(f.dtype),
}


@pytest.mark.parametrize("kind", EMPTY)
def test_where_nothing_can_be_compared_nothing_is_called_good(
    frames: list[Image], given: Path, kind: str
) -> None:
    found = looked([EMPTY[kind](f, k) for k, f in enumerate(frames)], given)
    assert found.verdict is not None
    assert found.verdict.grade == "look"
    assert "not checked" in found.verdict.words
    assert all(f.verdict and "not checked" in f.verdict.words for f in found.frames)
    assert "could not be checked" in found.warnings[-1]


# What looks make of a plan ----------------------------------------------------------------------


def good(error: float = 0.0, count: int = 4) -> StackPlan:
    made = made_plan(*(f"{c}.jpg" for c in "abcdefgh"[:count]))
    frames = tuple(replace(f, verdict=GOOD, error_px=error) for f in made.frames)
    return replace(made, frames=frames, verdict=Verdict("pass", "aligned to 0.02 px"))


def seen(*px: float | None) -> list[Look]:
    return [Look(k, k + 1, one) for k, one in enumerate(px)]


@pytest.mark.parametrize(("px", "fits"), [(1.4, True), (2.8, False)])
@pytest.mark.parametrize("told", [0.0, 1.0])
def test_two_pixels_beyond_what_is_told_end_the_run(px: float, told: float, fits: bool) -> None:
    looks = seen(0.0, 0.0, px + told)
    if fits:
        judged_again(good(told), looks, 1.0)
    else:
        with pytest.raises(AlignmentError, match=r"d\.jpg lies .* beside c\.jpg"):
            judged_again(good(told), looks, 1.0)


@pytest.mark.parametrize(("px", "grade"), [(0.4, "pass"), (0.6, "look")])
@pytest.mark.parametrize("told", [0.0, 0.5])
def test_what_can_be_told_from_what_fits_does_not_pass(px: float, told: float, grade: str) -> None:
    found = judged_again(good(told), seen(0.0, 0.0, px + told), 1.0)
    assert found.verdict is not None
    assert found.verdict.grade == grade
    assert found.frames[3].verdict is not None
    assert found.frames[3].verdict.grade == grade
    assert found.frames[0].verdict == GOOD
    assert bool(found.warnings) == (grade == "look")


@pytest.mark.parametrize(("px", "grade"), [(0.7, "pass"), (1.4, "look")])
def test_a_small_proxy_sees_less(px: float, grade: str) -> None:
    found = judged_again(good(), seen(px, 0.0, 0.0), 0.15)
    assert found.verdict is not None
    assert found.verdict.grade == grade


def test_a_frame_is_off_if_it_is_beside_both_neighbours() -> None:
    with pytest.raises(AlignmentError, match=r"c\.jpg lies 8\.1 px"):
        judged_again(good(count=5), seen(0.0, 8.1, 8.2, 0.0), 1.0)


def test_what_was_not_good_keeps_its_words() -> None:
    made = good()
    made = replace(made, verdict=Verdict("fail", "a.jpg may be off by 3.0 px", "Look."))
    found = judged_again(made, seen(0.0, None, None), 1.0)
    assert found.verdict is not None
    assert found.verdict.grade == "fail"
    assert found.verdict.words.startswith(
        "a.jpg may be off by 3.0 px; given plan, not checked in c.jpg, d."
    )


@pytest.mark.parametrize(("blank", "excused"), [(1, True), (2, True), (3, False)])
def test_what_the_plan_calls_blank_need_not_fit(blank: int, excused: bool) -> None:
    made = good(count=8)
    frames = tuple(
        replace(f, error_px=None) if k >= 8 - blank else f for k, f in enumerate(made.frames)
    )
    looks = seen(*[0.0] * (7 - blank), *[9.0] * blank)
    if excused:
        assert judged_again(replace(made, frames=frames), looks, 1.0).verdict == made.verdict
    else:
        with pytest.raises(AlignmentError):
            judged_again(replace(made, frames=frames), looks, 1.0)
