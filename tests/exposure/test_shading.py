"""Shading: a smooth factor on linear light, applied where each pixel comes from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from focusstack.exposure.shading import EVEN, Shading, apply_shading, even_blocks, shade_planes
from focusstack.geometry.coordinates import Rect, normalised, transform, translation
from focusstack.geometry.field import Field
from focusstack.geometry.placement import Placement
from focusstack.images.colour import Transfer, decode, encode
from focusstack.numeric.arrays import Float32, Matrix, Points
from focusstack.resample.planes import STEP, Planes
from tests.support.uneven_light import factor

SIZE = (200, 150)
RECT = Rect(20, 15, 150, 110)
LEANING = Shading(0.2, -0.1, 0.15, -0.05)

terms = st.floats(-0.4, 0.4)
shadings = st.builds(Shading, terms, terms, terms, terms)


def grey(value: float = 0.5, size: tuple[int, int] = SIZE, channels: int = 3) -> Float32:
    return np.full((size[1], size[0], channels), value, np.float32)


def movement() -> Matrix:
    turn = np.array([[1.05, -0.06, 3.3], [0.06, 1.05, -2.7], [1e-4, -1e-4, 1]])
    return normalised(translation(100, 75) @ turn @ translation(-100, -75))


@given(shading=shadings)
@settings(max_examples=20, phases=[Phase.generate])
def test_a_whole_frame_is_multiplied_in_linear_light(shading: Shading) -> None:
    image = grey(0.4)
    found = apply_shading(image, shading)
    truth = decode(image) * factor(shading, SIZE)
    assert np.allclose(decode(found), truth, rtol=1e-3)
    assert np.array_equal(image, grey(0.4))


def test_the_middle_stays_and_corners_are_alike() -> None:
    radial = Shading(0.3, 0.1)
    points = np.array([[99.5, 74.5], [0, 0], [199, 149], [0, 149]])
    log = radial.logarithm(points, SIZE)
    assert log[0] == 0
    # The outermost pixel's centre is half a pixel inside the corner.
    assert log[1:] == pytest.approx([0.4] * 3, rel=0.02)
    assert radial.highest(SIZE) == pytest.approx(np.exp(0.4), rel=0.02)
    across = Shading(across=0.5).logarithm(np.array([[199, 74.5], [0, 74.5]]), SIZE)
    assert across == pytest.approx([0.398, -0.398], abs=1e-3)


def test_even_shading_changes_no_bit() -> None:
    image = np.random.default_rng(0).random((20, 30, 3), np.float32)
    assert apply_shading(image, EVEN) is image
    planes = Planes.of(image)
    shade_planes(planes, EVEN, Placement(np.eye(3), Rect(0, 0, 30, 20)), (30, 20))
    assert np.array_equal(planes.pixels(), image)


@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize("field", [None, Field(np.full((2, 2, 2), 4.0, np.float32), *SIZE)])
def test_aligned_frames_are_shaded_where_their_pixels_come_from(
    coded: bool, field: Field | None
) -> None:
    H = movement()
    planes = Planes.of(grey(0.5, (RECT.width, RECT.height)), coded=coded)
    shade_planes(planes, LEANING, Placement(H, RECT, field), SIZE)
    x, y = np.meshgrid(np.arange(RECT.width) + RECT.x, np.arange(RECT.height) + RECT.y)
    places: Points = np.stack([x.ravel(), y.ravel()], 1).astype(np.float64)
    moved = places + (0 if field is None else 4)
    own = transform(np.asarray(np.linalg.inv(H), float), moved)
    truth = decode(np.full(1, 0.5, np.float32)) * np.exp(LEANING.logarithm(own, SIZE))
    found = planes.pixels().reshape(-1, 3)
    assert found.dtype == np.float32
    step = STEP if coded else 1e-6
    assert np.abs(found - encode(truth.astype(np.float32))[:, None]).max() < 2e-4 + step
    assert np.ptp(found) > 0.04


def test_light_beyond_white_and_below_black_is_kept() -> None:
    image = grey(0.95, channels=1)[..., 0]
    image[0, 0] = -0.01
    found = apply_shading(image, Shading(square=0.5))
    assert found.max() > 1.1
    assert found[0, 0] == np.float32(-0.01)


def test_other_curves_than_srgb() -> None:
    line = Transfer((np.arange(65536) / 65535)[None])
    found = apply_shading(grey(0.3), LEANING, line)
    assert found == pytest.approx(
        0.3 * np.broadcast_to(factor(LEANING, SIZE), found.shape), rel=2e-3
    )


@pytest.mark.parametrize("power", [1.0, 1.8, 2.2])
def test_tables_are_the_curves(power: float) -> None:
    own = Transfer((np.arange(65536) / 65535)[None] ** power)
    values = np.linspace(0, 2.5, 200 * 150, dtype=np.float32).reshape(150, 200)
    next_to_none = Shading(across=1e-9)
    for image in (values, values[:100]):  # with and without what is beyond the tables
        assert np.abs(apply_shading(image, next_to_none, own) - image).max() < 2e-5


@pytest.mark.parametrize("channels", [1, 3])
def test_threads_change_no_byte(channels: int) -> None:
    image = np.random.default_rng(1).random((300, 200, channels), np.float32)
    assert np.array_equal(
        apply_shading(image, LEANING, None, 1), apply_shading(image, LEANING, None, 3)
    )
    planes = [Planes.of(image.copy()) for _ in range(2)]
    for threads, one in enumerate(planes, start=1):
        where = Placement(movement(), Rect(0, 0, 200, 300))
        shade_planes(one, LEANING, where, (200, 300), threads=threads)
    assert np.array_equal(planes[0].values, planes[1].values)


def test_blocks_are_evened_as_pixels_are() -> None:
    blocks = np.full((10, 15, 3), 0.3, np.float32)
    found = even_blocks(blocks, LEANING, 1.1, 8, (120, 80))
    pixels = np.full((80, 120, 3), 0.3**1.1) * factor(LEANING, (120, 80))
    means = pixels.reshape(10, 8, 15, 8, 3).mean((1, 3))
    assert found == pytest.approx(means, rel=2e-3)
