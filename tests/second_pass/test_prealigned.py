"""Frames that are aligned already: borders, the area they share, fusion with transparency."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image as Pillow

from focusstack.errors import InputError
from focusstack.frames.files import FileFrames
from focusstack.frames.in_memory import ArrayFrames
from focusstack.fusion.registry import FUSERS
from focusstack.geometry.coordinates import Rect, cut
from focusstack.images.colour import encode, to_dtype, to_float
from focusstack.images.metadata import Metadata
from focusstack.images.read import Picture
from focusstack.numeric.arrays import Float32, Image, Mask
from focusstack.options import FusionOptions
from focusstack.runtime.progress import Silent
from focusstack.scene.stack import RenderedStack, render_stack
from focusstack.second_pass.prealigned import (
    filled,
    fuse_aligned,
    largest_true_rectangle,
    shared_area,
)


def picture(pixels: Image, alpha: Float32 | None = None) -> Picture:
    return Picture(pixels, alpha, Metadata())


def bright(seed: int, shape: tuple[int, ...] = (60, 80, 3)) -> Image:
    return np.random.default_rng(seed).integers(40, 220, shape).astype(np.uint8)


# Borders --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(60, 80), (60, 80, 3)])
def test_a_black_border_is_empty(dtype: type, shape: tuple[int, ...]) -> None:
    pixels = to_dtype(to_float(bright(0, shape)), np.dtype(dtype))
    truth = np.zeros((60, 80), bool)
    truth[5:50, 8:73] = True
    pixels[~truth] = 0
    assert np.array_equal(filled(picture(pixels)), truth)


def test_black_within_the_picture_is_no_border() -> None:
    pixels = bright(0)
    pixels[20:30, 20:30] = 0
    assert filled(picture(pixels)).all()


def test_a_slanted_border_is_followed() -> None:
    pixels = bright(0)
    y, x = np.indices((60, 80))
    truth = x > 4 + y // 3
    pixels[~truth] = 0
    assert np.array_equal(filled(picture(pixels)), truth)


def test_nearly_black_borders_of_jpegs_are_borders() -> None:
    pixels = bright(0)
    pixels[:, :6] = 2
    found = filled(picture(pixels))
    assert not found[:, :6].any()
    assert found[:, 6:].all()


def test_where_there_is_alpha_alpha_decides() -> None:
    pixels = bright(0)
    pixels[:10] = 0
    alpha = np.ones((60, 80), np.float32)
    alpha[:, :7], alpha[:, 7] = 0, 0.5
    found = filled(picture(pixels, alpha))
    assert not found[:, :8].any()
    assert found[:, 8:].all()


# The largest rectangle of a mask --------------------------------------------------------------


def most_pixels(mask: Mask) -> int:
    """Area of the largest rectangle of True, by trying all of them."""
    total = np.pad(mask.astype(int).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    best = 0
    for y0 in range(mask.shape[0]):
        for y1 in range(y0 + 1, mask.shape[0] + 1):
            for x0 in range(mask.shape[1]):
                for x1 in range(x0 + 1, mask.shape[1] + 1):
                    area = (y1 - y0) * (x1 - x0)
                    inside = total[y1, x1] - total[y0, x1] - total[y1, x0] + total[y0, x0]
                    if inside == area:
                        best = max(best, area)
    return best


@given(mask=arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 8))))
@example(mask=np.ones((5, 6), bool))
@example(mask=np.eye(6, dtype=bool))
@example(mask=~np.eye(6, dtype=bool))
@settings(max_examples=120, deadline=None)
def test_the_largest_rectangle_of_a_mask(mask: Mask) -> None:
    found = largest_true_rectangle(mask)
    if found is None:
        assert not mask.any()
        return
    assert mask[found.y : found.y + found.height, found.x : found.x + found.width].all()
    assert found.area == most_pixels(mask)


def test_a_large_mask_with_a_slanted_border() -> None:
    y, x = np.indices((1200, 1600))
    mask = (x > y / 100 + 10) & (y < 1150 - x / 200)
    found = largest_true_rectangle(mask)
    assert found is not None
    assert mask[found.y : found.y + found.height, found.x : found.x + found.width].all()
    assert found.area > 0.98 * (1600 - 22) * 1143


def test_cut_is_a_view() -> None:
    image = bright(0)
    part = cut(image, Rect(3, 5, 20, 10))
    assert np.array_equal(part, image[5:15, 3:23])
    assert part.base is image


# The area frames share ------------------------------------------------------------------------


def test_the_area_free_of_every_frames_border() -> None:
    frames = [bright(k) for k in range(3)]
    frames[0][:4] = 0
    frames[1][:, -7:] = 0
    frames[2][:, :3] = 0
    assert shared_area(ArrayFrames(frames)) == Rect(3, 4, 70, 56)


def test_transparent_borders_of_files(tmp_path: Path) -> None:
    for k in range(2):
        alpha = np.full((60, 80, 1), 255, np.uint8)
        alpha[: 5 + 10 * k] = 0
        Pillow.fromarray(np.concatenate([bright(k), alpha], 2)).save(tmp_path / f"{k}.png")
    frames = FileFrames(sorted(tmp_path.iterdir()))
    assert shared_area(frames) == Rect(0, 15, 80, 45)


def test_frames_that_share_no_area_are_refused() -> None:
    frames = [bright(k) for k in range(2)]
    frames[0][:30], frames[1][30:] = 0, 0
    with pytest.raises(InputError, match="share no area") as caught:
        shared_area(ArrayFrames(frames))
    assert caught.value.remedy


# Fusion ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def still() -> RenderedStack:
    """Frames of an unmoved camera at one exposure: aligned as they are."""
    return render_stack(
        "steps", width=160, height=120, frames=4, breathing=0, shake=0, ev=0, wb=0, seed=5
    )


def psnr(a: Float32, b: Float32) -> float:
    return float(-10 * np.log10(np.square(a.astype(float) - b).mean()))


@pytest.mark.parametrize("method", FUSERS)
def test_aligned_frames_are_fused_to_more_than_any_of_them(
    still: RenderedStack, method: str
) -> None:
    fused = fuse_aligned(ArrayFrames(still.frames), FusionOptions(method=method))
    assert fused.image.shape == (120, 160, 3)
    best = max(psnr(to_float(frame), still.all_in_focus) for frame in still.frames)
    assert psnr(fused.image, still.all_in_focus) > best + 2


@pytest.mark.parametrize("method", FUSERS)
def test_transparent_pixels_take_no_part(still: RenderedStack, tmp_path: Path, method: str) -> None:
    # A third of every frame is garbage, another third each time, and said to be transparent.
    rng = np.random.default_rng(0)
    for name in ("plain", "holes"):
        (tmp_path / name).mkdir()
    for k, frame in enumerate(still.frames):
        alpha = np.full((120, 160, 1), 255, np.uint8)
        hole = slice(40 * (k % 4), 40 * (k % 4) + 20)
        alpha[:, hole] = 0
        for name, values in (("plain", 0), ("holes", 255)):
            pixels = frame.copy()
            pixels[:, hole] = rng.integers(0, 256, pixels[:, hole].shape) if values else values
            whole = np.concatenate([pixels, alpha], 2)
            Pillow.fromarray(whole).save(tmp_path / name / f"{k}.png")
    options = FusionOptions(method=method)
    one, other = (
        fuse_aligned(FileFrames(sorted((tmp_path / name).iterdir())), options).image
        for name in ("plain", "holes")
    )
    # What stands in the holes changes nothing.
    assert np.abs(one - other).max() < 1e-3
    # What fills them is what the other frames show.
    whole = fuse_aligned(ArrayFrames(still.frames), options).image
    assert psnr(one, whole) > 24


def test_fusing_leaves_the_frames_alone_and_tells_how_far_it_is(still: RenderedStack) -> None:
    class Counting(Silent):
        steps = 0
        finished = 0

        def advance(self, steps: int = 1) -> None:
            self.steps += steps

        def finish(self) -> None:
            self.finished += 1

    copies = [frame.copy() for frame in still.frames]
    progress = Counting()
    fuse_aligned(ArrayFrames(still.frames), FusionOptions(method="pyramid"), progress)
    assert progress.steps == 4
    assert progress.finished == 1
    assert all(np.array_equal(a, b) for a, b in zip(copies, still.frames, strict=True))


@pytest.mark.parametrize("method", FUSERS)
def test_grey_frames_are_fused_to_a_grey_image(method: str) -> None:
    light = np.linspace(0.1, 0.8, 96 * 64, dtype=np.float32).reshape(64, 96)
    frames = [to_dtype(encode(light * np.float32(k)), np.dtype(np.uint16)) for k in (1, 1.001)]
    fused = fuse_aligned(ArrayFrames(frames), FusionOptions(method=method))
    assert fused.image.shape == (64, 96)
    assert fused.image == pytest.approx(encode(light), abs=2e-3)


@pytest.mark.parametrize(("code", "shows"), [(2, False), (3, True)])
def test_a_border_is_black_up_to_two_codes(code: int, shows: bool) -> None:
    pixels = np.full((40, 60, 3), 90, np.uint8)
    pixels[:5] = code
    assert filled(Picture(pixels, None, Metadata()))[2, 30] == shows
