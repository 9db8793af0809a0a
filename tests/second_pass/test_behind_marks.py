"""Small marks of an aligned frame are filled from around; wide ones stay as they are."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from focusstack.geometry.coordinates import Rect, translation
from focusstack.plan.marks import Marks
from focusstack.resample.planes import Planes
from focusstack.resample.warp import resample
from focusstack.second_pass.behind_marks import Small, mend
from tests.support.plans import plan as made_plan

HEIGHT, WIDTH = 120, 160


@pytest.mark.parametrize("coded", [False, True])
def test_specks_on_a_ramp_vanish(coded: bool) -> None:
    x, y = np.meshgrid(np.linspace(0.2, 0.6, WIDTH), np.linspace(0, 0.2, HEIGHT))
    ramp = np.stack([x, x + y, 0.9 - x], -1).astype(np.float32)
    hidden = np.zeros((HEIGHT, WIDTH), np.uint8)
    for place in ((40, 30), (90, 70), (0, 119), (100, 66)):  # some at a border, some close
        cv2.circle(hidden, place, 4, 1, -1)
    spoilt = ramp.copy()
    spoilt[hidden > 0] = 0
    planes = Planes.of(spoilt, coded=coded)
    mend(planes, hidden > 0, 6.0)
    assert np.abs(planes.pixels() - ramp).max() < 0.025
    kept = Planes.of(spoilt, coded=coded).pixels()
    assert np.array_equal(planes.pixels()[hidden == 0], kept[hidden == 0])


def test_what_is_wide_is_not_invented() -> None:
    picture = np.full((HEIGHT, WIDTH), 0.5, np.float32)
    hidden = np.zeros((HEIGHT, WIDTH), bool)
    hidden[40:80, 40:120] = True
    picture[hidden] = 0.1
    planes = Planes.of(picture)
    mend(planes, hidden, 6.0)
    assert np.array_equal(planes.pixels(), picture)


def test_hot_pixels_vanish_wherever_a_frame_lies() -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for x, y in ((30, 40), (100, 80), (158, 3)):
        mask[max(0, y - 2) : y + 3, x - 2 : x + 3] = 1
    small, rest = Small.of(Marks(mask))
    assert rest is None
    assert small is not None
    assert len(small.boxes) == 3
    picture = np.full((HEIGHT, WIDTH), 0.4, np.float32)
    picture[mask > 0] = 1.0
    crop = Rect(8, 6, WIDTH - 20, HEIGHT - 16)
    frame = replace(made_plan("a.png", "b.png").frames[0], matrix=translation(3.3, -2.6))
    planes = Planes.of(resample(picture, translation(3.3, -2.6), crop))
    assert planes.values.max() > 0.8
    small.mend(planes, frame, crop)
    assert np.abs(planes.values - 0.4).max() < 0.01


def test_what_is_wide_is_no_hot_pixel() -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(mask, (80, 60), 14, 1, -1)
    mask[5:9, 5:9] = 1
    small, rest = Small.of(Marks(mask))
    assert small is not None
    assert rest is not None
    assert len(small.boxes) == rest.count == 1
