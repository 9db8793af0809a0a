"""What is looked at to find motion."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.fusion.motion.observation import sight, window_mean
from focusstack.numeric.arrays import Float32


@pytest.mark.parametrize("sigma", [3.0, 6.0, 12.0])
def test_wide_windows_are_gaussian(sigma: float) -> None:
    spot = np.zeros((181, 203), np.float32)
    spot[90, 101] = 1e4
    found, true = window_mean(spot, sigma), cv2.GaussianBlur(spot, (0, 0), sigma)
    assert found.sum() == pytest.approx(1e4, rel=1e-2)
    assert np.abs(found - true).max() < 0.12 * true.max()


def spread(plane: Float32) -> float:
    """Standard deviation of a spot, along rows."""
    x = np.arange(plane.shape[1]) - plane.shape[1] // 2
    return float(np.sqrt((plane.sum(axis=0) * x**2).sum() / plane.sum()))


def test_sharpness_is_averaged_over_a_narrow_and_a_wide_window() -> None:
    focus, luma = np.zeros((121, 121), np.float32), np.zeros((121, 121), np.float32)
    focus[60, 60] = 1.0
    seen = sight(luma, focus, None, luma[..., None])
    assert spread(seen.fine) == pytest.approx(2, rel=0.05)
    assert spread(seen.sharp) == pytest.approx(6, rel=0.05)
    assert seen.validity.min() == 1
