"""One step of a weighted mean."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.fusion.levels.running_mean import blend


@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_share_of_the_new_frame_replaces_that_much_of_the_mean(channels: tuple[int, ...]) -> None:
    mean, frame = (
        np.full((8, 9, *channels), 0.5, np.float32),
        np.ones((8, 9, *channels), np.float32),
    )
    blend(mean, frame, np.full((8, 9), 0.25, np.float32))
    np.testing.assert_allclose(mean, 0.625, rtol=1e-6)
    blend(mean, frame, np.ones((8, 9), np.float32), np.empty((8, 9), np.float32))
    np.testing.assert_allclose(mean, 1, rtol=1e-6)
