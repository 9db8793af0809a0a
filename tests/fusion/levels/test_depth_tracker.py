"""Where the sharpest frame is, between frames too."""

from __future__ import annotations

import numpy as np

from focusstack.fusion.levels.depth_tracker import DepthTracker


def test_tracker_places_the_peak_between_frames() -> None:
    peaks = np.linspace(0.6, 6.4, 30, dtype=np.float32)[None, :]
    tracker = DepthTracker((1, 30))
    for index in range(8):
        tracker.add(np.exp(-0.5 * ((index - peaks) / 1.3) ** 2))
    np.testing.assert_allclose(tracker.depth(), peaks, atol=0.01)


def test_tracker_keeps_ends_whole() -> None:
    tracker = DepthTracker((1, 2))
    for value in ((3.0, 1.0), (2.0, 2.0), (1.0, 3.0)):
        tracker.add(np.array([value], np.float32))
    np.testing.assert_array_equal(tracker.depth(), [[0, 2]])
