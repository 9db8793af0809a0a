"""Proxies: light and clipping survive the reduction, the spool gives back what it was given."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.frames.proxies.loops.reduction import reduce_light
from focusstack.frames.proxies.proxy import (
    BLOCK,
    WHOLE,
    Proxy,
    ProxySpool,
    make_proxy,
    proxy_scale,
    proxy_size,
)
from focusstack.images.colour import encode, light_table, linearise, luma, to_dtype, to_float
from focusstack.numeric.arrays import Float32, Image
from focusstack.runtime.spool import Spool
from focusstack.scene.stack import RenderedStack


def textured(shape: tuple[int, ...], seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 200, shape).astype(np.uint8)


def proxy(width: int, height: int, seed: int) -> Proxy:
    rng = np.random.default_rng(seed)
    clipped = rng.integers(0, 2, (height, width)).astype(np.uint8)
    return Proxy(rng.random((height, width), np.float32), clipped)


# Size -----------------------------------------------------------------------------------------


@given(width=st.integers(100, 20000), height=st.integers(100, 20000))
def test_proxies_have_about_the_pixels_asked_for(width: int, height: int) -> None:
    s = proxy_scale(width, height, megapixels=2.0)
    w, h = proxy_size(width, height, s)
    asked = min(2e6, width * height)
    assert s <= 1
    # Rounding to whole pixels may add half a row and half a column.
    assert WHOLE[0] * asked - w - h <= w * h <= WHOLE[1] * asked + w + h
    assert (s == 1) == (width * height < WHOLE[1] * 2e6)


def test_reductions_near_a_whole_number_split_no_pixel() -> None:
    assert 1 / proxy_scale(4032, 3024, megapixels=3.0) == 2
    assert 1 / proxy_scale(6000, 4000, megapixels=3.0) == 3


def test_reductions_far_from_a_whole_number_are_not_rounded() -> None:
    for reduction in (1.4, 1.6):  # either whole number beside it is far from the pixels asked for
        width, height = round(2000 * reduction), round(1500 * reduction)
        assert 1 / proxy_scale(width, height, megapixels=3.0) == pytest.approx(reduction, abs=0.01)


def test_frames_are_measured_at_about_three_megapixels() -> None:
    for width, height in ((4032, 3024), (6000, 4000), (9504, 6336)):
        across, down = proxy_size(width, height, proxy_scale(width, height))
        assert 2.5e6 < across * down < 3.5e6


def test_small_frames_stay_as_they_are() -> None:
    assert proxy_scale(480, 360) == 1
    assert proxy_size(480, 360, 1.0) == (480, 360)


# Reduction ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 3])
def test_mean_light_is_kept(dtype: type, channels: int) -> None:
    shape = (240, 320) if channels == 1 else (240, 320, 3)
    pixels = to_dtype(to_float(textured(shape)), np.dtype(dtype))
    before = pixels.copy()
    reduced, _ = make_proxy(pixels, 0.25)
    assert reduced.luma.shape == (60, 80)
    # Every proxy pixel holds the mean linear light of the 4 x 4 pixels beneath.
    expected = luma(linearise(pixels)).reshape(60, 4, 80, 4).mean((1, 3))
    assert reduced.luma == pytest.approx(expected, rel=1e-4)
    assert np.array_equal(pixels, before)


def test_mean_light_is_kept_at_odd_scales() -> None:
    pixels = textured((243, 321, 3))
    reduced, _ = make_proxy(pixels, 0.37)
    assert reduced.luma.mean() == pytest.approx(luma(linearise(pixels)).mean(), rel=2e-3)


def test_averages_are_of_light_not_of_codes() -> None:
    # Black and white in a fine chequer: half the light, which is code 188, not 128.
    chequer = np.indices((64, 64)).sum(0) % 2 * 254
    reduced, _ = make_proxy(chequer.astype(np.uint8), 0.25)
    assert encode(reduced.luma) * 255 == pytest.approx(187, abs=1)


@given(x=st.integers(0, 319), y=st.integers(0, 255), channel=st.integers(0, 2))
@settings(max_examples=30)
def test_a_single_clipped_pixel_survives(x: int, y: int, channel: int) -> None:
    pixels = np.full((256, 320, 3), 90, np.uint8)
    pixels[y, x, channel] = 255
    reduced, facts = make_proxy(pixels, 0.25)
    assert reduced.clipped[y // 4, x // 4] == 1
    assert reduced.clipped.sum() <= 4
    assert facts.clipped > 0
    assert facts.clean.min() < 1


def test_nothing_is_clipped_below_white() -> None:
    reduced, facts = make_proxy(np.full((64, 64, 3), 250, np.uint8), 0.5)
    assert not reduced.clipped.any()
    assert facts.clipped == 0
    assert (facts.clean == 1).all()


# Statistics -----------------------------------------------------------------------------------


def test_blocks_are_mean_linear_light() -> None:
    pixels = textured((64, 96, 3))
    _, facts = make_proxy(pixels, 1.0)
    shape = (64 // BLOCK, BLOCK, 96 // BLOCK, BLOCK, 3)
    assert facts.blocks == pytest.approx(linearise(pixels).reshape(shape).mean((1, 3)), rel=1e-4)


def test_the_signature_tells_where_a_frame_is_sharp() -> None:
    """Patches of a twenty-fourth of the width fill a tile each; soft tiles between are seen."""
    tile = 16
    pixels = np.full((16 * tile, 24 * tile), 120, np.uint8)
    sharp = {(4, 6), (4, 8), (6, 6)}
    for row, column in sharp:
        there = np.s_[row * tile : (row + 1) * tile, column * tile : (column + 1) * tile]
        pixels[there] = textured((tile, tile), seed=column)
    signature = make_proxy(pixels, 1.0)[1].signature
    found = np.argwhere(signature > signature.max() - 1.5)
    assert {(int(row), int(column)) for row, column in found} == sharp


def test_grey_frames_have_one_channel_of_blocks() -> None:
    _, facts = make_proxy(textured((64, 96)), 1.0)
    assert facts.blocks.shape == (8, 12, 1)


def test_focus_is_sharper_than_blur_at_any_exposure(steps_stack: RenderedStack) -> None:
    frame = linearise(steps_stack.frames[3])
    sharp = make_proxy(encode(frame), 1.0)[1].sharpness
    darker = make_proxy(encode(frame * np.float32(0.6)), 1.0)[1].sharpness
    blurred = np.asarray(cv2.GaussianBlur(frame, (0, 0), 2), np.float32)
    assert make_proxy(encode(blurred), 1.0)[1].sharpness < 0.6 * sharp
    assert darker == pytest.approx(sharp, rel=0.05)


@pytest.mark.parametrize("size", [(1400, 900), (60, 40), (2, 110_000)])
def test_highlights_are_what_one_pixel_in_a_hundred_thousand_exceeds(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).random((*size, 3), np.float32)
    pixels[:3, 1] = 1  # several in one row
    light = np.sort(linearise(pixels).reshape(-1, 3), axis=0)
    facts = make_proxy(pixels, 1.0)[1]
    np.testing.assert_array_equal(facts.peak, light[-1 - size[0] * size[1] // 100_000])


# Spool ----------------------------------------------------------------------------------------


ROOM = [0, 6000, 1 << 20]
"""Bytes: for none, for some, for all proxies of the tests."""


@given(
    order=st.permutations(range(5)), reading=st.permutations(range(5)), room=st.sampled_from(ROOM)
)
@settings(max_examples=20)
def test_the_spool_keeps_every_proxy_whatever_the_order(
    order: list[int], reading: list[int], room: int
) -> None:
    proxies = [proxy(37, 23, seed) for seed in range(5)]
    with ProxySpool(37, 23, room) as spool:
        for index in order:
            spool.put(index, proxies[index])
        for index in reading:
            found = spool.get(index)
            assert np.array_equal(found.clipped, proxies[index].clipped)
            assert found.luma.dtype == np.float32
            # Half floats have eleven significant bits.
            assert found.luma == pytest.approx(proxies[index].luma, rel=2**-11, abs=1e-7)


def test_luma_is_kept_as_the_nearest_half_floats() -> None:
    every = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(np.float32)  # finite ones
    middles = (every[1:] + every[:-1]) / 2
    near = [np.nextafter(middles, np.float32(way)) for way in (-np.inf, np.inf)]
    light = np.concatenate([every, middles, *near]).reshape(1, -1)
    with ProxySpool(light.size, 1) as spool:
        spool.put(0, Proxy(light, np.zeros(light.shape, np.uint8)))
        found = spool.get(0).luma
    np.testing.assert_array_equal(found, light.astype(np.float16).astype(np.float32))


@pytest.mark.parametrize("room", [0, 200, 1 << 20])
def test_a_proxy_can_be_put_anew(room: int) -> None:
    with ProxySpool(8, 8, room) as spool:
        spool.put(0, proxy(8, 8, 0))
        spool.put(1, proxy(8, 8, 1))
        spool.put(0, proxy(8, 8, 2))
        assert np.array_equal(spool.get(0).clipped, proxy(8, 8, 2).clipped)
        assert np.array_equal(spool.get(1).clipped, proxy(8, 8, 1).clipped)


def test_only_as_much_stays_in_memory_as_there_is_room() -> None:
    ones = np.ones(100, np.uint8)
    with Spool(250) as spool:
        for key in range(4):
            spool.put(key, ones * np.uint8(key))
        same = [spool.get(key)[0] is spool.get(key)[0] for key in range(4)]
        assert same == [True, True, False, False]
        spool.put(0, ones[:10])  # leaves room for another
        spool.put(2, ones)
        assert spool.get(2)[0] is spool.get(2)[0]
        assert [int(spool.get(key)[0].sum()) for key in range(4)] == [10, 100, 100, 300]


@pytest.mark.parametrize("room", [0, 1000])
def test_what_is_kept_is_made_once_and_not_written_to(room: int) -> None:
    calls = []

    def make() -> tuple[Image]:
        calls.append(1)
        return (np.arange(9, dtype=np.uint8),)

    with Spool(room) as spool:
        found = [spool.kept("a", make)[0] for _ in range(3)]
    assert len(calls) == 1
    assert all(np.array_equal(one, np.arange(9)) for one in found)
    with pytest.raises(ValueError, match="read-only"):
        found[0][0] = 7


# Picture --------------------------------------------------------------------------------------


def pictured(light: Float32) -> Image:
    return Proxy(light, np.zeros(light.shape, np.uint8)).picture()


def test_pictures_use_all_codes_whatever_the_exposure() -> None:
    light = linearise(textured((120, 160)))
    bright, dark = pictured(light), pictured(light * np.float32(0.05))
    for picture in (bright, dark):
        assert picture.dtype == np.uint8
        assert picture.min() < 5
        assert picture.max() > 250
    # The curve's toe is no power law, so that the two are alike but not equal.
    assert np.corrcoef(bright.ravel(), dark.ravel())[0, 1] > 0.99


def test_pictures_keep_the_order_of_brightness() -> None:
    ramp = np.tile(np.linspace(0.01, 0.9, 160, dtype=np.float32), (120, 1))
    assert (np.diff(pictured(ramp).astype(int), axis=1) >= 0).all()


def test_an_even_frame_gives_an_even_picture() -> None:
    picture = pictured(np.full((40, 40), 0.3, np.float32))
    assert picture.min() == picture.max()


@pytest.mark.parametrize("room", [0, 40_000, 1 << 20])
def test_threads_may_read_at_once(room: int) -> None:
    proxies = [proxy(64, 48, seed) for seed in range(8)]
    with ProxySpool(64, 48, room) as spool, ThreadPoolExecutor(8) as pool:
        for index, one in enumerate(proxies):
            spool.put(index, one)
        wanted = [index for _ in range(400) for index in range(8)]
        found = list(pool.map(spool.get, wanted))
    for index, one in zip(wanted, found, strict=True):
        assert np.array_equal(one.clipped, proxies[index].clipped)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(321, 243), (200, 151), (107, 81), (37, 20)])
def test_area_means_at_any_scale(dtype: type, size: tuple[int, int]) -> None:
    pixels = to_dtype(to_float(textured((243, 321, 3))), np.dtype(dtype))
    pixels[100, 200, 1] = np.iinfo(dtype).max
    pixels[-1, -1, 2] = np.iinfo(dtype).max
    light, clipped = reduce_light(pixels, light_table(pixels.dtype), np.iinfo(dtype).max, size)
    whole = cv2.resize(linearise(pixels), size, interpolation=cv2.INTER_AREA)
    assert np.moveaxis(light, 0, -1) == pytest.approx(whole, abs=1e-6)
    across, down = 321 / size[0], 243 / size[1]
    expected = np.zeros(size[::-1], np.uint8)
    for x, y in ((200, 100), (320, 242)):
        rows = slice(int(y / down), int(np.ceil((y + 1) / down)))
        expected[rows, int(x / across) : int(np.ceil((x + 1) / across))] = 1
    assert np.array_equal(clipped, expected)
