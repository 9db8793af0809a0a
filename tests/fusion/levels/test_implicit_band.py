"""Bands that are formed where they are needed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.fusion.levels.finest import window
from focusstack.fusion.levels.implicit_band import Unstored
from focusstack.fusion.levels.laplacian import down, up
from focusstack.fusion.levels.luminance import luma_of
from focusstack.runtime.strips import Crew
from tests.fusion.pictures import planar, white


@pytest.mark.parametrize("channels", [(), (2,), (3,)])
@pytest.mark.parametrize("shape", [(37, 61), (64, 90), (9, 8)])
def test_a_band_that_is_not_stored_has_the_energy_of_one_that_is(
    shape: tuple[int, int], channels: tuple[int, ...]
) -> None:
    picture = white((*shape, *channels), 0.2)
    half = down(picture)
    band = picture - up(half, shape)
    taps = window(2.0)
    squares = luma_of(band) ** 2 if channels != (2,) else (band**2).sum(axis=2)
    expected = np.maximum(cv2.sepFilter2D(squares, -1, taps, taps) - np.float32(0.01), 0)
    made = []
    for threads in (1, 3):
        energy = np.ones(shape, np.float32)
        Unstored(planar(picture), planar(half), Crew(threads)).add_energy(taps, 0.01, energy)
        made.append(energy)
    np.testing.assert_allclose(made[0], 1 + expected, atol=1e-5)
    np.testing.assert_array_equal(made[0], made[1])
