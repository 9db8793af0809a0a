"""Transfer curves: known values, both directions, beyond white, by table and by formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from focusstack.images.colour import (
    LUMA,
    Transfer,
    codes,
    decode,
    encode,
    full_scale,
    linearise,
    luma,
    to_dtype,
    to_float,
)
from focusstack.numeric.arrays import Float32

DTYPES: list[np.dtype[np.generic]] = [
    np.dtype(np.uint8),
    np.dtype(np.uint16),
    np.dtype(np.float32),
]

# Encoded and linear, computed from IEC 61966-2-1 with double precision.
KNOWN = [
    (0.0, 0.0),
    (0.02, 0.0015479876),
    (0.04045, 0.0031308049),
    (0.2, 0.0331047666),
    (0.5, 0.2140411405),
    (188 / 255, 0.5028864580),
    (0.9, 0.7874122893),
    (1.0, 1.0),
]


def f32(values: list[float]) -> Float32:
    return np.array(values, np.float32)


def linear_floats(most: float) -> st.SearchStrategy[Float32]:
    return arrays(np.float32, 16, elements=st.floats(0, most, width=32))


# The curve ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("encoded", "linear"), KNOWN)
def test_known_values(encoded: float, linear: float) -> None:
    assert decode(f32([encoded]))[0] == pytest.approx(linear, rel=2e-6, abs=1e-9)
    assert encode(f32([linear]))[0] == pytest.approx(encoded, rel=2e-6, abs=1e-9)


@given(linear_floats(64.0))
def test_linear_to_encoded_and_back(linear: Float32) -> None:
    assert decode(encode(linear)) == pytest.approx(linear, rel=3e-6, abs=1e-7)


@given(linear_floats(8.0))
def test_encoded_to_linear_and_back(encoded: Float32) -> None:
    assert encode(decode(encoded)) == pytest.approx(encoded, rel=3e-6, abs=1e-6)


def test_curves_rise_without_a_step() -> None:
    values = np.linspace(0, 16, 200_001, dtype=np.float32)
    for out in (decode(values), encode(values)):
        steps = np.diff(out.astype(float))
        assert (steps > 0).all()
        # White is no special place: the slope is the same on both sides.
        below, above = values[1:] < 0.99, values[:-1] > 1.01
        near = (np.abs(values[1:] - 1) < 0.02) & (below | above)
        assert steps[near & below].mean() == pytest.approx(steps[near & above].mean(), rel=0.06)
        at_white = steps[np.abs(values[1:] - 1) < 0.005]
        assert at_white.mean() == pytest.approx(steps[near].mean(), rel=0.02)


def test_beyond_white_is_kept() -> None:
    beyond = f32([1.0, 1.5, 2.0, 4.0])
    encoded = encode(beyond)
    assert encoded == pytest.approx(1.055 * beyond ** (1 / 2.4) - 0.055, rel=1e-6)
    assert (encoded[1:] > 1).all()


def test_negative_values_count_as_black() -> None:
    assert decode(f32([-0.5])).tolist() == [0]
    assert encode(f32([-0.5])).tolist() == [0]


@pytest.mark.parametrize("power", [1.0, 1.8])
def test_curves_of_a_profile_are_followed_to_white_and_beyond(power: float) -> None:
    own = Transfer((np.arange(65536) / 65535)[None] ** power)
    encoded = np.linspace(0, 1.5, 31, dtype=np.float32)[None]
    assert own.decode(encoded) == pytest.approx(encoded**power, rel=1e-3, abs=1e-6)
    assert own.encode(own.decode(encoded)) == pytest.approx(encoded, rel=1e-4, abs=1e-4)


# Tables and dtypes ----------------------------------------------------------------------------


def test_full_scale() -> None:
    assert [full_scale(d) for d in DTYPES] == [255, 65535, 1]


@pytest.mark.parametrize("dtype", [np.int16, np.float64, np.bool_])
def test_other_pixels_are_refused(dtype: type) -> None:
    with pytest.raises(TypeError, match=r"not supported; use uint8, uint16 or float32"):
        full_scale(np.dtype(dtype))


def test_codes() -> None:
    assert codes(np.dtype(np.uint8)) == pytest.approx(np.arange(256) / 255, abs=1e-7)
    assert codes(np.dtype(np.uint16)).shape == (65536,)
    assert codes(np.dtype(np.uint16))[[0, -1]].tolist() == [0, 1]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(37, 23), (37, 23, 3)])
def test_linearise_by_table_is_the_formula(
    dtype: np.dtype[np.generic], shape: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(0)
    image = (rng.random(shape) * full_scale(dtype)).astype(dtype)
    before = image.copy()
    found = linearise(image)
    assert found.dtype == np.float32
    formula = decode(image.astype(np.float32) / np.float32(full_scale(dtype)))
    assert found == pytest.approx(formula, abs=1e-7)
    assert np.array_equal(image, before)


def test_every_8_bit_code_linearises_by_the_formula() -> None:
    every = np.arange(256, dtype=np.uint8)[None]
    e = np.arange(256) / 255
    expected = np.where(e <= 0.04045, e / 12.92, ((e + 0.055) / 1.055) ** 2.4)
    assert linearise(every)[0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_codes_survive_the_way_through_linear_light(dtype: np.dtype[np.generic]) -> None:
    top = full_scale(dtype)
    image = (codes(np.dtype(np.uint16))[None] * np.float32(top)).astype(dtype)
    back = to_dtype(encode(linearise(image)), dtype)
    assert back.dtype == dtype
    if dtype == np.float32:
        assert back == pytest.approx(image, abs=1e-6)
    else:
        assert np.array_equal(back, image)


def test_to_dtype_rounds_to_the_nearest_and_clips() -> None:
    values = f32([-0.2, 0.0, 0.4 / 255, 0.6 / 255, 127.4 / 255, 127.6 / 255, 1.0, 1.7])
    assert to_dtype(values, np.dtype(np.uint8)).tolist() == [0, 0, 0, 1, 127, 128, 255, 255]
    assert to_dtype(values, np.dtype(np.uint16))[[0, 1, 6, 7]].tolist() == [0, 0, 65535, 65535]
    assert to_dtype(values, np.dtype(np.float32))[[0, 6, 7]].tolist() == [0, 1, 1]


@given(arrays(np.float32, (3, 4), elements=st.floats(-1, 2, width=32)))
def test_to_dtype_leaves_its_input_alone(values: Float32) -> None:
    before = values.copy()
    for dtype in DTYPES:
        found = to_dtype(values, dtype)
        off = found / full_scale(dtype) - np.clip(before, 0, 1)
        # Half a code, and what float32 itself rounds.
        assert np.abs(off).max() <= (0 if dtype == np.float32 else 0.51 / full_scale(dtype))
    assert np.array_equal(values, before)


@pytest.mark.parametrize("dtype", DTYPES)
def test_to_float_and_back(dtype: np.dtype[np.generic]) -> None:
    image = (codes(np.dtype(np.uint16)) * np.float32(full_scale(dtype))).astype(dtype)
    assert to_float(image).dtype == np.float32
    assert to_float(image)[[0, -1]] == pytest.approx([0, 1])
    assert np.array_equal(to_dtype(to_float(image), dtype), image)


# Luma -----------------------------------------------------------------------------------------


def test_luma_of_primaries_and_grey() -> None:
    assert LUMA.sum() == pytest.approx(1)
    found = luma(np.eye(3, dtype=np.float32)[None])[0]
    assert found == pytest.approx([0.2126, 0.7152, 0.0722], rel=1e-4)
    grey = np.full((2, 3, 3), 0.3, np.float32)
    assert luma(grey) == pytest.approx(np.full((2, 3), 0.3), rel=1e-6)
    assert np.array_equal(luma(grey[..., 0]), grey[..., 0])
