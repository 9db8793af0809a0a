"""Where layers are fitted, and where blur is measured."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.fusion.layers import near_steps
from focusstack.fusion.layers.near_steps import (
    PLAIN_SIDE,
    SIDE,
    fade,
    out_of_focus,
    plain_squares,
    spread_frames,
    squares_with_steps,
    steps_in_depth,
    worth_the_time,
)
from focusstack.fusion.layers.tile import BLIND

SHAPE = (300, 420)


def stepped(at: int = 200, by: float = 5.0) -> tuple[np.ndarray, np.ndarray]:
    depth = np.full(SHAPE, 2, np.float32)
    depth[:, at:] += np.float32(by)
    return depth, np.ones(SHAPE, bool)


def test_steps_are_found_where_they_are() -> None:
    depth, sure = stepped()
    step = steps_in_depth(depth, sure, 12)
    assert step[:, 198:202].all()
    assert not step[:, :195].any()
    assert not step[:, 205:].any()


@pytest.mark.parametrize(
    ("by", "frames", "there"),
    [(1.2, 12, False), (1.8, 12, True), (1.8, 100, False), (8.0, 100, True)],
)
def test_a_step_is_measured_by_frames_and_by_their_number(
    by: float, frames: int, there: bool
) -> None:
    depth, sure = stepped(by=by)
    assert steps_in_depth(depth, sure, frames).any() == there


def test_steps_that_nobody_is_sure_of_are_none() -> None:
    depth, sure = stepped()
    assert not steps_in_depth(depth, np.zeros_like(sure), 12).any()


def test_squares_cover_all_steps_and_lie_inside() -> None:
    depth, sure = stepped()
    step = steps_in_depth(depth, sure, 12)
    found = squares_with_steps(step, depth, 12)
    seen = np.zeros(SHAPE, np.float32)
    for place in found:
        assert 0 <= place.x <= SHAPE[1] - SIDE
        assert 0 <= place.y <= SHAPE[0] - SIDE
        seen[place.here] += fade(place, SHAPE)
    inner = np.s_[BLIND + 1 : -BLIND - 1, 190:210]
    assert (seen[inner] > 0.99).all()


def test_pictures_smaller_than_a_square_have_none() -> None:
    step = np.ones((100, 400), bool)
    assert squares_with_steps(step, np.zeros((100, 400), np.float32), 12) == []


def test_squares_away_from_steps_are_plain_and_textured_ones_first() -> None:
    depth, sure = stepped()
    rng = np.random.default_rng(0)
    image = np.full((*SHAPE, 3), 0.5, np.float32)
    image[:80, :80] += rng.normal(0, 0.2, (80, 80, 1)).astype(np.float32)
    found = plain_squares(steps_in_depth(depth, sure, 12), sure, image)
    assert found[0] == (0, 0)
    for x, _ in found:
        assert x + PLAIN_SIDE <= 198 or x >= 202


def test_frames_are_spread_and_never_too_many() -> None:
    many = spread_frames(10.2, 89.7, 100)
    assert (many[0], many[-1], len(many)) == (10, 90, near_steps.FRAMES)
    assert spread_frames(-3, 30, 5) == (0, 1, 2, 3, 4)


def test_frames_in_which_blur_is_measured_are_out_of_focus() -> None:
    assert out_of_focus(4.0, 9) == (0, 1, 2, 6, 7, 8)
    many = out_of_focus(50.0, 100)
    assert len(many) <= near_steps.FRAMES
    assert min(abs(n - 50) for n in many) >= 7


def test_squares_are_as_many_as_their_time_is_worth() -> None:
    # 24 frames of 50 megapixels take 192 s of a core, one and a half times of which is 480 squares.
    assert worth_the_time(50_000_000, 24) == 480
    assert worth_the_time(240_000, 12) == 128


def test_squares_with_most_to_win_come_first() -> None:
    depth, sure = stepped(at=60)
    depth[:, 300:] += 5
    step = steps_in_depth(depth, sure, 20)
    image = np.full(SHAPE, 0.5, np.float32)
    image[:, 300:] = 0.9  # as bright on both sides of the first step, not of the second
    first = squares_with_steps(step, depth, 20, image)[0]
    assert first.x <= 300 < first.x + SIDE
