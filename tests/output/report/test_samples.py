"""Small pictures for the page: true to what they are made of, and never larger than allowed."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from focusstack.fusion.base import Fused
from focusstack.geometry.coordinates import Rect
from focusstack.images.colour import encode
from focusstack.images.metadata import Metadata
from focusstack.numeric.arrays import Float32, Image
from focusstack.output.report.collecting import Gathering
from focusstack.output.report.pictures import eight_bit, part, reduce_picture, webp
from focusstack.output.report.samples import (
    COLUMNS,
    MAP_SIDE,
    NINTHS,
    THUMBNAIL_BYTES,
    Budget,
    Place,
    brightness,
    budget,
    maps,
    places,
    sample,
)
from focusstack.plan.model import FramePlan, StackPlan
from focusstack.resample.planes import Planes
from tests.support.colour_profiles import DISPLAY_P3, SRGB, SRGB_CURVE, profile

RNG = np.random.default_rng(3)


def opened(data: bytes) -> Image:
    with Pillow.open(io.BytesIO(data)) as picture:
        assert picture.format == "WEBP"
        return np.asarray(picture)


def smooth(height: int, width: int, channels: int = 3) -> Float32:
    """A picture without fine detail."""
    y, x = np.mgrid[:height, :width]
    planes = [0.5 + 0.4 * np.sin((c + 1) * x / width + y / height) for c in range(channels)]
    return np.stack(planes, axis=-1).astype(np.float32)


def plan(width: int, height: int, worst: tuple[int, int] | None = None) -> StackPlan:
    """Two frames, cropped by ten pixels on each side."""
    frames = tuple(
        FramePlan(name, True, None, np.eye(3), np.ones(3), None, 0.0, 1.0) for name in "ab"
    )
    found = np.full((8, 12), 0.1)
    if worst is not None:
        found[worst] = 3.0
    crop = Rect(10, 10, width - 20, height - 20)
    return StackPlan(
        "a",
        (width, height),
        crop,
        frames,
        ("a", "b"),
        residual_map_px=None if worst is None else found,
    )


# Pictures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3000, 2000, 3), (400, 2600), (90, 60, 3), (1, 9)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_reduced_pictures_fit_and_keep_their_light(shape: tuple[int, ...], dtype: type) -> None:
    top = 1 if dtype is np.float32 else np.iinfo(dtype).max
    given = smooth(shape[0], shape[1])
    image: Image = ((given if len(shape) == 3 else given[..., 0]) * top).astype(dtype)
    before = image.copy()
    small = reduce_picture(image, 300)
    assert small.dtype == np.float32
    assert max(small.shape[:2]) == min(300, max(shape))
    assert small.shape[2:] == shape[2:]
    assert np.array_equal(image, before)
    wanted = image[:: max(1, shape[0] // 300)].mean() / top
    assert small.mean() == pytest.approx(wanted, abs=0.01)


@pytest.mark.parametrize("coded", [True, False])
@pytest.mark.parametrize("channels", [1, 3])
def test_frames_in_planes_look_the_same(coded: bool, channels: int) -> None:
    given = RNG.random((150, 200, channels), np.float32)
    given = given[..., 0] if channels == 1 else given
    planes = Planes.of(given, coded=coded)
    assert reduce_picture(planes, 90) == pytest.approx(reduce_picture(given, 90), abs=1e-4)
    some = slice(10, 50), slice(30, 170, 2)
    assert part(planes, *some) == pytest.approx(given[some], abs=1e-4)


def test_colours_of_other_profiles_become_srgb() -> None:
    wide = profile([SRGB_CURVE], DISPLAY_P3, "Display P3")
    red = np.zeros((4, 4, 3), np.float32)
    red[...] = encode(np.array([0.8225, 0.0331, 0.0171], np.float32))  # sRGB's red in Display P3
    found = eight_bit(red, wide)
    assert np.abs(found[0, 0].astype(int) - [255, 0, 0]).max() <= 3
    same = profile([SRGB_CURVE], SRGB, "sRGB IEC61966-2.1")
    assert np.array_equal(eight_bit(red, same), eight_bit(red))
    assert np.array_equal(eight_bit(red, b"damaged"), eight_bit(red))


def test_a_picture_looks_like_what_it_is_made_of() -> None:
    given = eight_bit(smooth(200, 300))
    found = opened(webp(given, 20_000))
    assert found.shape == given.shape
    assert np.abs(found.astype(int) - given).mean() < 2


@pytest.mark.parametrize("most", [60_000, 15_000, 3_000])
def test_not_even_noise_takes_more_than_it_may(most: int) -> None:
    noise = RNG.integers(0, 256, (400, 500, 3), np.uint8)
    data = webp(noise, most)
    assert len(data) <= most
    assert min(opened(data).shape[:2]) >= 16


# Places ----------------------------------------------------------------------------------------


@given(st.integers(64, 5000), st.integers(64, 5000), st.integers(16, 300), st.integers(0, 95))
@settings(max_examples=60)
def test_places_lie_inside(width: int, height: int, side: int, worst: int) -> None:
    made = plan(width, height, divmod(worst, 12))
    for given_plan in (made, replace(made, residual_map_px=None)):
        found = places(given_plan, side)
        assert [p.name for p in found] == list(NINTHS)
        for place in found:
            r = place.rect
            assert r.width == r.height == found[0].rect.width <= side
            assert r.x >= 0
            assert r.y >= 0
            assert r.x + r.width <= made.crop.width
            assert r.y + r.height <= made.crop.height


def test_places_without_a_map_lie_at_the_edges_and_in_the_corners() -> None:
    found = [p.rect for p in places(plan(320, 220), 50)]
    assert [(r.x, r.y) for r in found] == [(x, y) for y in (0, 75, 150) for x in (0, 125, 250)]


def test_places_are_where_tiles_disagree_most() -> None:
    made = plan(1200, 800, (2, 7))
    found = places(made, 100)
    # The cell's middle on the canvas, less the crop's corner.
    assert max(range(9), key=lambda k: found[k].px or 0) == 1
    assert found[1].rect.x + 50 == pytest.approx(750 - 10, abs=1)
    assert found[1].rect.y + 50 == pytest.approx(250 - 10, abs=1)
    empty = np.full((8, 12), np.nan)
    unknown = places(replace(made, residual_map_px=empty), 100)
    assert [p.px for p in unknown] == [None] * 9


def test_places_at_the_rim_of_a_blank_wall_lie_towards_what_is_there() -> None:
    made = plan(1200, 800, (2, 7))
    assert made.residual_map_px is not None
    there = made.residual_map_px.copy()
    there[:2], there[:, 8:] = np.nan, np.nan  # nothing above, nothing to the right
    r = places(replace(made, residual_map_px=there), 100)[1].rect
    assert r.x + 50 == pytest.approx(750 - 10 - 50, abs=1)  # half a cell to the left
    assert r.y + 50 == pytest.approx(250 - 10 + 50, abs=1)  # and down
    there[:], there[2, 7] = np.nan, 3.0  # nothing anywhere else
    alone = places(replace(made, residual_map_px=there), 100)[1].rect
    assert (alone.x + 50, alone.y + 50) == (750 - 10, 250 - 10)


def test_places_are_shown_pixel_by_pixel() -> None:
    picture = eight_bit(smooth(300, 400))
    shown = [Place("one", Rect(30, 40, 64, 64)), Place("two", Rect(300, 200, 64, 64))]
    found = opened(sample(picture, None, shown, Budget(100, 64, 50_000, 50_000)).places)
    assert found.shape == (64, COLUMNS * 64, 3)
    for k, place in enumerate(shown):
        part = found[:, k * 64 : (k + 1) * 64].astype(int)
        r = place.rect
        assert np.abs(part - picture[r.y : r.y + 64, r.x : r.x + 64]).mean() < 3


# All of a stack --------------------------------------------------------------------------------


@given(st.integers(1, 2000))
def test_the_frames_of_a_page_share_its_bytes(count: int) -> None:
    each = budget(count)
    assert each.overview_bytes + each.places_bytes >= 8_000
    if count <= 300:
        assert count * (each.overview_bytes + each.places_bytes) <= 2_500_000


def test_few_frames_get_large_pictures_and_many_small_ones() -> None:
    def taken(count: int) -> int:
        return count * (budget(count).overview_bytes + budget(count).places_bytes)

    assert 110_000 < taken(1) < 220_000
    assert 1_800_000 < taken(50) < 3_500_000
    assert 6_000 * 2000 < taken(2000) < 11_000 * 2000


def test_what_is_kept_of_a_frame_is_small_whatever_it_shows() -> None:
    made = plan(700, 500)
    gathering = Gathering(made)
    noise = RNG.integers(0, 256, (480, 680, 3), np.uint8)
    gathering.add("a", noise, None)
    found = gathering.found.frames["a"]
    each = budget(3)
    assert len(found.overview) <= each.overview_bytes
    assert len(found.places) <= each.places_bytes
    assert len(found.thumbnail) <= THUMBNAIL_BYTES


@pytest.mark.parametrize("channels", [1, 3])
def test_brightness_is_told_whatever_is_sharp(channels: int) -> None:
    shown = places(plan(220, 170), 32)
    stops = [0.0, 0.5, -0.25, 1.0, 0.0]
    scene = 0.02 + 0.3 * RNG.random((150, 200, channels)).astype(np.float32)
    pictures = [encode(scene * np.float32(2**s)) for s in stops]
    found = brightness(
        [
            sample(p[..., 0] if channels == 1 else p, None, shown, Budget(200, 32, 9_000, 9_000))
            for p in pictures
        ]
    )
    assert found.shape == (5, channels)
    assert found - found[0] == pytest.approx(np.repeat([stops], channels, 0).T, abs=0.01)


@pytest.mark.parametrize(("light", "told"), [(0.0014, True), (0.0007, True), (0.0, False)])
def test_dim_stacks_are_held_against_their_own_brightest(light: float, told: bool) -> None:
    shown = places(plan(220, 170), 32)
    dark = encode(np.full((150, 200, 3), light, np.float32))
    found = brightness([sample(dark, None, shown, Budget(200, 32, 9_000, 9_000))] * 2)
    assert np.isfinite(found).all() == told


def test_black_frames_have_no_brightness() -> None:
    shown = places(plan(220, 170), 32)
    dark = np.zeros((150, 200, 3), np.float32)
    found = brightness([sample(dark, Metadata(), shown, Budget(200, 32, 9_000, 9_000))] * 2)
    assert np.isnan(found).all()


def test_maps_keep_what_pixels_say() -> None:
    depth = np.arange(1000 * 2000, dtype=np.float32).reshape(1000, 2000)
    fused = Fused(depth, depth, depth, (depth % 7).astype(np.uint16))
    found = maps(fused)
    assert max(found.depth.shape) <= MAP_SIDE
    assert found.depth.shape == found.source.shape == found.confidence.shape
    assert np.array_equal((found.depth % 7).astype(np.uint16), found.source)
    assert found.depth.base is None  # the large map can go
