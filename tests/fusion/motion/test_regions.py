"""Which of two frames is shown where they differ."""

from __future__ import annotations

import numpy as np

from focusstack.fusion.motion.regions import Spot, described, winning


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
