"""A wide search finds what lies far off, and says nothing where it cannot know."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from focusstack.alignment.quality.elsewhere import find_elsewhere
from focusstack.alignment.quality.sharp_tiles import Sharpness, compare_closely
from focusstack.alignment.quality.wide import (
    Searched,
    compare_widely,
    search_scale,
)
from focusstack.numeric.arrays import Float32

HEIGHT, WIDTH = 320, 480


def texture(seed: int = 0, blur: float = 1.5) -> Float32:
    noise = np.random.default_rng(seed).normal(size=(HEIGHT, WIDTH)).astype(np.float32)
    found = cv2.GaussianBlur(noise, (0, 0), blur)
    return np.asarray(found / found.std(), np.float32)


@pytest.mark.parametrize("shift", [(0, 0), (2, -1), (12, 5), (-17, 16)])
def test_a_shift_is_recovered(shift: tuple[int, int]) -> None:
    a = texture()
    _, vectors, lost = compare_widely(a, np.roll(a, shift, (1, 0)))
    found = np.isfinite(vectors[:, 0])
    assert found.mean() > 0.7  # what is rolled over the border is not found
    assert np.abs(np.median(vectors[found], 0) - shift).max() < 0.1
    assert lost.mean() < 0.3


def test_a_part_that_lies_elsewhere_is_found_and_nothing_else() -> None:
    a = texture()
    b = a.copy()
    b[100:260, 120:290] = np.roll(a, 11, 1)[100:260, 120:290]
    places, vectors, _ = compare_widely(a, b)
    inside = (np.abs(places - (200, 180)) < (50, 50)).all(1)
    outside = (np.abs(places - (200, 180)) > (130, 130)).any(1)
    assert np.allclose(vectors[inside], (11, 0), atol=0.2)
    assert np.allclose(vectors[outside], 0, atol=0.2)


def test_what_repeats_is_found_in_place_only() -> None:
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    a: Float32 = (np.sin(x / 1.3) * np.sin(y / 1.3)).astype(np.float32)
    for shift, known in ((0, True), (4, False)):
        _, vectors, _ = compare_widely(a, np.asarray(np.roll(a, shift, 1), np.float32))
        far = np.linalg.norm(vectors, axis=1) > 5
        assert not far.any()
        assert np.isfinite(vectors).all() or not known


def test_what_is_another_thing_is_lost() -> None:
    _, vectors, lost = compare_widely(texture(0), texture(1))
    assert lost.mean() > 0.9
    assert not np.isfinite(vectors[lost]).any()


def test_blur_moves_nothing() -> None:
    a = texture(blur=2.5)
    _, vectors, _ = compare_widely(a, np.asarray(cv2.GaussianBlur(a, (0, 0), 2.0), np.float32))
    assert np.nanmax(np.abs(vectors)) < 1


def test_outside_of_the_frames_nothing_is_looked_at() -> None:
    a = texture()
    b = np.roll(a, 9, 1)
    b[:, :200] = np.nan
    places, _, _ = compare_widely(a, b)
    assert places[:, 0].min() > 200


def test_flat_pictures_hold_nothing() -> None:
    flat = np.zeros((HEIGHT, WIDTH), np.float32)
    assert len(compare_widely(flat, flat)[0]) == 0
    assert len(compare_widely(flat[:20], flat[:20])[0]) == 0


def test_large_proxies_are_halved() -> None:
    assert [search_scale(width) for width in (600, 1040, 1041, 4000)] == [1, 1, 0.5, 0.25]


def pair(first: int, second: int, far: int, px: float = 12.0, tiles: int = 50) -> Searched:
    vectors = np.zeros((tiles, 2))
    vectors[:far, 0] = px
    return Searched(first, second, np.zeros((tiles, 2)), vectors, np.zeros(tiles, bool))


def test_the_displaced_frame_is_blamed_and_not_its_neighbours() -> None:
    pairs = [pair(i, j, 10 * (2 in (i, j))) for i in range(5) for j in (i + 1, i + 2) if j < 5]
    found = find_elsewhere(pairs, range(5), 0.5, 800)
    assert found.px.tolist() == [0, 0, 24, 0, 0]
    assert found.share[2] == pytest.approx(0.2)
    assert found.stack == pytest.approx(0.1)


def test_an_end_of_the_stack_is_blamed_alone() -> None:
    pairs = [pair(0, 1, 10), pair(1, 2, 0), pair(0, 2, 10), pair(1, 3, 0), pair(2, 3, 0)]
    assert (find_elsewhere(pairs, range(4), 1.0, 800).px > 0).tolist() == [
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("px", "far", "tiles", "told"),
    [
        (2.0, 20, 50, False),  # by too little
        (3.0, 20, 50, True),
        (12.0, 1, 50, False),  # a mishap
        (12.0, 2, 150, True),
        (12.0, 2, 250, False),  # two mishaps among many
        (12.0, 4, 6, False),  # hardly anything was compared
        (12.0, 4, 10, True),
    ],
)
def test_mishaps_do_not_count(px: float, far: int, tiles: int, told: bool) -> None:
    found = find_elsewhere([pair(0, 1, far, px, tiles)], range(2), 1.0, 800)
    assert bool(found.px.all()) == told


def test_small_pictures_tell_no_less_than_they_can() -> None:
    for px, told in ((2.8, False), (3.2, True)):  # two pixels of theirs are one
        found = find_elsewhere([pair(0, 1, 20, px)], range(2), 1.0, 1500)
        assert bool(found.px.all()) == told


def test_small_pictures_tell_a_fraction_where_both_are_sharp() -> None:
    for px, told in ((0.4, False), (0.7, True)):
        slid = np.zeros((50, 2))
        slid[:10, 0] = px
        seen = replace(pair(0, 1, 0, 0.0), slid=slid)
        found = find_elsewhere([seen], range(2), 0.1, 800)
        assert bool(found.px.all()) == told


@pytest.mark.parametrize(("common", "told"), [(0.8, True), (0.35, False)])
def test_a_fraction_is_told_only_of_what_is_sharp_in_both(common: float, told: bool) -> None:
    a, b = texture(), texture()
    alone = np.arange(HEIGHT) % 24 >= 24 * common
    b = np.where(alone[:, None], cv2.GaussianBlur(b, (0, 0), 6.0), b).astype(np.float32)
    assert bool(len(compare_closely(a, b, (Sharpness.of(a * a), Sharpness.of(b * b))))) == told


def discs() -> Float32:
    """Bright discs of several sizes."""
    rng, light = np.random.default_rng(4), np.zeros((HEIGHT, WIDTH), np.float32)
    for x, y in rng.integers(40, 280, (60, 2)):
        cv2.circle(light, (int(x * 1.5), int(y)), int(rng.integers(3, 12)), 1.0, -1)
    return light


def softened(light: Float32, sigma: float) -> Float32:
    return np.asarray(cv2.GaussianBlur(light, (0, 0), sigma), np.float32)


def far_between(a: Float32, b: Float32) -> int:
    """How many tiles of a picture are found elsewhere in another."""
    first, second = (softened(p, 1.0) - softened(p, 4.0) for p in (a, b))
    _, vectors, _ = compare_widely(first, second)
    return int((np.linalg.norm(vectors, axis=1) > 1.5).sum())


def test_edges_blurred_to_one_side_are_not_displaced() -> None:
    radius = 8
    kernel = np.zeros((2 * radius + 1, 2 * radius + 1), np.float32)
    cv2.circle(kernel, (radius, radius), radius, 1, -1)
    kernel[:, :radius] = 0  # as a lens cuts discs off in its corners
    cut = np.asarray(cv2.filter2D(discs(), -1, kernel / kernel.sum()), np.float32)
    assert far_between(discs(), cut) <= 6


@pytest.mark.parametrize(("blur", "noise"), [(3.0, 0.0), (0.0, 0.35)])
def test_what_is_displaced_is_found_however_blurred_or_noisy(blur: float, noise: float) -> None:
    b = np.roll(discs(), 9, 1)
    b = softened(b, blur) if blur else b
    b = b + noise * np.random.default_rng(2).normal(size=b.shape).astype(np.float32)
    assert far_between(discs(), np.asarray(b, np.float32)) >= 20
