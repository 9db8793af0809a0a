"""Holes are filled from the nearest surroundings."""

from __future__ import annotations

import numpy as np

from focusstack.fusion.levels.pull_push import halvings, pull_push
from focusstack.numeric.arrays import Float32


def own_first(value: Float32, weight: Float32, coarser: Float32) -> Float32:
    return np.where(weight > 0.01, value / np.maximum(weight, 0.01), coarser).astype(np.float32)


def test_what_is_known_stays_and_a_hole_becomes_what_is_around_it() -> None:
    truth = np.tile(np.where(np.arange(128) < 64, 0.2, 0.8).astype(np.float32), (96, 1))
    weight = np.ones_like(truth)
    weight[30:60, 20:40] = weight[30:60, 90:110] = 0
    filled = pull_push(weight * truth, weight, halvings(96, 128), own_first)
    np.testing.assert_allclose(filled, truth, atol=0.01)


def test_where_nothing_is_known_all_is_as_told() -> None:
    nothing = np.zeros((40, 50), np.float32)
    filled = pull_push(nothing, nothing, halvings(40, 50), own_first, otherwise=3.0)
    np.testing.assert_allclose(filled, 3)


def test_pictures_are_halved_to_less_than_sixteen_pixels() -> None:
    assert halvings(16, 1000) == 1
    assert halvings(4000, 6000) == 9
