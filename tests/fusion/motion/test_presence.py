"""What is in some frames only, or somewhere else, is shown once; defocus is not taken for it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.fusion.motion.presence import (
    _beyond_defocus,
    _unevenness,
    changed,
    linear_light,
    outlined,
    whole,
    windows_level,
)
from focusstack.numeric.arrays import Float32, Mask
from focusstack.options import FusionOptions
from tests.fusion.pictures import blurred, fuse, rms, textured

SHAPE = (240, 360)
GRID = (120, 180)
LEFT, RIGHT = (120, 80), (120, 270)


def wall() -> Float32:
    """Next to no texture, brighter to the right."""
    return np.tile(np.linspace(0.5, 0.65, SHAPE[1], dtype=np.float32), (SHAPE[0], 1))


def inside(centre: tuple[int, int], radius: float = 34) -> Mask:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    return np.asarray((y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2)


def with_thing(centre: tuple[int, int], background: Float32, sharpness: float = 0.0) -> Float32:
    thing = np.roll(textured(SHAPE, seed=5) * np.float32(0.7), centre, axis=(0, 1))
    frame = np.where(inside(centre), thing, background).astype(np.float32)
    return frame if sharpness == 0 else blurred(frame, sharpness)


def noisy(frames: list[Float32]) -> list[Float32]:
    rng = np.random.default_rng(1)
    return [f + np.float32(1 / 255) * rng.standard_normal(SHAPE, np.float32) for f in frames]


def defocused(picture: Float32, radius: float) -> Float32:
    """What a lens makes of an encoded picture: a disc in (nearly) linear light."""
    side = 2 * int(np.ceil(radius)) + 1
    y, x = np.mgrid[:side, :side] - side // 2
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    light = cv2.filter2D(picture**2, -1, disc / disc.sum())
    return np.sqrt(np.asarray(light, np.float32))


def light_of(picture: Float32) -> Float32:
    return linear_light(picture, np.asarray(cv2.pyrDown(picture), np.float32), None)


EVERYWHERE, JUST_NOW = np.ones(GRID, bool), np.ones(GRID, np.float32)


@pytest.mark.parametrize("method", ["auto", "weighted"])
@pytest.mark.parametrize("motion", [True, False])
def test_what_jumps_is_shown_once(method: str, motion: bool) -> None:
    places = [LEFT] * 3 + [RIGHT] * 4
    frames = noisy([with_thing(place, wall()) for place in places])
    fused = fuse(method, frames, options=FusionOptions(method=method, motion=motion))
    errors = [rms(fused.image, with_thing(place, wall())) for place in (LEFT, RIGHT)]
    assert min(errors) < 2 / 255
    assert fused.moved is not None
    assert 0.05 < fused.moved.mean() < 0.4


def test_what_passes_through_few_frames_leaves_no_trace() -> None:
    calm = textured(SHAPE, seed=1)
    frames = noisy([calm, calm, calm, with_thing(LEFT, calm), with_thing(RIGHT, calm), calm, calm])
    image = fuse("auto", frames).image
    assert rms(image, calm) < 2 / 255
    assert rms(fuse("pyramid", frames).image, calm) > 8 / 255


def test_what_leaves_after_the_first_frame_is_replaced_by_what_is_sharp() -> None:
    calm = textured(SHAPE, seed=1)
    frames = noisy([with_thing(LEFT, calm, 3.0), blurred(calm, 2.0), calm, blurred(calm, 2.0)])
    assert rms(fuse("auto", frames).image, calm) < 3 / 255


@settings(max_examples=25, deadline=None)
@given(
    radii=st.tuples(st.floats(0.5, 16), st.floats(0.5, 16)),
    size=st.floats(2, 60),
    tone=st.floats(0.02, 1.0),
)
def test_defocus_is_no_change(radii: tuple[float, float], size: float, tone: float) -> None:
    scene = np.where(inside(LEFT, size), np.float32(tone), wall())
    scene = np.where(inside(RIGHT, 60), textured(SHAPE, seed=3), scene)
    first, second = (light_of(defocused(scene, r)) for r in radii)
    assert not changed(first, second, JUST_NOW, EVERYWHERE, halvings=2).any()


def test_a_change_is_outlined() -> None:
    before, now = wall(), np.where(inside(LEFT), np.float32(0.2), wall())
    found = changed(light_of(before), light_of(now), JUST_NOW, EVERYWHERE, halvings=2)
    truth = inside(LEFT)[::2, ::2]
    assert (found & truth).sum() > 0.98 * truth.sum()
    assert (found & ~truth).sum() < 0.15 * truth.sum()


def test_nothing_is_said_of_what_is_not_known() -> None:
    before, now = wall(), np.where(inside(LEFT), np.float32(0.2), wall())
    known = ~inside(LEFT, 50)[::2, ::2]
    assert not changed(light_of(before), light_of(now), JUST_NOW, known, halvings=2).any()


def test_a_small_difference_of_exposure_is_no_change_however_late() -> None:
    first = light_of(wall())
    for frame in range(8):
        light = light_of(wall() * np.float32(1 + 0.005 * frame))
        assert not changed(first, light, JUST_NOW * (frame + 1), EVERYWHERE, halvings=2).any()


def test_colour_alone_can_change() -> None:
    grey = np.repeat(wall()[..., None], 2, axis=2) * 0
    red = grey.copy()
    red[inside(LEFT)] = (0.1, -0.1)
    small = [np.asarray(cv2.pyrDown(plane), np.float32) for plane in (wall(), grey, red)]
    first, second = (linear_light(wall(), small[0], colour) for colour in small[1:])
    assert first.shape == (*GRID, 3)
    np.testing.assert_allclose(first[..., 1], first[..., 0])
    assert changed(first, second, JUST_NOW, EVERYWHERE, halvings=2).any()


def test_gaps_are_closed_and_specks_dropped() -> None:
    gone = np.zeros(GRID, bool)
    gone[40:60, 20:40] = gone[40:60, 46:70] = True
    gone[100, 100] = True
    spot = whole(gone, 4)
    assert spot[50, 43]
    assert spot[gone].sum() == gone.sum() - 1
    assert not spot[100, 100]
    assert not whole(np.zeros(GRID, bool), 4).any()


def test_windows_fit_the_picture() -> None:
    assert windows_level(GRID, 1) == 2
    assert windows_level((375, 500), 3) == 3
    assert windows_level((40, 130), 1) is None
    assert windows_level((72, 130), 1) == 2


@pytest.mark.parametrize(("small", "least"), [(False, 8 / 255), (True, 12 / 255)])
def test_a_change_is_more_than_a_difference_of_exposure(*, small: bool, least: float) -> None:
    before, once = np.full((20, 20, 1), 0.5, np.float32), np.ones((20, 20), np.float32)
    for times, sure in ((1.4, True), (0.7, False)):
        now = np.asarray((np.sqrt(before) + np.float32(times * least)) ** 2, np.float32)
        assert _beyond_defocus(before, now, once, small=small).all() == sure


@pytest.mark.parametrize(("small", "spread"), [(False, 2.0), (True, 3.0)])
def test_a_change_is_more_than_a_window_of_twice_the_size_sees(
    *, small: bool, spread: float
) -> None:
    tones = np.where(np.indices((40, 40)).sum(axis=0) % 2, 0.8, 0.2)[..., None]
    before, once = np.asarray(tones**2, np.float32), np.ones((40, 40), np.float32)
    uneven = float(_unevenness(before)[20, 20, 0])
    for times, sure in ((1.4, True), (0.7, False)):
        now = np.asarray((tones + times * spread * uneven) ** 2, np.float32)
        found = _beyond_defocus(before, now, once, small=small)
        assert found[10:30, 10:30].all() == sure
        assert found[10:30, 10:30].any() == sure


def test_an_outline_is_what_differs_visibly_near_what_is_sure() -> None:
    seeds = np.zeros((81, 81), np.uint8)
    seeds[40, 40] = 1
    once, before = np.ones((81, 81), np.float32), np.full((81, 81, 1), 0.25, np.float32)
    for codes, seen in ((7, True), (3.5, False)):
        now = np.full_like(before, (0.5 + codes / 255) ** 2)
        found = outlined(seeds, before, now, once, halvings=2)
        assert (found.sum() > 1) == seen
        if seen:  # two and a half windows of four cells on either side
            assert found[40].sum() == found[:, 40].sum() == 21


def test_gaps_are_closed_up_to_two_windows_on_either_side() -> None:
    for gap, closed in ((12, True), (24, False)):
        gone = np.zeros(GRID, bool)
        gone[40:70, 40:60] = gone[40:70, 60 + gap : 80 + gap] = True
        assert whole(gone, 4)[55, 60 + gap // 2] == closed


def test_windows_that_are_known_in_part_say_nothing() -> None:
    before, now = light_of(wall()), light_of(np.where(inside(LEFT), np.float32(0.2), wall()))
    for share, seen in ((16, True), (4, False)):
        known = np.ones(GRID, bool)
        known[:: int(share**0.5), :: int(share**0.5)] = False
        assert changed(before, now, JUST_NOW, known, halvings=2).any() == seen


def test_colour_is_not_asked_for_in_what_is_nearly_black() -> None:
    dark = np.full((8, 8), 1 / 255, np.float32)
    redder = np.full((8, 8, 2), 2 / 255, np.float32)
    light = linear_light(dark, dark, redder)
    np.testing.assert_allclose(light[..., 1], 4 * light[..., 0], rtol=1e-4)
