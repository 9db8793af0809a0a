"""On what frames are focused, told by how sharp they are at every depth."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.parallax.focused_depth import Focus, focus_of_frames


def test_amplitude_is_that_of_the_frames_in_focus() -> None:
    flat = [np.full((2, 2), value, np.float32) for value in (1, 3, 9)]
    for planes, between in ((np.array([-0.5, 0.0, 0.5]), 6), (np.array([0.5, 0.0, -0.5]), 2)):
        focus = Focus(planes, 0.5, 1.0)
        assert focus.amplitude(0.0, flat)[0, 0] == 3
        assert focus.amplitude(0.25, flat)[0, 0] == between
        assert focus.amplitude(planes[0] * 1.2, flat)[0, 0] == 1


def test_frames_as_sharp_everywhere_are_in_focus_throughout() -> None:
    energy = np.ones((40, 4)) + np.random.default_rng(0).uniform(0, 0.05, (40, 4))
    focus = focus_of_frames(energy, np.full(40, 1 / 40))
    assert focus.slab > 0.8
    assert focus.told < 0.1


@pytest.mark.parametrize("turned", [False, True])
def test_planes_of_focus_are_told_by_sharpness(turned: bool) -> None:
    true = np.array([-0.45, -0.1, 0.1, 0.45])
    depth = (np.arange(40) + 0.5) / 40 - 0.5
    energy = 1 / (0.01 + np.square(depth[:, None] - true))
    if turned:
        energy, true = energy[:, ::-1], true[::-1]
    focus = focus_of_frames(energy, np.full(40, 1 / 40))
    np.testing.assert_allclose(focus.planes, true, atol=0.07)
    assert focus.slab < 0.5
