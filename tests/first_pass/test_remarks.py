"""What the user is warned of, and what is not worth a warning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from focusstack.crop import CommonArea
from focusstack.first_pass.light import CommonExposure
from focusstack.first_pass.remarks import stack_warnings
from focusstack.geometry.coordinates import Rect
from tests.support.findings import Stack

ONES = np.ones((5, 3))
EXPOSURE = CommonExposure(ONES, ONES, [], 1.0, 0.0)


def warnings(
    stack: Stack, exposure: CommonExposure = EXPOSURE, costs: tuple[float, ...] = (0.0,) * 5
) -> tuple[str, ...]:
    return stack_warnings(stack.found(), exposure, CommonArea(Rect(0, 0, 400, 300), costs))


def test_nothing_is_said_of_a_good_stack() -> None:
    assert warnings(Stack()) == ()


@pytest.mark.parametrize(("cost", "told"), [(0.035, False), (0.07, True)])
def test_a_frame_that_costs_much_of_the_area_is_named(cost: float, told: bool) -> None:
    found = warnings(Stack(), costs=(0, 0, cost, 0, 0))
    assert found == (("2.jpg alone takes 7 % of the common area",) if told else ())


def test_costs_are_told_of_the_frames_that_are_used() -> None:
    found = warnings(Stack(lost={1: "too dark"}), costs=(0, 0.2, 0, 0))
    assert found == ("left out: 1.jpg: too dark", "2.jpg alone takes 20 % of the common area")


def test_exposure_that_could_not_be_compared_is_told() -> None:
    gains = ONES.copy()
    gains[3] = np.nan
    (found,) = warnings(Stack(), replace(EXPOSURE, gains=gains))
    assert found.endswith("left as it is: 3.jpg")
    (found,) = warnings(Stack(), replace(EXPOSURE, filled=[2]))
    assert found.endswith("taken from EXIF: 2.jpg")


def test_a_common_exposure_that_keeps_highlights_is_told() -> None:
    (found,) = warnings(Stack(), replace(EXPOSURE, common=0.5))
    assert "1.0 EV below the reference's" in found


def test_what_is_clipped_everywhere_is_told() -> None:
    (found,) = warnings(Stack(), replace(EXPOSURE, clipped_everywhere=0.034))
    assert found == "3.4 % of the picture is clipped in every frame"
