"""Pass 2: light, place and crop of a frame come out as the plan says, in one resampling."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from focusstack.exposure.apply import apply_gain
from focusstack.exposure.shading import Shading
from focusstack.geometry.coordinates import Rect, normalised, transform, translation
from focusstack.images.colour import codes, decode, encode, full_scale, to_dtype
from focusstack.images.metadata import Metadata
from focusstack.images.read import Picture
from focusstack.numeric.arrays import Float32, Floats, Image, Matrix, Points
from focusstack.plan.model import FramePlan
from focusstack.second_pass.render import clipping_trust, render

WIDTH, HEIGHT = 96, 72
RECT = Rect(20, 16, 50, 40)
DTYPES: list[np.dtype[np.generic]] = [
    np.dtype(np.uint8),
    np.dtype(np.uint16),
    np.dtype(np.float32),
]


def frame_plan(H: Matrix, gain: tuple[float, ...] = (1.0, 1.0, 1.0)) -> FramePlan:
    return FramePlan("IMG_1.jpg", True, None, H, np.array(gain), None, 0.0, 1.0)


def picture(pixels: Image) -> Picture:
    return Picture(pixels, None, Metadata(icc=b"profile"))


def scene(points: Points, colour: bool = True) -> Float32:
    """A smooth encoded scene, known at every point; no detail finer than eight pixels."""
    x, y = points[:, 0, None], points[:, 1, None]
    phase = np.array([0, 1, 2]) if colour else np.array([0])
    waves = np.sin(x / 3.1 + phase) * np.cos(y / 2.9 - phase) + 0.5 * np.sin((x - 2 * y) / 5.3)
    return np.asarray(0.45 + 0.2 * waves, np.float32)


def pixels_of(rect: Rect) -> Floats:
    x, y = np.meshgrid(np.arange(rect.width) + rect.x, np.arange(rect.height) + rect.y)
    return np.stack([x.ravel(), y.ravel()], 1).astype(float)


def frame_seeing(H: Matrix, dtype: np.dtype[np.generic], colour: bool = True) -> Image:
    """The frame that a camera takes of the scene when `H` leads back to the reference."""
    values = scene(transform(H, pixels_of(Rect(0, 0, WIDTH, HEIGHT))), colour)
    shape = (HEIGHT, WIDTH, 3) if colour else (HEIGHT, WIDTH)
    return to_dtype(values.reshape(shape), dtype)


def movement() -> Matrix:
    turn = np.array([[1.03, -0.04, 2.3], [0.04, 1.03, -1.7], [2e-4, -1e-4, 1]])
    return normalised(translation(48, 36) @ turn @ translation(-48, -36))


# Place ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("colour", [True, False])
def test_the_scene_is_seen_as_from_the_reference(dtype: np.dtype[np.generic], colour: bool) -> None:
    gain = (1.0, 1.0, 1.0) if colour else (1.0,)
    plan = frame_plan(movement(), gain)
    found = render(picture(frame_seeing(movement(), dtype, colour)), plan, RECT, plan.gain)
    assert found.pixels.dtype == np.float32
    truth = scene(pixels_of(RECT), colour).reshape(found.pixels.shape)
    # What six taps leave of waves of eight pixels, and the rounding to codes.
    step = 0.0 if dtype == np.float32 else 0.8 / full_scale(dtype)
    assert np.abs(found.pixels - truth).max() < 2.5e-3 + step


@given(x=st.integers(-10, 10), y=st.integers(-10, 10))
def test_whole_shifts_move_whole_pixels(x: int, y: int) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    plan = frame_plan(translation(x, y))
    found = render(picture(frame), plan, RECT, plan.gain).pixels
    part = frame[RECT.y - y : RECT.y - y + RECT.height, RECT.x - x : RECT.x - x + RECT.width]
    assert np.array_equal(to_dtype(found, np.dtype(np.uint8)), part)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_reference_passes_through_to_the_bit(dtype: type) -> None:
    light = np.random.default_rng(0).random((HEIGHT, WIDTH, 3), np.float32)
    frame: Image = to_dtype(light, np.dtype(dtype))
    plan = frame_plan(np.eye(3))
    found = render(picture(frame), plan, RECT, plan.gain).pixels
    part = frame[RECT.y : RECT.y + RECT.height, RECT.x : RECT.x + RECT.width]
    assert np.array_equal(found, codes(np.dtype(dtype))[part])


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_frame_is_left_alone(dtype: np.dtype[np.generic]) -> None:
    frame = frame_seeing(movement(), dtype)
    before = frame.copy()
    plan = frame_plan(movement(), (1.2, 1.1, 0.9))
    found = render(picture(frame), plan, RECT, plan.gain)
    assert np.array_equal(frame, before)
    assert found.name == "IMG_1.jpg"
    assert found.metadata.icc == b"profile"


# Light ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_gain_and_movement_at_once(dtype: np.dtype[np.generic]) -> None:
    gain = (1.3, 0.9, 1.1)
    plan = frame_plan(movement(), gain)
    # The camera recorded less light by the gain; with it the scene is itself again.
    light = decode(scene(transform(movement(), pixels_of(Rect(0, 0, WIDTH, HEIGHT)))))
    factor: Float32 = np.array(gain, np.float32)
    frame = to_dtype(encode(light / factor).reshape(HEIGHT, WIDTH, 3), dtype)
    found = render(picture(frame), plan, RECT, plan.gain).pixels
    truth = scene(pixels_of(RECT)).reshape(found.shape)
    step = 0.0 if dtype == np.float32 else 1.2 / full_scale(dtype)
    assert np.abs(found - truth).max() < 2.5e-3 + step


@pytest.mark.parametrize("dtype", DTYPES)
def test_shading_and_exponent_with_the_rest(dtype: np.dtype[np.generic]) -> None:
    gain, exponent, shading = (1.3, 0.9, 1.1), 1.1, Shading(0.2, 0.1, -0.15, 0.1)
    plan = replace(frame_plan(movement(), gain), exponent=exponent, shading=shading)
    own = pixels_of(Rect(0, 0, WIDTH, HEIGHT))
    light = decode(scene(transform(movement(), own)))
    falling = np.exp(shading.logarithm(own, (WIDTH, HEIGHT)))[:, None].astype(np.float32)
    factor: Float32 = np.array(gain, np.float32)
    recorded: Float32 = np.power(light / falling / factor, np.float32(1 / exponent))
    frame = to_dtype(encode(recorded).reshape(HEIGHT, WIDTH, 3), dtype)
    found = render(picture(frame), plan, RECT, plan.gain).pixels
    truth = scene(pixels_of(RECT)).reshape(found.shape)
    step = 0.0 if dtype == np.float32 else 1.5 / full_scale(dtype)
    assert np.abs(found - truth).max() < 3e-3 + step


@pytest.mark.parametrize("dtype", DTYPES)
def test_light_beyond_the_references_white_is_kept(dtype: np.dtype[np.generic]) -> None:
    frame = to_dtype(np.full((HEIGHT, WIDTH, 3), 0.9, np.float32), dtype)
    plan = frame_plan(movement(), (1.6, 1.6, 1.6))
    found = render(picture(frame), plan, RECT, plan.gain).pixels
    assert found == pytest.approx(apply_gain(frame, plan.gain)[:40, :50], rel=1e-5)
    assert found.min() > 1.05


# Trust ----------------------------------------------------------------------------------------


def test_frames_of_one_exposure_trust_their_white() -> None:
    assert clipping_trust(np.array([1.0, 1.0, 1.0]), np.array([1.05, 1.05, 1.05])) == 1


def test_the_brighter_a_frame_was_exposed_the_less_its_white_says() -> None:
    highest = np.array([2.0, 2.0, 2.0])
    trust = [clipping_trust(np.full(3, g), highest) for g in (2.0, 1.6, 1.3, 1.0, 0.5)]
    assert trust[0] == 1
    assert all(a > b > 0 for a, b in pairwise(trust))
    assert trust[3] < 0.15
    # The channel that fares worst decides.
    assert clipping_trust(np.array([1.0, 2.0, 2.0]), highest) == trust[3]


def with_highlight() -> Image:
    frame = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    frame[30:36, 40:46, 1] = 255
    return frame


def test_clipped_pixels_count_less_in_brighter_frames() -> None:
    H = translation(2.5, -1.5)
    plan = frame_plan(H)
    found = render(picture(with_highlight()), plan, RECT, np.full(3, 2.0))
    validity = found.validity
    assert validity is not None
    assert validity.shape == found.pixels.shape[:2]
    trust = clipping_trust(plan.gain, np.full(3, 2.0))
    assert set(np.unique(validity).tolist()) == {round(255 * trust), 255}
    # Rows 30..35 and columns 40..45 have moved by (2.5, -1.5); the kernel spreads them.
    doubted = np.zeros_like(validity, bool)
    doubted[28 - 16 : 35 - 16, 42 - 20 : 49 - 20] = True
    assert (validity[doubted] < 255).all()
    y, x = np.nonzero(validity < 255)
    assert y.min() >= 28 - 16 - 4
    assert y.max() <= 35 - 16 + 3
    assert x.min() >= 42 - 20 - 3
    assert x.max() <= 49 - 20 + 3


def test_every_pixel_that_a_highlight_touches_is_doubted() -> None:
    plan = frame_plan(movement())
    doubted = render(picture(with_highlight()), plan, RECT, np.full(3, 2.0))
    plain = render(picture(np.full((HEIGHT, WIDTH, 3), 120, np.uint8)), plan, RECT, plan.gain)
    assert doubted.validity is not None
    touched = np.abs(doubted.pixels - plain.pixels).max(axis=2) > 0.01
    assert touched.sum() > 36
    assert (doubted.validity[touched] < 255).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_nothing_clipped_leaves_everything_trusted(dtype: np.dtype[np.generic]) -> None:
    plan = frame_plan(movement())
    frame = frame_seeing(movement(), dtype)
    assert render(picture(frame), plan, RECT, np.full(3, 3.0)).validity is None


def test_the_darkest_frame_trusts_its_white() -> None:
    plan = replace(frame_plan(movement()), gain=np.full(3, 2.0))
    assert render(picture(with_highlight()), plan, RECT, np.full(3, 2.0)).validity is None


def test_transparent_pixels_take_no_part() -> None:
    pixels = frame_seeing(np.eye(3), np.dtype(np.uint8))
    alpha = np.ones((HEIGHT, WIDTH), np.float32)
    alpha[:, :40] = 0
    found = render(Picture(pixels, alpha, Metadata()), frame_plan(np.eye(3)), RECT, np.ones(3))
    assert found.validity is not None
    assert found.validity.shape == found.pixels.shape[:2]
    assert (found.validity[:, : 40 - RECT.x] == 0).all()  # and where the kernel reaches over
    assert (found.validity[:, 44 - RECT.x :] == 255).all()
