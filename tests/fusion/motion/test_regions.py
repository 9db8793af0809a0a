"""Which of two frames is shown where they differ."""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.fusion.motion.regions import Spot, described, vanished, winning


def spot(
    number: int, before: float, now: float, energies: tuple[float, float], area: int = 100
) -> Spot:
    tones = np.full(3, before, np.float32), np.full(3, now, np.float32)
    return Spot(number, area, tones, energies)


def test_spots_are_described_by_their_area_light_and_energy() -> None:
    gone = np.zeros((9, 12), bool)
    gone[1:4, 2:6] = True
    light = np.full((9, 12, 1), 0.25, np.float32)
    energy = np.full((9, 12), 2.0, np.float32)
    labels, (one,) = described(gone, light, 4 * light, (energy, 3 * energy))
    np.testing.assert_array_equal(labels > 0, gone)
    assert (one.area, one.energies) == (12, (24.0, 72.0))
    np.testing.assert_allclose(np.ravel(one.tones), [0.5, 1.0])


def test_the_sharper_one_wins() -> None:
    assert winning([spot(1, 0.5, 0.2, (1, 2)), spot(2, 0.8, 0.3, (2, 1))]) == {1}
    assert winning([spot(1, 0.5, 0.2, (1, 1.05))]) == set()


def test_the_same_thing_in_two_places_is_shown_once() -> None:
    was_here, is_there = spot(1, 0.2, 0.5, (9, 0)), spot(2, 0.55, 0.21, (0, 8))
    assert winning([was_here, is_there]) == set()
    sharper = spot(2, 0.55, 0.21, (0, 20))
    assert winning([was_here, sharper]) == {1, 2}


def test_different_things_are_decided_apart() -> None:
    assert winning([spot(1, 0.2, 0.5, (9, 0)), spot(2, 0.55, 0.8, (0, 8))]) == {2}


def test_the_same_thing_has_about_the_same_size() -> None:
    was_here = spot(1, 0.2, 0.5, (9, 0))
    assert winning([was_here, spot(2, 0.5, 0.2, (0, 8), area=250)]) == set()
    assert winning([was_here, spot(2, 0.5, 0.2, (0, 8), area=350)]) == {2}


def test_the_same_thing_has_about_the_same_light() -> None:
    was_here = spot(1, 0.2, 0.5, (9, 0))  # 0.3 darker than what is behind it
    assert winning([was_here, spot(2, 0.6, 0.29, (0, 8))]) == set()
    assert winning([was_here, spot(2, 0.7, 0.36, (0, 8))]) == {2}


def standing_out(left: float, contrast: float = 0.2, radius: int = 12) -> bool:
    """Whether a disc of which a part of its `contrast` is `left` in the other frame is gone."""
    y, x = np.mgrid[:80, :90]
    distance = np.hypot(y - 40, x - 45)
    disc = distance < radius
    before, now = (
        np.where(disc, 0.5 + share * contrast, 0.5)[..., None].astype(np.float32) ** 2
        for share in (1, left)
    )
    found = vanished(disc, before, now)
    assert not (found & ~disc).any()
    assert found.any() == vanished(disc, now, before).any()
    return bool(found[disc].all())


def test_what_one_frame_does_not_show_at_all_has_vanished() -> None:
    assert standing_out(0.0)
    assert standing_out(0.07)
    assert standing_out(-0.5)
    assert not standing_out(0.15)
    assert not standing_out(0.6)


def test_small_changes_of_light_prove_nothing() -> None:
    assert standing_out(0, contrast=18 / 255)
    assert not standing_out(0, contrast=8 / 255)


def test_blur_leaves_some_of_a_thing_however_wide_it_is() -> None:
    y, x = np.mgrid[:120, :120]
    disc = np.hypot(y - 60, x - 60) < 12
    light = np.where(disc, 0.04, 0.3)[..., None].astype(np.float32)
    for radius in (6, 12, 24):
        soft = cv2.blur(light[..., 0], (2 * radius + 1, 2 * radius + 1))[..., None]
        assert not vanished(disc, light, np.asarray(soft, np.float32)).any()


def test_a_spot_that_fills_the_picture_is_compared_with_nothing() -> None:
    light = np.full((20, 20, 1), 0.5, np.float32)
    assert not vanished(np.ones((20, 20), bool), light, 0 * light).any()
