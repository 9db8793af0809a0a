"""What follows the rows of a file to the pixel, and what no lens draws."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.first_pass.row_faults import (
    LEAST_STEP,
    NOTHING,
    RESTLESS,
    STEEP,
    STEP_LONG,
    STEP_SURE,
    STREAK_LONG,
    STREAK_SURE,
    find_row_faults,
)
from focusstack.numeric.arrays import Image
from focusstack.scene.stack import render_stack

FRAME = render_stack("plane", width=320, height=240, frames=2, seed=3, blur=2).frames[0]
RANDOM = np.random.default_rng(5)


def even(codes: int = 90) -> Image:
    return np.full((60, 96, 3), codes, np.uint8)


def stepped(step: int, ramp: int, width: int = 48, gaps: int = 0) -> Image:
    """Rows of 90 that step up at row 30, after and before rows that step up by `ramp`."""
    frame = even()
    part = slice(20, 20 + width)
    frame[29:, part] += np.uint8(ramp)
    frame[30:, part] += np.uint8(step)
    frame[31:, part] += np.uint8(ramp)
    frame[:, 24 : 24 + gaps] = 90
    return frame


# Steps ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "white"), [("uint8", 255), ("uint16", 65535), ("float32", 1)])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("row", [30, 62, 64, 66])
def test_a_step_is_found_where_it_is(dtype: str, white: int, turned: bool, row: int) -> None:
    """Whatever the depth, and wherever strips of rows end."""
    frame = np.full((100, 120, 3), 90, np.uint8)
    frame[row:, 40:100, 1] += 40
    pixels: Image = (frame.astype(float) * white / 255).astype(dtype)
    places = find_row_faults(pixels.swapaxes(0, 1) if turned else pixels, turned=turned).places
    along, at = places.T[::-1] if turned else places.T
    assert set(at) == {row}
    # Windows lie around them: the first whose pixels nearly all step, and the last.
    assert along.min() == pytest.approx(40 + STEP_SURE - STEP_LONG / 2, abs=1)
    assert along.max() == pytest.approx(99 - STEP_SURE + STEP_LONG / 2, abs=1)


def test_grey_frames_have_steps_too() -> None:
    assert len(find_row_faults(stepped(40, 0)[..., 0]).places)


@pytest.mark.parametrize(("step", "found"), [(LEAST_STEP - 1, False), (LEAST_STEP + 1, True)])
def test_what_hides_in_texture_is_no_step(step: int, found: bool) -> None:
    assert bool(len(find_row_faults(stepped(step, 0)).places)) == found
    assert 10 < LEAST_STEP < 24


@pytest.mark.parametrize(("ramp", "found"), [(12, False), (8, True)])
def test_a_step_is_far_beyond_the_steps_beside_it(ramp: int, found: bool) -> None:
    assert bool(len(find_row_faults(stepped(40, ramp)).places)) == found
    assert 40 / 12 < STEEP < 40 / 8


def test_a_step_is_level() -> None:
    """An edge that rises by a pixel in twenty is none, as sharp as it may be."""
    frame = even()
    for x in range(96):
        frame[30 - x // 12 :, x] += 60
    assert not len(find_row_faults(frame).places)


@pytest.mark.parametrize(("width", "gaps", "found"), [(18, 0, False), (22, 0, True)])
def test_a_step_is_long(width: int, gaps: int, found: bool) -> None:
    assert bool(len(find_row_faults(stepped(40, 0, width, gaps)).places)) == found


def test_a_step_may_have_gaps_but_not_many() -> None:
    every_third = stepped(40, 0)
    every_third[:, ::3] = 90
    every_seventh = stepped(40, 0)
    every_seventh[:, ::7] = 90
    assert not len(find_row_faults(every_third).places)
    assert len(find_row_faults(every_seventh).places)
    assert STEP_SURE < STEP_LONG < 2 * STEP_SURE


# Streaks --------------------------------------------------------------------------------------


def overwritten(frame: Image, values: Image, row: int = 100, first: int = 40) -> Image:
    out = frame.copy()
    out[row, first : first + len(values)] = values
    return out


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("row", [1, 62, 63, 64, 65, 66, 100, 237])
def test_random_bytes_are_found(turned: bool, row: int) -> None:
    frame = overwritten(FRAME, RANDOM.integers(0, 256, (60, 3)), row)
    pixels = frame.swapaxes(0, 1) if turned else frame
    assert find_row_faults(pixels, turned=turned).streaks
    assert not find_row_faults(pixels, turned=not turned).streaks


@pytest.mark.parametrize("value", [0, 255])
def test_nothing_instead_of_pixels_is_found_all_is_a_line(value: int) -> None:
    """White lines are drawn, by light on an edge."""
    frame = overwritten(FRAME, np.full((120, 3), value))
    assert bool(find_row_faults(frame).streaks) == (value == 0)


def test_sound_frames_have_no_streaks() -> None:
    assert find_row_faults(FRAME).streaks == 0
    noisy = np.clip(even().astype(int) + RANDOM.normal(0, 12, even().shape), 0, 255)
    assert find_row_faults(noisy.astype(np.uint8)).streaks == 0


def test_a_hair_is_no_streak() -> None:
    """It is thin and level, but goes on as it began; dark, but not without any light."""
    hair = 20 + 12 * np.sin(np.arange(120) / 4)[:, None] + RANDOM.normal(0, 3, (120, 3))
    assert find_row_faults(overwritten(even().repeat(3, 1).repeat(3, 0), hair)).streaks == 0


@pytest.mark.parametrize(("change", "found"), [(0.45, False), (0.9, True)])
def test_a_streak_is_restless(change: float, found: bool) -> None:
    """From pixel to pixel it changes by so many times what it differs from its surroundings by."""
    size = 60 * (1 + change / 2 * np.array([1, -1] * 40))
    frame = even().repeat(2, 1)
    frame[30, 20:100] = 90 + size[:, None]
    assert bool(find_row_faults(frame).streaks) == found
    assert 0.46 < RESTLESS < 0.9


@pytest.mark.parametrize(("share", "found"), [(0.4, False), (0.8, True)])
def test_a_streak_of_nothing_is_mostly_nothing(share: float, found: bool) -> None:
    row = np.full((100, 3), 12)
    row[:, 0] = np.where(np.arange(100) % 10 < 10 * share, 0, 12)
    row[row[:, 0] == 0] = 0
    frame = even().repeat(3, 1)
    frame[30, 20:120] = row
    assert bool(find_row_faults(frame).streaks) == found
    assert 0.5 * NOTHING < 0.4 < NOTHING < 0.79


@pytest.mark.parametrize(("length", "found"), [(STREAK_SURE - 2, False), (STREAK_LONG + 2, True)])
def test_a_streak_is_long(length: int, found: bool) -> None:
    frame = even()
    frame[30, 40 : 40 + length] = RANDOM.choice([10, 250], (length, 3))
    assert bool(find_row_faults(frame).streaks) == found


def test_tiny_frames_have_nothing() -> None:
    assert find_row_faults(np.zeros((8, 8, 3), np.uint8)).streaks == 0
    assert len(find_row_faults(np.zeros((3, 300), np.uint8)).places) == 0
