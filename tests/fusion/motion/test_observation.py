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
    seen = sight(luma, focus, None, luma[..., None], luma)
    assert spread(seen.fine) == pytest.approx(2, rel=0.05)
    assert spread(seen.sharp) == pytest.approx(6, rel=0.05)
    assert seen.validity.min() == 1


def test_finer_luma_goes_with_the_grid() -> None:
    rng = np.random.default_rng(1)
    plane, fine = rng.random((40, 50), np.float32), rng.random((158, 200), np.float32)
    shown, new = (sight(plane, plane, None, plane[..., None], f) for f in (fine, 1 - fine))
    assert shown.scale == 4
    part = shown.part((slice(0, 33), slice(32, 51)))
    np.testing.assert_array_equal(part.close, shown.close[:132, 128:])
    assert part.luma.shape == (33, 18)
    where = np.zeros((40, 50), bool)
    where[39, 10:20] = True
    before = shown.close.copy()
    shown.take(new, where, where)
    changed = shown.close != before
    assert changed[156:, 40:80].mean() > 0.9
    assert changed.sum() == changed[156:, 40:80].sum()
