"""A plan is fitted to the frames that it was made of, whatever format they come in."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.errors import WITHOUT_PLAN, UsageError
from focusstack.plan.reuse import fit_plan
from tests.support.plans import plan


def test_the_same_frames_in_another_format() -> None:
    made = plan("IMG_1.jpg", "IMG_2.jpg", "IMG_3.jpg", lost=("IMG_2.jpg",))
    found = fit_plan(made, ["IMG_1.tif", "IMG_2.tif", "IMG_3.tif"], (400, 300))
    assert [f.file for f in found.frames] == ["IMG_1.tif", "IMG_2.tif", "IMG_3.tif"]
    assert found.reference == "IMG_1.tif"
    assert found.focus_order == ("IMG_1.tif", "IMG_3.tif")
    assert [f.file for f in found.used()] == ["IMG_1.tif", "IMG_3.tif"]
    assert found.crop == made.crop
    assert np.array_equal(found.used()[1].gain, made.used()[1].gain)


def test_a_frame_that_was_left_out_may_be_missing() -> None:
    made = plan("a.jpg", "b.jpg", "c.jpg", lost=("b.jpg",))
    found = fit_plan(made, ["a.jpg", "c.jpg"], (400, 300))
    assert [f.file for f in found.used()] == ["a.jpg", "c.jpg"]


def test_missing_frames_are_named() -> None:
    with pytest.raises(UsageError, match=r"frames are missing: b\.jpg") as caught:
        fit_plan(plan("a.jpg", "b.jpg", "c.jpg"), ["a.jpg", "c.jpg"], (400, 300))
    assert caught.value.exit_code == 2
    assert WITHOUT_PLAN in caught.value.changes


def test_unknown_frames_are_named() -> None:
    with pytest.raises(UsageError, match=r"does not know: other\.jpg"):
        fit_plan(plan("a.jpg", "b.jpg"), ["a.jpg", "b.jpg", "other.jpg"], (400, 300))


def test_another_size_is_refused() -> None:
    with pytest.raises(UsageError, match="400 x 300") as caught:
        fit_plan(plan("a.jpg", "b.jpg"), ["a.jpg", "b.jpg"], (300, 400))
    assert "300 x 400" in caught.value.message


def test_others_taken_from_the_same_places_are_taken_by_position() -> None:
    made = plan("A_1.jpg", "A_2.jpg", "A_3.jpg", lost=("A_2.jpg",))
    found = fit_plan(made, ["B_1.jpg", "B_2.jpg", "B_3.jpg"], (400, 300))
    assert [f.file for f in found.frames] == ["B_1.jpg", "B_2.jpg", "B_3.jpg"]
    assert [f.used for f in found.frames] == [True, False, True]
    assert (found.reference, found.focus_order) == ("B_1.jpg", ("B_1.jpg", "B_3.jpg"))
    assert np.array_equal(found.used()[1].gain, made.used()[1].gain)
    (told,) = found.warnings
    assert "B_1.jpg for A_1.jpg" in told
    assert not fit_plan(made, ["A_1.tif", "A_2.tif", "A_3.tif"], (400, 300)).warnings


@pytest.mark.parametrize(
    "names", [["B_1.jpg", "B_2.jpg"], ["B_1.jpg", "A_3.jpg", "B_3.jpg"], ["B.jpg"] * 4]
)
def test_what_may_be_mistaken_is_not_taken_by_position(names: list[str]) -> None:
    made = plan("A_1.jpg", "A_2.jpg", "A_3.jpg")
    with pytest.raises(UsageError, match="does not fit") as caught:
        fit_plan(made, names, (400, 300))
    assert "or 3 others taken from the same places in the same order" in caught.value.remedy
    assert WITHOUT_PLAN in caught.value.changes


def test_names_in_a_plan_are_shown_without_control_characters() -> None:
    made = plan("a.jpg", "\x1b]0;x\x07.jpg")
    with pytest.raises(UsageError, match=r"missing: \?\]0;x\?\.jpg"):
        fit_plan(made, ["a.jpg"], (400, 300))
