"""Squares are kept while frames pass by."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.fusion.layers.near_steps import SIDE, Place
from focusstack.fusion.layers.squares import FEWEST, Square, at_once
from focusstack.images.colour import decode
from focusstack.numeric.arrays import Float32
from focusstack.resample.planes import Planes
from focusstack.runtime.scratch import Room

SHAPE = (40, 50, 3)


def frames() -> Float32:
    return np.random.default_rng(0).uniform(0.1, 0.9, (5, *SHAPE)).astype(np.float32)


@pytest.mark.parametrize("coded", [True, False])
def test_a_square_shows_the_frames_that_matter_there(coded: bool) -> None:
    square = Square(Place(7, 3, 32, (1, 3)), 3, Room())
    for number, frame in enumerate(frames()):
        square.take(number, Planes.of(frame, coded=coded), None)
    depth = np.full(SHAPE[:2], 2, np.float32)
    tile = square.tile(frames()[0], depth, np.ones(SHAPE[:2], np.float32), 0.01)
    assert tile.focus.tolist() == [1, 3]
    expected = decode(frames()[[1, 3], 3:35, 7:39].transpose(0, 3, 1, 2).copy())
    assert np.abs(tile.light - expected).max() < 2e-4
    assert np.abs(tile.today - decode(frames()[0, 3:35, 7:39].transpose(2, 0, 1))).max() < 1e-6


def test_what_is_not_to_be_trusted_does_not_weigh() -> None:
    square = Square(Place(0, 0, 32, (0,)), 3, Room())
    validity = np.full(SHAPE[:2], 255, np.uint8)
    validity[12, 13] = 200
    bright = frames()[0]
    bright[20, 21, 1] = 0.99
    square.take(0, Planes.of(bright), validity)
    sure = np.ones(SHAPE[:2], np.float32)
    weight = square.tile(frames()[0], sure, sure, 0.01).weight[0]
    assert (weight[:, 12, 13] == 0).all()
    assert (weight[:, 20, 21] == 0).all()
    assert (weight[:, 12, 14] > 0).all()
    assert not weight[:, :8].any()  # the border


def test_squares_in_one_pass_are_bounded_by_memory() -> None:
    places = [Place(0, 0, SIDE, tuple(range(12)))] * 1000
    each = 12 * SIDE**2 * 7
    assert at_once(places, 3, 12_000_000, 24) == 24 * 12_000_000 // each
    assert at_once(places, 3, 1000, 24) == FEWEST
