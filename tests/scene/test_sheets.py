"""Blur of sheets at any depth, and what hides what."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.scene.sheets import SAMPLES, Sheet, compose, defocus, defocus_tilted


@given(low=st.floats(-7, 7), high=st.floats(-7, 7))
@settings(deadline=None, max_examples=25)
def test_tilted_defocus_neither_loses_nor_makes_light(low: float, high: float) -> None:
    picture = np.zeros((60, 70, 4), np.float32)
    picture[20:40, 20:50] = np.random.default_rng(0).random((20, 30, 4), np.float32)
    radius = np.broadcast_to(np.linspace(low, high, 70, dtype=np.float32), (60, 70))
    blurred = defocus_tilted(picture, radius)
    np.testing.assert_allclose(blurred.sum((0, 1)), picture.sum((0, 1)), rtol=1e-3)


def test_tilted_defocus_is_what_rays_through_a_lens_see() -> None:
    rng, side = np.random.default_rng(3), 240
    texture = cv2.GaussianBlur(rng.normal(size=(side, side)).astype(np.float32), (0, 0), 3)
    x, y = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
    slope_x, slope_y = 0.02, 0.01
    radius = 6 + slope_x * (x - side / 2) + slope_y * (y - side / 2)
    # A ray through (u, v) of the lens sees what lies at p = x + (u, v) · radius(p).
    lens = (np.arange(40) + 0.5) / 20 - 1
    u, v = np.meshgrid(lens, lens)
    inside = u**2 + v**2 <= 1
    seen = np.zeros_like(texture)
    for a, b in zip(u[inside].tolist(), v[inside].tolist(), strict=True):
        there = radius / (1 - a * slope_x - b * slope_y)
        seen += cv2.remap(texture, x + a * there, y + b * there, cv2.INTER_CUBIC) / inside.sum()
    made = defocus_tilted(np.dstack([texture] * 4), radius)[..., 0]
    middle = np.s_[40:-40, 40:-40]
    x_slope, y_slope = (np.gradient((seen + made) / 2, axis=axis)[middle] for axis in (1, 0))
    gradient = np.stack([x_slope.ravel(), y_slope.ravel()], 1).astype(float)
    moved = np.linalg.lstsq(gradient, (seen - made)[middle].ravel(), rcond=None)[0]
    assert np.abs(moved).max() < 0.002  # even discs: 0.04, the mean over each pixel's disc: 0.01
    assert (made - seen)[middle].std() < 0.02 * seen[middle].std()


def test_tilted_defocus_of_even_radius_is_a_disc() -> None:
    picture = np.random.default_rng(0).random((50, 50, 4), np.float32)
    even = np.full((50, 50), -3.0, np.float32)
    nearly = even + np.linspace(0, 0.01, 50, dtype=np.float32)
    expected = defocus(picture, 3.0)
    np.testing.assert_allclose(defocus_tilted(picture, even), expected, atol=1e-5)
    np.testing.assert_allclose(defocus_tilted(picture, nearly), expected, atol=0.01)


def _flat(light: float, width: int, x: int, depth: float) -> Sheet:
    """A grey sheet of `width` x 80 pixels that begins at pixel `x`, 20 above the frame."""
    pixels = np.full((80 * SAMPLES, width * SAMPLES, 4), light, np.float32)
    pixels[..., 3] = 1
    return Sheet(pixels, x * SAMPLES, -20 * SAMPLES, (0, 0, depth))


def test_defocused_foreground_bleeds_over_the_sharp_background() -> None:
    scene = [_flat(1.0, 120, -40, 0.0), _flat(0.0, 60, -40, 1.0)]
    light, depth = compose(scene, np.eye(3), (40, 40), focus=0.0, blur=6.0)
    row = light[20, :, 0]
    assert (row[19] + row[20]) / 2 == pytest.approx(0.5, abs=0.01)
    # Share of a disc of radius 6 that lies beyond 3.5 px from its centre.
    u = 3.5 / 6
    beyond = (np.arccos(u) - u * np.sqrt(1 - u * u)) / np.pi
    assert row[23] == pytest.approx(1 - beyond, abs=0.01)
    assert row[16] == pytest.approx(beyond, abs=0.01)
    assert row[12] == pytest.approx(0, abs=1e-3)
    assert row[27] == pytest.approx(1, abs=1e-3)
    np.testing.assert_array_equal(depth[20], (np.arange(40) < 20).astype(np.float32))


def test_background_behind_a_sharp_edge_is_the_one_really_there() -> None:
    front = _flat(0.3, 60, -40, 1.0)
    back = _flat(0.8, 120, -40, 0.0)
    hidden = back.pixels.copy()
    hidden[:, : 60 * SAMPLES, :3] = 0
    light, _ = compose([replace(back, pixels=hidden), front], np.eye(3), (40, 40), focus=1.0,
                       blur=6.0)  # fmt: skip
    row = light[20, :, 0]
    assert row[19] == pytest.approx(0.3, abs=1e-3)
    # Just beside the edge half the disc gathers the dark that the front hides.
    assert 0.4 < row[20] < 0.5
    assert row[27] == pytest.approx(0.8, abs=1e-3)
