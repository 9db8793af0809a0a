"""What is smooth in a composite is in one of its frames."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.fusion.levels.laplacian import down
from focusstack.fusion.levels.smooth_range import SmoothRange
from focusstack.numeric.arrays import Float32
from focusstack.runtime.scratch import Room
from tests.fusion.pictures import fuse, textured

SHAPE = (64, 90)


def limited(image: Float32, *frames: Float32) -> Float32:
    found = SmoothRange(down(image).shape, Room())
    for frame in frames:
        found.add(down(frame))
    image = image.copy()
    found.limit(image)
    return image


def test_what_is_a_frame_stays_as_it_is() -> None:
    first, second = textured(SHAPE, seed=1), textured(SHAPE, seed=2)
    np.testing.assert_array_equal(limited(first, first, second), first)


def test_a_wide_fringe_that_no_frame_has_is_taken_off() -> None:
    x = np.arange(SHAPE[1])
    fringe = np.float32(0.1) * np.exp(-((x - 45.0) ** 2) / 50).astype(np.float32)
    frame = textured(SHAPE)
    for sign in (-1, 1):
        left = limited(frame + sign * fringe, frame) - frame
        assert np.abs(left).max() < 0.01


def test_an_edge_may_be_sharper_than_in_any_frame() -> None:
    edge = np.zeros(SHAPE, np.float32)
    edge[:, 45:] = 1
    soft = np.asarray(cv2.GaussianBlur(edge, (0, 0), 1.0), np.float32)
    found = limited(edge, soft)
    assert np.abs(found[:, 44:46] - edge[:, 44:46]).max() < 0.1
    assert np.diff(found[32]).max() > 2 * np.diff(soft[32]).max()


def test_every_channel_has_a_range_of_its_own() -> None:
    low, high = np.zeros((2, 16, 20), np.float32), np.ones((2, 16, 20), np.float32)
    high[1] = 0.5
    found = SmoothRange((2, 16, 20), Room())
    found.add(low)
    found.add(high)
    image = np.full((2, 32, 40), 0.8, np.float32)
    found.limit(image)
    np.testing.assert_allclose(image[0], 0.8, atol=1e-6)
    np.testing.assert_allclose(image[1], 0.5, atol=1e-6)


@pytest.mark.parametrize("method", ["auto", "weighted"])
def test_beside_something_saturated_no_fringe_of_its_complement_is_left(method: str) -> None:
    inside = np.zeros((160, 240, 1), np.float32)
    inside[:, :110] = 1
    yellow, dark = np.array([[0.9, 0.8, 0.1], [0.2, 0.22, 0.2]], np.float32)
    grain = np.float32(0.3) * (textured((160, 240), seed=4)[..., None] - np.float32(0.5))
    blurred = cv2.GaussianBlur(grain, (0, 0), 6)[..., None]
    near = inside * (yellow + grain) + (1 - inside) * (dark + blurred)
    soft = cv2.blur(inside, (33, 33))[..., None]
    far = soft * yellow + (1 - soft) * (dark + grain)
    image = fuse(method, [near.astype(np.float32), far.astype(np.float32)]).image
    blue = image[..., 2] - image[..., :2].mean(axis=2)
    true = float(dark[2] - dark[:2].mean())  # without the limit, 0.028 more
    assert blue[20:-20, 116:160].mean(axis=0).max() < true + 0.024
