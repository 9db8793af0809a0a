"""Small marks of an aligned frame are filled from around; wide ones stay as they are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.resample.planes import Planes
from focusstack.second_pass.behind_marks import mend

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
