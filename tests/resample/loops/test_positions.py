"""Positions of pixels in the frame: to a 16384th of a pixel."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.geometry.coordinates import Rect, translation
from focusstack.resample.warp import resample

STEP = 1 / 16384


@pytest.mark.parametrize(("steps", "rounded"), [(0.7, 1), (1.3, 1), (0.3, 0)])
def test_positions_are_rounded_to_a_16384th_of_a_pixel(steps: float, rounded: int) -> None:
    # On a slope of 1 a pixel, close to 0 where float32 tells far smaller steps.
    ramp = np.tile(np.arange(-20, 20, dtype=np.float32), (20, 1))
    found = resample(ramp, translation(-steps * STEP, 0), Rect(19, 8, 3, 3))
    assert found[:, 1] / STEP == pytest.approx([rounded] * 3, abs=0.02)
