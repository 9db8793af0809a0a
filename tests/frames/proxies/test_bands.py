"""Band passes: the difference of two Gaussians, as light and as whole numbers."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.frames.proxies.loops.bands import coded_difference, gaussian_difference

IMAGE = np.random.default_rng(0).random((60, 90), np.float32)


def test_the_difference_is_that_of_two_blurs() -> None:
    blurs = [cv2.GaussianBlur(IMAGE, (0, 0), s, borderType=cv2.BORDER_REFLECT_101) for s in (1, 3)]
    found = gaussian_difference(IMAGE, 1.0, 3.0, 2.0)
    assert found == pytest.approx(2 * (blurs[0] - blurs[1]), abs=1e-3)


def test_coded_differences_are_rounded_to_the_nearest_whole_number() -> None:
    exact = gaussian_difference(IMAGE, 1.0, 3.0, 400.0)
    found = coded_difference(IMAGE, 1.0, 3.0, 400)
    assert found.dtype == np.int16
    clear = np.abs(np.abs(exact - np.trunc(exact)) - 0.5) > 0.01  # of a half, either way
    assert np.array_equal(found[clear], np.rint(exact[clear]))
    assert len(np.unique(found)) > 50
