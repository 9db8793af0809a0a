"""Clipped highlights: the kernel does not ring there, and only there is it held."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.geometry.coordinates import Rect, translation
from focusstack.resample.warp import resample
from tests.support.waves import SIZE

INNER = Rect(40, 30, 200, 130)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_clipped_highlights_do_not_ring(dtype: type[np.generic]) -> None:
    white, grey = (255, 51) if dtype is np.uint8 else (1.0, 0.2)
    image = np.full(SIZE, grey, dtype)
    image[80:110, 120:150] = white
    result = resample(image, translation(0.4, 0.3), INNER)
    assert result.min() >= np.float32(0.2) - 1e-6
    assert result.max() <= 1 + 1e-6


def test_only_windows_with_clipped_values_are_held() -> None:
    # The same edge below full code keeps the kernel's overshoot, so detail is not flattened.
    image = np.full(SIZE, 0.2, np.float32)
    image[80:110, 120:150] = 0.9
    result = resample(image, translation(0.4, 0.3), INNER)
    assert result.max() > 0.93
    image[60, 60] = 1.0
    again = resample(image, translation(0.4, 0.3), INNER)
    np.testing.assert_array_equal(again[40:], result[40:])


def test_clipped_is_judged_after_the_table_and_per_channel() -> None:
    image = np.full((*SIZE, 3), 51, np.uint8)
    image[80:110, 120:150] = [255, 250, 255]
    table = np.linspace(0, 1, 256, dtype=np.float32) * np.array([[1.5], [1.0], [0.5]], np.float32)
    result = resample(image, translation(0.4, 0.3), INNER, table)
    assert result[..., 0].max() <= 1.5 + 1e-6
    assert result[..., 1].max() > 250 / 255 + 0.02
    assert result[..., 2].max() <= 0.5 + 1e-6
