"""Layers as frames see them."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.fusion.layers.blur import Blur
from focusstack.fusion.layers.rendering import Layers, View, spacing
from focusstack.numeric.arrays import Float32

SHAPE = (16, 20)


def some_layers(number: int = 3) -> Layers:
    rng = np.random.default_rng(1)
    cover = rng.random((number, *SHAPE), np.float32)
    cover[-1] = 1
    return Layers(cover, rng.random((number, 2, *SHAPE), np.float32))


def flat(*depths: float) -> Float32:
    return np.stack([np.full(SHAPE, depth, np.float32) for depth in depths])


def test_without_blur_every_frame_is_the_sharp_picture() -> None:
    layers = some_layers()
    seen = View(flat(0, 3, 5), [0, 4], Blur(0.0)).render(layers)
    assert np.abs(seen.light - layers.sharp()).max() < 1e-5


def test_shares_add_up_and_give_the_sharp_picture() -> None:
    layers = some_layers()
    shares = layers.shares()
    assert shares.sum(0) == pytest.approx(np.ones(SHAPE), abs=1e-5)
    assert np.abs((shares[:, None] * layers.colour).sum(0) - layers.sharp()).max() < 1e-5


def test_far_light_is_seen_through_a_near_layer_out_of_focus() -> None:
    cover = np.stack([np.zeros(SHAPE, np.float32), np.ones(SHAPE, np.float32)])
    cover[0, 8, 10] = 1  # a black point before a white wall
    colour = np.stack([np.zeros((1, *SHAPE), np.float32), np.ones((1, *SHAPE), np.float32)])
    sharp, soft = View(flat(0, 4), [0, 4], Blur(1.0)).render(Layers(cover, colour)).light[:, 0]
    assert sharp[8, 10] == pytest.approx(0, abs=1e-5)
    # Spread over a disc of four pixels it hides little of any one of them.
    assert soft[8, 10] == pytest.approx(1 - 1 / (np.pi * 16), abs=0.002)


def test_depth_within_a_layer_blurs_each_pixel_by_its_own_disc() -> None:
    layers = Layers(np.ones((1, *SHAPE), np.float32), np.zeros((1, 1, *SHAPE), np.float32))
    layers.colour[0, 0, 8, 4] = layers.colour[0, 0, 8, 15] = 1
    depth = np.where(np.arange(SHAPE[1]) < 10, 0, 3).astype(np.float32) * np.ones(SHAPE, np.float32)
    light = View(depth[None], [0], Blur(1.0)).render(layers).light[0, 0]
    assert light[8, 4] == pytest.approx(1, abs=1e-5)
    assert light[8, 15] < 0.05


def test_slopes_are_those_of_the_rendering() -> None:
    layers, rng = some_layers(), np.random.default_rng(2)
    view = View(flat(0, 2, 5), [0, 2, 4], Blur(0.7))
    error = rng.standard_normal((3, 2, *SHAPE)).astype(np.float32)
    by_cover, by_colour = view.slopes(error.copy(), view.render(layers), layers)
    more_cover = rng.standard_normal(layers.cover.shape).astype(np.float32)
    more_cover[-1] = 0
    more_colour = rng.standard_normal(layers.colour.shape).astype(np.float32)

    def value(by: float) -> float:
        moved = Layers(layers.cover + by * more_cover, layers.colour + by * more_colour)
        return float((error * view.render(moved).light).sum())

    expected = float((by_cover * more_cover).sum() + (by_colour * more_colour).sum())
    assert (value(1e-2) - value(-1e-2)) / 2e-2 == pytest.approx(expected, rel=2e-3)


def test_some_frames_are_seen_as_all_are() -> None:
    layers = some_layers()
    view = View(flat(0, 2, 5), [0, 1, 2, 4], Blur(0.7))
    assert (view.some(np.s_[1::2]).render(layers).light == view.render(layers).light[1::2]).all()


def test_memory_that_is_written_over_gives_the_same() -> None:
    view = View(flat(0, 2, 5), [0, 2, 4], Blur(0.7))
    old = view.render(some_layers(3))
    kept = old.light.copy()
    again = view.render(some_layers(3), old)
    assert again is old
    assert (again.light == kept).all()


@pytest.mark.parametrize(("step", "levels"), [(2.0, 1), (1.0, 1), (0.5, 3), (0.25, 6), (0.0, 1)])
def test_levels_lie_no_farther_apart_than_discs_may_be_mixed(step: float, levels: int) -> None:
    assert spacing(step) == levels
