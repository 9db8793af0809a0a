"""Positions of pixels in the frame: to a 16384th of a pixel, and where a field moves them."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.geometry.coordinates import Rect, transform, translation
from focusstack.geometry.field import Field
from focusstack.numeric.arrays import Floats
from focusstack.resample.warp import resample
from tests.support.waves import SIZE, grid, inverse, moved_by, perspective, waves

STEP = 1 / 16384
INNER = Rect(40, 30, 200, 130)


@pytest.mark.parametrize(("steps", "rounded"), [(0.7, 1), (1.3, 1), (0.3, 0)])
def test_positions_are_rounded_to_a_16384th_of_a_pixel(steps: float, rounded: int) -> None:
    # On a slope of 1 a pixel, close to 0 where float32 tells far smaller steps.
    ramp = np.tile(np.arange(-20, 20, dtype=np.float32), (20, 1))
    found = resample(ramp, translation(-steps * STEP, 0), Rect(19, 8, 3, 3))
    assert found[:, 1] / STEP == pytest.approx([rounded] * 3, abs=0.02)


def test_constant_field_is_a_translation() -> None:
    image = np.random.default_rng(1).uniform(0, 0.99, SIZE).astype(np.float32)
    field = Field(np.full((5, 7, 2), [0.4, -1.3], np.float32), SIZE[1], SIZE[0])
    np.testing.assert_allclose(
        resample(image, perspective(), INNER, field=field),
        resample(image, translation(-0.4, 1.3) @ perspective(), INNER),
        atol=2e-4,  # of noise, at positions rounded to 1/16384 pixel
    )


def test_linear_field_is_an_affine_matrix() -> None:
    image = waves(*grid()).astype(np.float32)
    rows, cols = 4, 6
    x, y = np.meshgrid(np.linspace(0, SIZE[1] - 1, cols), np.linspace(0, SIZE[0] - 1, rows))
    slope = np.array([[0.004, -0.002], [0.001, 0.003]])
    nodes = np.stack([x, y], -1) @ slope.T + [0.2, -0.1]
    affine = np.eye(3)
    affine[:2, :2] += slope
    affine[:2, 2] = 0.2, -0.1
    np.testing.assert_allclose(
        resample(
            image, perspective(), INNER, field=Field(nodes.astype(np.float32), SIZE[1], SIZE[0])
        ),
        resample(image, np.linalg.inv(affine) @ perspective(), INNER),
        atol=1e-5,
    )


def test_smooth_field_moves_before_the_matrix() -> None:
    image = waves(*grid()).astype(np.float32)
    rows, cols = 21, 31
    x, y = np.meshgrid(np.linspace(0, SIZE[1] - 1, cols), np.linspace(0, SIZE[0] - 1, rows))

    def bend(x: Floats, y: Floats) -> Floats:
        return np.stack([0.8 * np.sin(x / 40), 0.6 * np.cos(y / 30 + x / 60)], -1)

    field = Field(bend(x, y).astype(np.float32), SIZE[1], SIZE[0])
    u, v = np.meshgrid(np.arange(INNER.width) + INNER.x, np.arange(INNER.height) + INNER.y)
    moved = np.stack([u, v], -1) + bend(u.astype(float), v.astype(float))
    source = transform(inverse(perspective()), moved.reshape(-1, 2)).reshape(moved.shape)
    truth = waves(source[..., 0], source[..., 1])
    result = resample(image, perspective(), INNER, field=field)
    assert np.abs(moved_by(result, truth)).max() < 0.002
    assert np.abs(result - truth).max() < 0.004
