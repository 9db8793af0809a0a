"""Detail that is elsewhere in another frame, and what is not taken for it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.fusion.motion.displaced import (
    Displaced,
    Search,
    _bytes,
    _found,
    _reach,
    _way,
    grown,
)
from focusstack.fusion.motion.proof import Close
from focusstack.numeric.arrays import Float32
from tests.fusion.motion.test_movement import seen
from tests.fusion.pictures import textured

SHAPE = (48, 48)


def plane(value: float = 0.0) -> Float32:
    return np.full(SHAPE, value, np.float32)


def closer(shift: float) -> tuple[Close, Close]:
    """Both frames four times as fine, of which the second shows the same `shift` cells away."""
    fine = np.asarray(np.rint(255 * textured((4 * 48, 4 * 48), grain=1.5)), np.uint8)
    return fine, np.roll(fine, round(4 * shift), axis=1)


def search(
    shift: float,
    detail: tuple[float, float] = (0.1, 0.1),
    fine: float = 1.0,
    sharp: tuple[float, float] = (1.0, 1.0),
    astray: float = 0.0,
    left: Float32 | float = 0.0,
    apart: float = 1.0,
) -> Displaced:
    """Look for detail that is `shift` cells to the right; by default sharp, and there again.

    detail and sharp: of both frames; fine: energy by that on the grid; astray: cells between the
    start and where the way back ends; left: square of what the shift does not explain of a
    difference whose square is `apart`.
    """
    way, back = np.zeros((*SHAPE, 2), np.float32), np.zeros((*SHAPE, 2), np.float32)
    way[..., 0], back[..., 0] = shift, astray - shift
    planes = [
        np.stack([luma, plane(d), plane(fine * d * d), plane(s)])
        for luma, d, s in zip(
            (plane() + np.sqrt(np.float32(left)), plane()), detail, sharp, strict=True
        )
    ]
    everywhere = np.ones(SHAPE, bool)
    return _found(way, back, planes[0], planes[1], plane(apart), everywhere, closer(shift))


def finds(shift: float, **how: object) -> bool:
    """Whether it is found in the middle."""
    return bool(search(shift, **how).anything[24, 24])  # type: ignore[arg-type]


def test_sharp_detail_is_displaced_from_seven_tenths_of_a_cell_on() -> None:
    assert finds(0.9)
    assert not finds(0.5)


def test_blurred_detail_has_to_be_farther_away() -> None:
    assert finds(2.0, fine=0.0)
    assert not finds(1.1, fine=0.0)
    assert search(2.0).far[24, 24]
    assert not search(1.1).far[24, 24]


def test_detail_is_sharp_if_half_its_energy_is_finer_than_the_grid() -> None:
    assert finds(0.9, fine=0.7)
    assert not finds(0.9, fine=0.35)


def test_the_way_back_has_to_end_at_the_start() -> None:
    assert finds(1.0, astray=0.27)
    assert not finds(1.0, astray=0.35)


def test_detail_is_about_as_strong_in_both_frames() -> None:
    assert finds(1.0, detail=(0.1, 0.055))
    assert not finds(1.0, detail=(0.1, 0.03))
    assert finds(2.0, detail=(0.1, 0.085), fine=0.0)
    assert not finds(2.0, detail=(0.1, 0.05), fine=0.0)


def test_detail_is_about_as_sharp_in_both_frames() -> None:
    assert finds(1.0, sharp=(1.0, 0.8))
    assert not finds(1.0, sharp=(1.0, 0.45))


def test_next_to_no_fine_energy_is_no_difference_in_sharpness() -> None:
    assert finds(1.0, sharp=(0.0, 0.5e-9))
    assert not finds(1.0, sharp=(0.0, 1e-9))


def test_detail_is_more_than_noise() -> None:
    assert finds(1.0, detail=(2.8 / 255, 2.8 / 255))
    assert not finds(1.0, detail=(1.4 / 255, 1.4 / 255))


def test_what_cannot_be_seen_has_not_moved() -> None:
    assert finds(1.0, apart=(5 / 255) ** 2)
    assert not finds(1.0, apart=(3 / 255) ** 2)


def test_the_shift_has_to_explain_the_difference() -> None:
    assert finds(1.0, left=0.28)
    assert not finds(1.0, left=0.56)


def test_differences_are_those_of_a_window_of_three_cells() -> None:
    left = plane()
    left[24, 24] = 100.0
    found = search(2.0, left=left).far
    unexplained = ~found[4:-4, 4:-4]  # window's weight beyond 0.4 / 100: within 5.2 cells
    assert 68 < unexplained.sum() < 106


def test_slight_displacement_counts_beside_what_is_sure() -> None:
    for shift, spreads in ((0.4, True), (0.2, False)):
        way, back = np.zeros((*SHAPE, 2), np.float32), np.zeros((*SHAPE, 2), np.float32)
        way[..., 0] = np.where(np.arange(48) < 20, np.float32(1), np.float32(shift))
        back[..., 0] = -way[..., 0]
        own = np.stack([plane(), plane(0.1), plane(1), plane(1)])
        everywhere = np.ones(SHAPE, bool)
        found = _found(way, back, own, own, plane(1), everywhere, closer(1)).anything
        assert found[24, 10]
        assert found[24, 24] == spreads


@pytest.mark.parametrize(("apart", "enough"), [(4, True), (6, False)])
def test_a_twentieth_of_sure_motion_carries_the_slight_along(apart: int, *, enough: bool) -> None:
    sure = np.zeros((96, 96), bool)
    sure[::apart, ::apart] = True
    found = grown(sure, np.ones_like(sure))
    assert found[48, 49] == enough
    assert not grown(np.zeros_like(sure), np.ones_like(sure)).any()


def test_what_only_seems_to_be_elsewhere_is_not_displaced() -> None:
    way = np.zeros((*SHAPE, 2), np.float32)
    way[..., 0] = 2
    own = np.stack([plane(), plane(0.1), plane(1), plane(1)])
    close, moved = closer(2)
    for other, there in ((moved, True), (close, False)):
        everywhere = np.ones(SHAPE, bool)
        found = _found(way, -way, own, own, plane(1), everywhere, (close, other))
        assert found.anything[24, 24] == found.far[24, 24] == found.proven[24, 24] == there
        assert found.reach[24, 24] == (2 if there else 0)


def test_all_within_six_cells_knows_how_far_things_are_displaced() -> None:
    way, sure = np.zeros((*SHAPE, 2), np.float32), np.zeros(SHAPE, bool)
    sure[24, 24], way[24, 24] = True, (3, 4)
    reach = _reach(way, sure)
    assert reach[24, 30] == reach[18, 24] == 5
    assert reach[24, 31] == reach[24, 36] == 0


def test_what_was_searched_before_changes_nothing() -> None:
    first, second = (seen(np.roll(textured((400, 400), seed=3), by, axis=1)) for by in (0, 6))
    used, new = Search(), Search()
    small = (slice(0, 60), slice(0, 60))
    used.displaced(first.part(small), second.part(small))
    one, other = (search.displaced(first, second) for search in (used, new))
    assert other.anything.any()
    np.testing.assert_array_equal(one.reach, other.reach)
    np.testing.assert_array_equal(one.anything, other.anything)


@pytest.mark.parametrize("apart", [0.5, 0.75])
def test_the_way_is_found_to_a_part_of_a_cell(apart: float) -> None:
    picture = textured((240, 240), seed=4)
    moved = cv2.warpAffine(
        picture, np.array([[1, 0, apart], [0, 1, 0]]), (240, 240), flags=cv2.INTER_CUBIC
    )
    way = _way(_bytes(picture), _bytes(np.asarray(moved, np.float32)))[40:200, 40:200]
    assert np.sqrt(((way - (apart, 0)) ** 2).sum(axis=2).mean()) < 0.05
