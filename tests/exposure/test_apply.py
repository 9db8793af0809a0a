"""Gains applied: linear light is multiplied, by one table per frame or by formula."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.exposure.apply import apply_gain, tone_table
from focusstack.images.colour import (
    codes,
    decode,
    encode,
    full_scale,
    linearise,
    to_dtype,
    to_float,
)
from focusstack.numeric.arrays import Float32, Floats, Image

INTEGERS: list[np.dtype[np.generic]] = [np.dtype(np.uint8), np.dtype(np.uint16)]
DTYPES: list[np.dtype[np.generic]] = [*INTEGERS, np.dtype(np.float32)]


def equalised(image: Image, gain: Floats) -> Image:
    """As `apply_gain` has it, in the image's own dtype."""
    return to_dtype(apply_gain(image, gain), image.dtype)


def picture(dtype: np.dtype[np.generic], channels: int = 3) -> Image:
    shape = (40, 50, channels) if channels == 3 else (40, 50)
    return to_dtype(np.random.default_rng(0).random(shape, np.float32), dtype)


def by_formula(image: Image, gain: Floats) -> Float32:
    factor = gain.astype(np.float32)
    return encode(decode(to_float(image)) * (factor if image.ndim == 3 else factor[0]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("channels", [1, 3])
def test_gain_multiplies_linear_light(dtype: np.dtype[np.generic], channels: int) -> None:
    image = picture(dtype, channels)
    before = image.copy()
    gain = np.array([1.3, 0.8, 1.07])[:channels]
    found = apply_gain(image, gain)
    assert found.dtype == np.float32
    assert found == pytest.approx(by_formula(image, gain), abs=2e-6)
    assert np.array_equal(image, before)
    # Light itself says the same.
    assert decode(found) == pytest.approx(linearise(image) * gain.astype(np.float32), rel=1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_light_beyond_white_is_kept(dtype: np.dtype[np.generic]) -> None:
    white = np.full((2, 2, 3), full_scale(dtype)).astype(dtype)
    found = apply_gain(white, np.array([2.0, 1.0, 0.5]))
    assert found[0, 0] == pytest.approx(encode(np.array([2.0, 1.0, 0.5], np.float32)), rel=1e-6)
    assert found[0, 0, 0] > 1


@pytest.mark.parametrize("dtype", INTEGERS)
def test_the_table_is_the_formula_for_every_code(dtype: np.dtype[np.generic]) -> None:
    gain = np.array([1.0, 1.7, 0.4])
    table = tone_table(dtype, gain)
    assert table.shape == (3, len(codes(dtype)))
    assert table.dtype == np.float32
    assert np.array_equal(table[0], codes(dtype))
    for c in (1, 2):
        assert table[c] == pytest.approx(encode(decode(codes(dtype)) * np.float32(gain[c])))
        assert (np.diff(table[c]) > 0).all()


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("channels", [1, 3])
def test_gain_one_changes_no_bit(dtype: np.dtype[np.generic], channels: int) -> None:
    image = picture(dtype, channels)
    assert np.array_equal(equalised(image, np.ones(channels)), image)
    assert np.array_equal(apply_gain(image, np.ones(channels)), codes(dtype)[image])


@pytest.mark.parametrize("channels", [1, 3])
def test_gain_one_changes_no_bit_of_float_frames(channels: int) -> None:
    image = picture(np.dtype(np.float32), channels)
    assert np.array_equal(apply_gain(image, np.ones(channels)), image)


@pytest.mark.parametrize("dtype", DTYPES)
def test_equalised_pictures_are_clipped_to_white(dtype: np.dtype[np.generic]) -> None:
    image = picture(dtype)
    found = equalised(image, np.array([1.5, 1.5, 1.5]))
    assert found.dtype == dtype
    white = by_formula(image, np.full(3, 1.5)) >= 1
    assert white.any()
    assert (found[white] == full_scale(dtype)).all()
    assert found.max() == full_scale(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_gain_and_its_inverse_cancel(dtype: np.dtype[np.generic]) -> None:
    # Darker first, so that nothing is clipped; then only the rounding in between remains.
    image = picture(dtype)
    there = equalised(image, np.full(3, 0.5))
    back = to_float(equalised(there, np.full(3, 2.0)))
    step = 0 if dtype == np.float32 else 1.5 / full_scale(dtype)
    assert back == pytest.approx(to_float(image), abs=step + 1e-5)
