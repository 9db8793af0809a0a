"""Blur to the focus step is found from the stack itself."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.fusion.layers.blur import Blur
from focusstack.fusion.layers.blur_step import find_blur
from focusstack.fusion.layers.rendering import Layers, View
from focusstack.fusion.layers.tile import Tile, weighed
from focusstack.images.colour import decode, encode
from focusstack.numeric.arrays import Float32

SIDE, FRAMES = 80, 11


def textured(seed: int) -> Float32:
    rng = np.random.default_rng(seed)
    grain = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE), np.float32), (0, 0), 1.0)
    light = np.clip(0.3 + 0.3 * grain / grain.std() / 2, 0.01, 0.9)
    return np.asarray(light, np.float32)[None]


def square(blur: Blur, seed: int, depth: float = 4.3, told: float = 4.3) -> Tile:
    """A wall at a depth, and what is told of it."""
    light = textured(seed)
    layers = Layers(np.ones((1, SIDE, SIDE), np.float32), light[None])
    deep = np.full((1, SIDE, SIDE), depth, np.float32)
    which = np.array([n for n in range(FRAMES) if abs(n - told) >= 1])
    frames = encode(View(deep, which.tolist(), blur).render(layers).light)
    noise = np.random.default_rng(seed + 100).normal(0, 1 / 255, frames.shape)
    seen = np.asarray(frames + noise, np.float32)
    whole = np.full((len(which), SIDE, SIDE), 255, np.uint8)
    light_seen, weight = weighed(seen, whole, 1.0)
    said = np.full((SIDE, SIDE), told, np.float32)
    sure = np.ones((SIDE, SIDE), bool)
    return Tile(light_seen, weight, which, said, sure, decode(encode(light)))


@pytest.mark.parametrize("step", [0.3, 0.9, 2.0])
def test_known_blur_is_found(step: float) -> None:
    found = find_blur([square(Blur(step), seed) for seed in range(4)])
    assert found is not None
    assert found.blur.step == pytest.approx(step, rel=0.03)
    assert found.blur.softness == 0
    assert found.noise == pytest.approx(1 / 255, rel=0.4)


def test_a_soft_disc_is_told_from_an_even_one() -> None:
    found = find_blur([square(Blur(1.0, 0.5), seed) for seed in range(4)])
    assert found is not None
    assert found.blur.softness == 0.5
    assert found.blur.step == pytest.approx(1.0, rel=0.04)


def test_depth_that_is_a_little_wrong_does_not_matter() -> None:
    found = find_blur([square(Blur(0.9), seed, 4.3, 4.6) for seed in range(4)])
    assert found is not None
    assert found.blur.step == pytest.approx(0.9, rel=0.04)


def test_three_squares_are_too_few() -> None:
    assert find_blur([square(Blur(0.9), seed) for seed in range(3)]) is None


def test_squares_that_disagree_say_nothing() -> None:
    steps = (0.4, 0.7, 1.3, 2.2)
    assert find_blur([square(Blur(step), 0) for step in steps]) is None


def test_frames_without_blur_say_nothing() -> None:
    assert find_blur([square(Blur(0.0), seed) for seed in range(4)]) is None
