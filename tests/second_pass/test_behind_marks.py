"""Small marks of an aligned frame are filled from around; wide ones stay as they are."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from focusstack.geometry.coordinates import Rect, translation
from focusstack.plan.marks import Marks
from focusstack.resample.planes import Planes
from focusstack.resample.warp import resample
from focusstack.second_pass.behind_marks import Small
from tests.support.plans import plan as made_plan

HEIGHT, WIDTH = 120, 160


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
