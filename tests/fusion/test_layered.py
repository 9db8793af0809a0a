"""Layers over another method's composite."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.fusion import FusionOptions, fuse, make_fuser, run_passes
from focusstack.fusion.base import Fused
from focusstack.fusion.layers.blur import Blur
from focusstack.fusion.layers.rendering import Layers, View
from focusstack.images.colour import encode, to_dtype
from focusstack.numeric.arrays import Float32, Image
from focusstack.resample.planes import Planes

HEIGHT, WIDTH, FRAMES = 176, 448, 8


def grain(rng: np.random.Generator, tint: tuple[float, float, float]) -> Float32:
    fine = cv2.GaussianBlur(rng.standard_normal((HEIGHT, WIDTH), np.float32), (0, 0), 1.0)
    light = np.clip(0.5 + 0.3 * fine / fine.std(), 0.05, 1)
    return np.asarray(np.array(tint, np.float32)[:, None, None] * light, np.float32)


@pytest.fixture(scope="module")
def scene() -> tuple[list[Image], Float32]:
    """Near strips before a far wall, and what all of it looks like in focus."""
    rng = np.random.default_rng(3)
    strips = np.zeros((HEIGHT, WIDTH), np.float32)
    for x in (40, 110):
        strips[:, x : x + 35] = 1
    layers = Layers(
        np.stack([strips, np.ones_like(strips)]),
        np.stack([grain(rng, (0.8, 0.7, 0.3)), grain(rng, (0.15, 0.25, 0.5))]),
    )
    depths = np.stack([np.full((HEIGHT, WIDTH), depth, np.float32) for depth in (1, 6)])
    light = View(depths, range(FRAMES), Blur(0.9)).render(layers).light
    noisy = encode(light) + rng.normal(0, 1 / 255, light.shape).astype(np.float32)
    frames = [to_dtype(frame.transpose(1, 2, 0), np.dtype(np.uint8)) for frame in noisy]
    return frames, encode(layers.sharp()).transpose(1, 2, 0)


@pytest.fixture(scope="module")
def explained(scene: tuple[list[Image], Float32]) -> Fused:
    return fuse(scene[0], FusionOptions(edges="layers", threads=1))


def error(image: Float32, truth: Float32) -> float:
    return float(np.square(image - truth)[12:-12, 30:155].mean())


def test_strips_before_a_wall_are_nearer_to_the_truth(
    scene: tuple[list[Image], Float32], explained: Fused
) -> None:
    fast = fuse(scene[0])
    assert fast.edges is None
    assert error(explained.image, scene[1]) < error(fast.image, scene[1]) / 2


def test_what_was_found_is_told(explained: Fused) -> None:
    edges = explained.edges
    assert edges is not None
    assert edges.step_px == pytest.approx(0.9, rel=0.05)
    assert edges.near == 1
    assert edges.squares >= 3
    assert 0 < edges.share < 0.5


def test_elsewhere_the_bytes_are_the_same(
    scene: tuple[list[Image], Float32], explained: Fused
) -> None:
    fast = fuse(scene[0])
    assert explained.edges is not None
    untouched = explained.edges.adopted == 0
    assert (explained.image[untouched] == fast.image[untouched]).all()
    assert untouched[:, 240:].all()  # the wall alone
    assert (explained.depth == fast.depth).all()


def test_bytes_do_not_depend_on_threads(
    scene: tuple[list[Image], Float32], explained: Fused
) -> None:
    again = fuse(scene[0], FusionOptions(edges="layers", threads=3))
    assert (again.image == explained.image).all()


def test_without_steps_no_pass_is_added() -> None:
    plane = np.full((160, 160, 3), 0.5, np.float32)
    fuser = make_fuser((160, 160, 3), 3, FusionOptions(edges="layers", deep=False))
    fused = run_passes(fuser, lambda _: ((Planes.of(plane, coded=True), None) for _ in range(3)))
    assert fuser.passes == 1
    assert fused.edges is not None
    assert (fused.edges.squares, fused.edges.step_px, fused.edges.near) == (0, None, 0)
