"""What seems to have moved is looked at more closely."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.fusion.motion import proof
from focusstack.fusion.motion.proof import Close, proven
from focusstack.numeric.arrays import Float32
from tests.fusion.motion.test_presence import defocused
from tests.fusion.pictures import textured

SCALE, CELLS = 4, (50, 60)
SHAPE = (SCALE * CELLS[0], SCALE * CELLS[1])


def coded(picture: Float32) -> Close:
    return np.asarray(np.rint(255 * np.clip(picture, 0, 1)), np.uint8)


def noisy(picture: Float32, sigma: float, seed: int = 3) -> Float32:
    noise = np.random.default_rng(seed).standard_normal(picture.shape, np.float32)
    return np.asarray(picture + np.float32(sigma) * noise, np.float32)


def share(own: Float32, other: Float32, cells: float) -> float:
    """Part of what seems to be so many cells to the right that is."""
    sure = np.zeros(CELLS, bool)
    sure[8:-8, 8:-8] = True
    way = np.zeros((*CELLS, 2), np.float32)
    way[..., 0] = cells
    detail = np.random.default_rng(5).random(CELLS, np.float32)
    found, _ = proven(sure, way, detail, coded(own), coded(other))
    assert not (found & ~sure).any()
    return float(found[sure].mean())


def test_what_moved_has_moved() -> None:
    picture = textured(SHAPE, grain=1.5)
    assert share(picture, np.roll(picture, 8, axis=1), 2) == 1
    assert share(picture, np.roll(picture, 10, axis=1), 2) == 1  # half a cell beside its way
    assert share(picture, np.roll(picture, 16, axis=1), 2) == 0


def test_blur_is_no_movement() -> None:
    picture = textured(SHAPE, grain=1.5)
    for radius in (2, 4, 8, 16):
        for cells in (0.7, 1.5, 3):
            assert share(picture, defocused(picture, radius), cells) == 0
            assert share(defocused(picture, radius), picture, cells) == 0


def test_edges_that_widen_have_not_moved() -> None:
    hairs = np.full(SHAPE, 0.3, np.float32)
    for x in range(10, SHAPE[1], 17):
        hairs[:, x : x + 3] = 0.9
    sharp = cv2.GaussianBlur(hairs, (0, 0), 0.7)
    for radius in (3, 6, 10):
        for cells in (1, 2, 3):
            assert share(np.asarray(sharp), defocused(hairs, radius), cells) == 0


def test_alignment_off_by_a_pixel_is_no_movement() -> None:
    picture = textured(SHAPE, grain=1.5)
    assert share(picture, np.roll(picture, 1, axis=1), 0.25) == 0
    assert share(picture, np.roll(picture, 3, axis=1), 0.75) == 1


@pytest.mark.parametrize(("noise", "seen"), [(0.04, True), (0.12, False)])
def test_what_moved_looks_the_same(noise: float, *, seen: bool) -> None:
    picture = textured(SHAPE, grain=1.5)
    other = noisy(np.roll(picture, 8, axis=1), noise)
    assert (share(noisy(picture, noise, 4), other, 2) > 0.5) == seen


def test_blocks_are_larger_where_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[object] = []

    def look(*place: object) -> bool:
        looked_at.append(place)
        return True

    monkeypatch.setattr(proof, "_moved", look)
    sure, way = np.ones((300, 400), bool), np.zeros((300, 400, 2), np.float32)
    picture = np.zeros((300, 400), np.uint8)
    assert proven(sure, way, sure.astype(np.float32), picture, picture)[0].all()
    assert 50 <= len(looked_at) <= 200


def test_the_place_with_most_detail_speaks_for_its_block() -> None:
    picture = textured(SHAPE, grain=1.5)
    other = picture.copy()
    other[:, : SHAPE[1] // 2] = np.roll(picture, 8, axis=1)[:, : SHAPE[1] // 2]
    sure, way = np.zeros(CELLS, bool), np.zeros((*CELLS, 2), np.float32)
    way[..., 0] = 2
    sure[24:30, 12:18] = sure[24:30, 42:48] = True
    found, _ = proven(sure, way, np.ones(CELLS, np.float32), coded(picture), coded(other))
    assert found[24:30, 12:18].all()
    assert not found[24:30, 42:48].any()


def test_pictures_smaller_than_a_patch_tell_nothing() -> None:
    small = np.zeros((20, 20), np.uint8)
    sure, way = np.ones((20, 20), bool), np.zeros((20, 20, 2), np.float32)
    assert proven(sure, way, sure.astype(np.float32), small, small)[0].all()


def proves(far: int, white: int, code: int = 243) -> bool:
    """Whether what moved proves it `far` pixels from a stripe of `code`, `white` pixels wide."""
    picture = np.minimum(coded(textured(SHAPE, grain=1.5)), 190)
    picture[:, 120 + far : 120 + far + white] = code
    picture[:20] = 243
    sure, way = np.zeros(CELLS, bool), np.zeros((*CELLS, 2), np.float32)
    way[..., 0] = 2
    sure[24:30, 30] = True
    moved, found = proven(sure, way, np.ones(CELLS, np.float32), picture, np.roll(picture, 8, 1))
    np.testing.assert_array_equal(moved, found)
    return bool(found[24:30, 30].all())


def test_beside_what_is_blown_out_nothing_is_proven() -> None:
    assert proves(far=20, white=20)
    assert not proves(far=4, white=20)
    assert not proves(far=4, white=20, code=239)  # compression changes white a little
    assert proves(far=4, white=20, code=235)
    assert proves(far=4, white=1)
    assert not proves(far=4, white=2)


def test_white_is_what_many_pixels_reach() -> None:
    picture = np.full((100, 100), 90, np.uint8)
    picture.flat[:2000] = 232
    for count, white in ((8, 232), (15, 250)):
        picture.flat[:count] = 250
        assert proof._white(picture) == white - proof.WHITE


def test_the_brightest_wall_need_not_be_white() -> None:
    assert proof._white(np.full((9, 9), 225, np.uint8)) > 255
    assert proof._white(np.full((9, 9), 232, np.uint8)) < 232
