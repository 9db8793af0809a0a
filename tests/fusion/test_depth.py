"""Rendering by depth, with a map of which frame is sharpest where."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fusion.pictures import blurred, fuse, textured


def test_frames_far_from_the_depth_weigh_a_millionth() -> None:
    sharp, flat = textured((64, 80)), np.full((64, 80), 1e4, np.float32)
    image = fuse("depth", [sharp, flat, flat, flat]).image
    added = float(np.mean(image[16:-16, 16:-16] - sharp[16:-16, 16:-16]))
    assert added == pytest.approx(3e-2, rel=0.25)


def test_depth_is_read_from_more_than_the_finest_level() -> None:
    coarse = blurred(textured((96, 128), grain=3.0), 2.5)
    frames = [blurred(coarse, 6.0), coarse, blurred(coarse, 6.0)]
    fused = fuse("depth", frames)
    assert np.median(fused.confidence) > 0.3
    assert np.abs(fused.depth - 1)[16:-16, 16:-16].max() < 0.3
