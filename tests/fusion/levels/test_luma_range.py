"""The composite stays within the range of all frames."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.fusion.levels.finest import FinestLevel
from focusstack.fusion.levels.luma_range import LumaRange
from focusstack.resample.planes import Planes
from tests.fusion.pictures import white


@pytest.mark.parametrize("shape", [(31, 44), (32, 45)])
def test_range_is_that_of_all_frames(shape: tuple[int, int]) -> None:
    frames = [white(shape, 1.0, seed) for seed in range(3)]
    finest = FinestLevel(shape, 1.0)
    for frame in frames:
        finest.measure(Planes.of(frame), np.empty(shape, np.uint16), None)
    bounds = finest._range
    beside = np.ones((3, 3), np.uint8)
    low = np.min([cv2.erode(frame, beside)[::2, ::2] for frame in frames], axis=0)
    high = np.max([cv2.dilate(frame, beside)[::2, ::2] for frame in frames], axis=0)
    np.testing.assert_array_equal(bounds.low, low)
    np.testing.assert_array_equal(bounds.high, high)
    mean = np.asarray(cv2.addWeighted(frames[0], 0.5, frames[1], 0.5, 0), np.float32)
    limited = mean.copy()
    bounds.limit(slice(None), limited)
    np.testing.assert_array_equal(limited, mean)
    wild = np.full(shape, 99, np.float32)
    bounds.limit(slice(None), wild)
    assert wild.max() < 1.2 * max(float(f.max()) for f in frames) + 1


@pytest.mark.parametrize("deep", [True, False])
def test_a_tenth_of_the_range_is_granted_beyond_it(*, deep: bool) -> None:
    bounds = LumaRange((16, 16), deep=deep)
    step = bounds.step or np.float32(1)
    bounds.low[:], bounds.high[:] = 0.25 / step, 0.5 / step
    luma = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    bounds.limit(slice(None), luma)
    assert luma.min() == pytest.approx(0.225, abs=1e-4)
    assert luma.max() == pytest.approx(0.525, abs=1e-4)
