"""Hot pixels are found where they are, in frames of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.first_pass.hot_pixels import (
    FEWEST,
    MOST,
    OUTSHINES,
    STIRRED_PX,
    HotPixels,
    bright_pixels,
    hot_mask,
)
from focusstack.images.colour import full_scale

SIZE = (60, 40)


def frame(dtype: type, above: float = 1.3) -> np.ndarray:
    """A grey frame with one hot value in green at (20, 30)."""
    picture = np.full((40, 60, 3), 0.4 * full_scale(np.dtype(dtype)))
    picture[20, 30, 1] += above * OUTSHINES * full_scale(np.dtype(dtype))
    return picture.astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_single_bright_value_is_found(dtype: type) -> None:
    assert bright_pixels(frame(dtype)).tolist() == [20 * 60 + 30]
    assert bright_pixels(frame(dtype, 0.7)).tolist() == []


def test_an_edge_is_no_hot_pixel() -> None:
    picture = np.zeros((40, 60), np.uint8)
    picture[:, 30:] = 255
    picture[10:12] = 255
    assert bright_pixels(picture).tolist() == []


def test_texture_is_cut_short() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (600, 800, 3)).astype(np.uint8)
    assert len(bright_pixels(picture)) == MOST


def test_frames_too_small_have_none() -> None:
    assert bright_pixels(np.zeros((4, 60, 3), np.uint8)).tolist() == []


def seen(times: int, frames: int) -> list[int]:
    """What lasts when the pixel is hot in so many of the frames, the first one among them."""
    hot = HotPixels(SIZE)
    for k in range(frames):
        hot.look(k, frame(np.uint8) if k < times else np.full((40, 60, 3), 100, np.uint8))
    return [int(place) for place in hot.lasting()]


def test_what_shines_in_nearly_all_frames_lasts() -> None:
    assert seen(8, 8) == seen(7, 8) == [20 * 60 + 30]
    assert seen(6, 8) == []
    assert seen(FEWEST - 1, FEWEST - 1) == []


def test_frames_read_smaller_tell_nothing() -> None:
    hot = HotPixels((120, 80))
    for k in range(8):
        hot.look(k, frame(np.uint8))
    assert hot.lasting().tolist() == []


def test_nobody_waits_for_a_frame_that_cannot_be_read() -> None:
    hot = HotPixels(SIZE)
    hot.give_up()
    hot.look(1, frame(np.uint8))
    assert hot.lasting().tolist() == []


@pytest.mark.parametrize(("far", "found"), [(1.1, True), (0.9, False)])
def test_where_the_scene_rests_nothing_is_hot(far: float, found: bool) -> None:
    moved = {0: np.eye(3), 1: np.array([[1, 0, far * STIRRED_PX], [0, 1, 0], [0, 0, 1.0]])}
    mask = hot_mask(np.array([20 * 60 + 30]), SIZE, moved)
    assert (mask is not None) is found
    if mask is not None:
        assert mask[18:23, 28:33].all()
        assert mask.sum() == 25
