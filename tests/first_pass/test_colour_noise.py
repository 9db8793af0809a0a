"""Colours that change from pixel to pixel as in no other frame."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from focusstack.first_pass.colour_noise import (
    BEYOND,
    LEAST,
    WINDOWS,
    ColourNoise,
    find_colour_noise,
)
from focusstack.first_pass.damaged_parts import NOISY
from focusstack.images.read import read_picture
from focusstack.numeric.arrays import Image
from focusstack.pipeline import plan_stack
from focusstack.scene.stack import render_stack

FRAMES = render_stack("plane", width=480, height=360, frames=6, seed=7).frames
EVERYWHERE = np.ones((45, 60), bool)
NOWHERE = np.zeros((45, 60), bool)


def with_noise(frame: Image, top: int, left: int, size: tuple[int, int], codes: int) -> Image:
    """A frame with a part in which each colour of each pixel is off by up to so many codes."""
    wide, (height, width) = frame.astype(int), size
    noise = np.random.default_rng(3).integers(-codes, codes + 1, (height, width, 3))
    wide[top : top + height, left : left + width] += noise
    return np.asarray(np.clip(wide, 0, 255), np.uint8)


# One frame ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("columns", "rows"), WINDOWS)
@pytest.mark.parametrize("top", [3, 120, 124, 250])
def test_noise_is_found_where_it_is(columns: int, rows: int, top: int) -> None:
    """However small, across the strips that are looked through, too."""
    found = find_colour_noise(with_noise(FRAMES[0], top, 200, (rows + 2, columns + 2), 120))
    assert found.codes > LEAST
    assert 200 <= found.x <= 202 + columns
    assert top <= found.y <= top + rows + 2


def test_sound_frames_are_calm() -> None:
    for frame in FRAMES:
        assert find_colour_noise(frame).codes < LEAST


def test_edges_of_light_are_no_colour() -> None:
    """Red, green and blue that change together do not count at all."""
    grey = np.random.default_rng(1).integers(0, 256, (80, 120, 1)).astype(np.uint8)
    assert find_colour_noise(np.repeat(grey, 3, axis=2)).codes == 0
    assert find_colour_noise(grey[..., 0]).codes == 0
    assert find_colour_noise(np.zeros((16, 90, 3), np.uint8)).codes == 0


# Among others ---------------------------------------------------------------------------------


def noise(codes: float) -> ColourNoise:
    return ColourNoise(codes, 240, 180)


def test_who_alone_is_restless_and_foreign_is_told() -> None:
    calm = [noise(45), noise(35), noise(30)]
    assert noise(100).is_own(calm, EVERYWHERE, 1 / 8)
    assert not noise(100).is_own(calm, NOWHERE, 1 / 8)
    assert noise(100).is_own([*calm, noise(120)], EVERYWHERE, 1 / 8)
    assert not noise(100).is_own([*calm, noise(120), noise(110)], EVERYWHERE, 1 / 8)
    assert not noise(100).is_own([noise(1)], EVERYWHERE, 1 / 8)


@pytest.mark.parametrize(("codes", "told"), [(1.2 * LEAST, True), (0.8 * LEAST, False)])
def test_little_noise_is_none(codes: float, told: bool) -> None:
    assert noise(codes).is_own([noise(5)] * 3, EVERYWHERE, 1 / 8) == told
    assert 48 < LEAST < 62  # what sound frames have without glitter, and what rotten ones have


@pytest.mark.parametrize(("times", "told"), [(1.2, True), (0.8, False)])
def test_scenes_that_glitter_do_so_in_other_frames(times: float, told: bool) -> None:
    usual = noise(120 / BEYOND / times)
    assert noise(120).is_own([usual] * 3, EVERYWHERE, 1 / 8) == told
    assert 1.2 < BEYOND < 1.8


def test_only_the_place_of_the_noise_must_be_foreign() -> None:
    near = NOWHERE.copy()
    near[23, 31] = True
    assert noise(100).is_own([noise(30)] * 3, near, 1 / 8)
    assert not noise(100).is_own([noise(30)] * 3, np.roll(near, 3, axis=1), 1 / 8)


# Whole stacks ---------------------------------------------------------------------------------


def saved(folder: Path, frames: list[Image], *, lossless: bool) -> Path:
    for k, frame in enumerate(frames):
        Pillow.fromarray(frame).save(folder / f"{k}.webp", lossless=lossless)
    return folder


@pytest.mark.parametrize(("lossless", "named"), [(True, ["2.webp"]), (False, [])])
def test_a_stack_of_webp(tmp_path: Path, lossless: bool, named: list[str]) -> None:
    """Without losses nothing else tells; with losses the end of the data does."""
    frames = list(FRAMES)
    frames[2] = with_noise(frames[2], 200, 200, (12, 60), 120)
    plan = plan_stack(saved(tmp_path, frames, lossless=lossless))
    told = [f.file for f in plan.frames if f.reason is not None and NOISY in f.reason]
    assert told == named


def test_a_sound_stack_keeps_all(tmp_path: Path) -> None:
    plan = plan_stack(saved(tmp_path, list(FRAMES), lossless=True))
    assert all(f.used for f in plan.frames)


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("profile", [b"", bytes(301)])
def test_files_tell_whether_they_have_losses(
    tmp_path: Path, lossless: bool, profile: bytes
) -> None:
    file = io.BytesIO()
    Pillow.fromarray(FRAMES[0]).save(file, "WEBP", lossless=lossless, icc_profile=profile)
    path = tmp_path / "a.webp"
    path.write_bytes(file.getvalue())
    assert read_picture(path).unproven == lossless
