"""A plan is fitted to the frames that it was made of, whatever format they come in."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.errors import UsageError
from focusstack.plan.reuse import fitted_to
from tests.support.plans import plan


def test_the_same_frames_in_another_format() -> None:
    made = plan("IMG_1.jpg", "IMG_2.jpg", "IMG_3.jpg", lost=("IMG_2.jpg",))
    found = fitted_to(made, ["IMG_1.tif", "IMG_2.tif", "IMG_3.tif"], (400, 300))
    assert [f.file for f in found.frames] == ["IMG_1.tif", "IMG_2.tif", "IMG_3.tif"]
    assert found.reference == "IMG_1.tif"
    assert found.focus_order == ("IMG_1.tif", "IMG_3.tif")
    assert [f.file for f in found.used()] == ["IMG_1.tif", "IMG_3.tif"]
    assert found.crop == made.crop
    assert np.array_equal(found.used()[1].gain, made.used()[1].gain)


def test_a_frame_that_was_left_out_may_be_missing() -> None:
    made = plan("a.jpg", "b.jpg", "c.jpg", lost=("b.jpg",))
    found = fitted_to(made, ["a.jpg", "c.jpg"], (400, 300))
    assert [f.file for f in found.used()] == ["a.jpg", "c.jpg"]


def test_missing_frames_are_named() -> None:
    with pytest.raises(UsageError, match=r"frames are missing: b\.jpg") as caught:
        fitted_to(plan("a.jpg", "b.jpg", "c.jpg"), ["a.jpg", "c.jpg"], (400, 300))
    assert caught.value.exit_code == 2
    assert "--plan" in caught.value.remedy


def test_unknown_frames_are_named() -> None:
    with pytest.raises(UsageError, match=r"does not know: other\.jpg"):
        fitted_to(plan("a.jpg", "b.jpg"), ["a.jpg", "b.jpg", "other.jpg"], (400, 300))


def test_another_size_is_refused() -> None:
    with pytest.raises(UsageError, match="400 x 300") as caught:
        fitted_to(plan("a.jpg", "b.jpg"), ["a.jpg", "b.jpg"], (300, 400))
    assert "300 x 400" in caught.value.message
