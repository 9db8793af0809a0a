"""Frames as planes of codes: nothing that can be seen is lost, whatever the values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from focusstack.geometry.coordinates import Rect, translation
from focusstack.geometry.placement import Placement
from focusstack.images.colour import to_dtype
from focusstack.numeric.arrays import Float32
from focusstack.resample.planes import STEP, Planes
from focusstack.resample.warp import Destination, resample, resample_planes


def noise(shape: tuple[int, ...], top: float = 1.9) -> Float32:
    return np.random.default_rng(3).uniform(-0.1, top, shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 3)])
@pytest.mark.parametrize("coded", [True, False])
def test_a_picture_comes_back(shape: tuple[int, ...], coded: bool) -> None:
    pixels = noise(shape)
    planes = Planes.of(pixels, coded=coded)
    assert planes.shape == shape
    assert planes.values.dtype == (np.int16 if coded else np.float32)
    assert np.abs(planes.pixels() - pixels).max() <= (STEP / 2 + 1e-7 if coded else 0)


def test_a_code_is_a_sixty_fourth_of_a_step_of_8_bits_and_reaches_twice_white() -> None:
    step = 1 / 255 / 64
    near = Planes.of(np.array([[0.5, 0.5 + 1.2 * step, 1.99]], np.float32), coded=True).pixels()
    assert near[0, 1] - near[0, 0] == pytest.approx(1.2 * step, abs=0.5 * step)
    assert near[0, 2] == pytest.approx(1.99, abs=step)


@given(st.floats(-100, 100, width=32))
def test_what_codes_cannot_hold_is_held_at_their_ends(value: float) -> None:
    found = Planes.of(np.full((1, 1), value, np.float32), coded=True).pixels()[0, 0]
    assert found == pytest.approx(np.clip(value, -32767 * STEP, 32767 * STEP), abs=STEP)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(70, 5), (131, 4, 3)])
@pytest.mark.parametrize("coded", [True, False])
def test_rounding_is_that_of_the_picture(
    dtype: type[np.generic], shape: tuple[int, ...], coded: bool
) -> None:
    planes = Planes.of(noise(shape, 1.2), coded=coded)
    found = planes.rounded(np.dtype(dtype))
    np.testing.assert_array_equal(found, to_dtype(planes.pixels(), np.dtype(dtype)))


@pytest.mark.parametrize("shape", [(80, 90), (80, 90, 3)])
def test_frames_are_resampled_to_the_nearest_code(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    H, rect = translation(0.3, -0.7), Rect(10, 10, 60, 50)
    exact = resample(image, H, rect)
    coded = resample_planes(image, Placement(H, rect), into=Destination(coded=True))
    assert coded.shape == exact.shape
    assert np.abs(coded.pixels() - exact).max() <= STEP / 2 + 1e-6
