"""Tile measurements: a known sub-pixel shift is found, and known to be as good as it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.alignment.tiles.shifts import band_pass, softened, tile_shifts, weakest
from tests.alignment.tiles.known_shifts import (
    BANDS,
    HEIGHT,
    TILE,
    WIDTH,
    measured,
    moved,
    texture,
)

# Known shifts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("gain", [1.0, 0.7, 1.4])
@pytest.mark.parametrize("blur", [0.0, 1.0])
def test_measuring_again_settles_a_shift(
    band: tuple[float, float], gain: float, blur: float
) -> None:
    light, truth = texture(), np.array([0.3, -0.4])
    a = moved(light)
    first = measured(a, np.float32(gain) * moved(light, 0.3, -0.4, blur), band)
    assert len(first.shifts) == 35  # all tiles of a 384 x 288 picture, half a tile apart
    # One Gauss-Newton step gets most of it; the caller brings b nearer and measures the rest.
    assert np.abs(first.shifts - truth).max() < 0.03
    step = np.median(first.shifts, axis=0)
    x, y = truth - step
    again = measured(a, np.float32(gain) * moved(light, x, y, blur), band)
    assert np.abs(again.shifts + step - truth).max() < 0.02
    assert np.abs(np.median(again.shifts + step - truth, axis=0)).max() < 0.005


@given(x=st.floats(-1, 1), y=st.floats(-1, 1))
@settings(max_examples=25)
def test_sign_and_size_of_any_shift(x: float, y: float) -> None:
    light = texture()
    found = measured(moved(light), moved(light, x, y), BANDS[1])
    error = np.linalg.norm(np.median(found.shifts, axis=0) - [x, y])
    assert error < 0.01 + 0.07 * np.hypot(x, y)


def test_no_shift_is_measured_exactly() -> None:
    a = moved(texture())
    found = measured(a, a)
    assert np.abs(found.shifts).max() < 1e-6
    assert found.correlation == pytest.approx(1, abs=1e-4)


def test_swapped_frames_give_the_opposite_shift() -> None:
    light = texture()
    a, b = moved(light), moved(light, 0.2, 0.5)
    there, back = measured(a, b), measured(b, a)
    assert there.shifts == pytest.approx(-back.shifts, abs=1e-5)


def test_blur_costs_trust() -> None:
    light = texture()
    a = moved(light)
    sharp, soft = measured(a, moved(light)), measured(a, moved(light, blur=1.5))
    information = [np.linalg.norm(found.root, axis=(1, 2)).mean() for found in (sharp, soft)]
    assert soft.correlation.mean() < sharp.correlation.mean()
    assert information[1] < information[0]
    # A symmetric blur is no shift.
    assert np.abs(np.median(soft.shifts, axis=0)).max() < 0.005


@pytest.mark.parametrize("blur", [0.5, 1.0, 2.0])
def test_blur_is_told_from_a_shift_in_every_tile(blur: float) -> None:
    light = texture()
    found = measured(moved(light), moved(light, blur=blur))
    assert found.blurred is not None
    told, taken = (
        np.sqrt(np.square(shifts).sum(1).mean())
        for shifts in (found.shifts, found.shifts + found.blurred)
    )
    assert told < 0.5 * taken
    assert told < 0.002 * blur * (1 + blur)


@pytest.mark.parametrize("blur", [0.6, 1.2])
def test_blur_that_is_told_from_shifts_leaves_tiles_sure(blur: float) -> None:
    light = texture()
    alike, softer = (
        measured(moved(light), moved(light, 0.1)),
        measured(moved(light), moved(light, 0.1, blur=blur)),
    )
    error = np.linalg.norm(softer.shifts - (0.1, 0), axis=1)
    claimed = 1 / np.linalg.norm(softer.root, axis=(1, 2), ord=-2)
    assert np.median(error / claimed) < 1.5
    assert np.median(claimed) < 0.05
    assert np.median(claimed) > np.median(1 / np.linalg.norm(alike.root, axis=(1, 2), ord=-2))


# What cannot be measured ----------------------------------------------------------------------


def test_even_areas_give_nothing() -> None:
    even = np.full((HEIGHT, WIDTH), 0.4, np.float32)
    assert len(measured(even, even).shifts) == 0


def test_only_the_textured_half_is_measured() -> None:
    light = texture()
    a, b = moved(light), moved(light, 0.2, 0.1)
    a[:, WIDTH // 2 :] = b[:, WIDTH // 2 :] = 0.4
    found = measured(a, b)
    inner = found.centres[:, 0] < WIDTH / 2 + TILE / 2
    assert inner.all()
    left = found.centres[:, 0] < WIDTH / 2 - TILE / 2
    assert left.sum() >= 5
    assert np.abs(found.shifts[left] - [0.2, 0.1]).max() < 0.02


def test_straight_edges_do_not_tell_about_the_direction_along_them() -> None:
    stripes = np.tile(texture()[:1], (HEIGHT, 1))
    found = measured(moved(stripes), moved(stripes, 0.3))
    assert len(found.shifts) == 0


def test_other_content_is_left_out() -> None:
    found = measured(moved(texture(1)), moved(texture(2)))
    assert len(found.shifts) <= 1


def test_invalid_areas_are_ignored() -> None:
    light = texture()
    a, b = moved(light), moved(light, 0.25, -0.15)
    clean = measured(a, b)
    valid = np.ones((HEIGHT, WIDTH), np.float32)
    valid[:, 160:224] = 0
    # Behind the mask something else altogether; its outermost pixels still make gradients.
    p, q = band_pass(a, *BANDS[0]), band_pass(b, *BANDS[0])
    p[:, 164:220], q[:, 164:220] = 5, moved(texture(3))[:, 164:220]
    found = tile_shifts(p, q, valid, TILE)
    assert len(found.shifts) > 15
    assert np.abs(found.shifts - np.median(clean.shifts, axis=0)).max() < 0.02


def test_mostly_invalid_tiles_are_left_out() -> None:
    light = texture()
    valid = np.ones((HEIGHT, WIDTH), np.float32)
    valid[:, WIDTH // 2 :] = 0
    found = measured(moved(light), moved(light), valid=valid)
    assert len(found.centres) > 0
    assert found.centres[:, 0].max() < WIDTH / 2
    valid[:] = 0
    assert len(measured(moved(light), moved(light), valid=valid).shifts) == 0


# Trust ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.01, 0.02])
def test_errors_are_as_large_as_claimed(noise: float) -> None:
    light = texture()
    whitened = []
    for seed in range(100, 112):
        rng = np.random.default_rng(seed)
        truth = rng.uniform(-0.2, 0.2, 2)
        grain = rng.normal(0, noise, (2, HEIGHT, WIDTH)).astype(np.float32)
        found = measured(moved(light) + grain[0], moved(light, *truth) + grain[1])
        error = found.shifts - truth
        whitened.append(np.einsum("nij,nj->ni", found.root, error))
    squares = np.square(np.concatenate(whitened))
    # Mean of chi-square per degree of freedom: 1 where the claim is exact. Tiles claim less, as
    # real pictures differ by more than white noise, but by no more than a factor of three.
    assert 0.11 < squares.mean() < 1.3
    x, y = squares.mean(0)
    assert 0.5 < x / y < 2


def test_noise_lowers_the_trust_and_detail_raises_it() -> None:
    light = texture()
    grain = np.random.default_rng(0).normal(0, 0.02, (2, HEIGHT, WIDTH)).astype(np.float32)
    a, b = moved(light), moved(light, 0.1, 0.1)
    clean, noisy = measured(a, b), measured(a + grain[0], b + grain[1])
    size = [np.linalg.norm(found.root, axis=(1, 2)).mean() for found in (clean, noisy)]
    assert size[1] < 0.8 * size[0]
    assert noisy.correlation.mean() < clean.correlation.mean()


def test_no_tile_is_surer_than_interpolation() -> None:
    a = moved(texture())
    claimed = 1 / np.linalg.norm(measured(a, a).root, axis=(1, 2), ord=-2)
    assert claimed == pytest.approx(0.01, rel=0.4)


@pytest.mark.parametrize(("measured", "claimed"), [(0.005, 0.1), (0.3, 0.316)])
def test_where_displacement_may_jump_no_tile_is_sure(measured: float, claimed: float) -> None:
    root = np.broadcast_to(np.eye(2) / measured, (3, 2, 2))
    assert 1 / weakest(softened(root)) == pytest.approx([claimed] * 3, rel=0.1)


def test_tiles_are_made_of_blocks_of_sixteen_pixels() -> None:
    light = moved(texture())
    valid = np.ones(light.shape, np.float32)
    # Three blocks a side, half of them apart: one block.
    centres = tile_shifts(light, light, valid, 48).centres
    assert np.diff(np.unique(centres[:, 0])) == pytest.approx(16)
    assert centres.min() == 23.5
