"""Places where a frame says nothing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.fusion.levels import validity as module
from focusstack.fusion.levels.laplacian import level_shapes
from focusstack.fusion.levels.validity import (
    MANY,
    ValidityLevels,
    _known,
    as_bytes,
    as_shares,
    filled,
    mend,
    validity_levels,
)
from focusstack.resample.planes import Planes

HEIGHT, WIDTH = 120, 160


def test_invalid_places_continue_their_surroundings() -> None:
    ramp = np.tile(np.linspace(0.2, 0.8, 64, dtype=np.float32), (64, 1))
    validity = np.ones((64, 64), np.float32)
    validity[20:40, 20:40] = 0
    spoilt = np.where(validity > 0, ramp, np.float32(9))
    np.testing.assert_allclose(filled(spoilt, validity), ramp, atol=0.1)
    assert filled(ramp, np.ones_like(ramp)) is ramp
    levels = validity_levels(validity, level_shapes(64, 64))
    assert [plane.shape for plane in levels] == level_shapes(64, 64)
    assert all(plane.min() >= 0 and plane.max() <= 1 + 1e-6 for plane in levels)


def test_validity_is_that_of_its_validity_in_either_form() -> None:
    shapes = level_shapes(64, 96)
    validity = np.ones((64, 96), np.float32)
    validity[:30] = 0.2
    validity[50:] = 0
    plain, codes = (
        ValidityLevels.of(validity, shapes),
        ValidityLevels.of(as_bytes(validity), shapes),
    )
    np.testing.assert_array_equal(plain.finest, codes.finest)
    np.testing.assert_allclose(as_shares(codes.finest), validity, atol=1e-6)
    for one, other, exact in zip(
        plain.coarse, codes.coarse, validity_levels(validity, shapes)[1:], strict=True
    ):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_allclose(one, exact, atol=2 / 255)
    assert as_bytes(np.full((2, 2), 1e-9, np.float32)).min() == 1


def test_a_thousandth_of_the_pixels_beneath_is_enough_to_be_known() -> None:
    coarser = np.full((4, 4), 9, np.float32)
    for share, own in ((1.4e-3, True), (0.7e-3, False)):
        weight = np.full((4, 4), share, np.float32)
        found = _known(weight * np.float32(0.5), weight, coarser)
        np.testing.assert_allclose(found, 0.5 if own else 9, rtol=1e-5)


def test_validity_of_two_is_their_product() -> None:
    shapes = level_shapes(32, 32)
    half = ValidityLevels.of(np.full((32, 32), 0.5, np.float32), shapes)
    both = half.times(ValidityLevels.of(np.full((32, 32), 0.6, np.float32), shapes))
    np.testing.assert_allclose(both.finest, 0.3 * 255, atol=1)
    for plane in both.coarse:
        np.testing.assert_allclose(plane, 0.3, atol=0.01)


@pytest.mark.parametrize("coded", [False, True])
def test_specks_on_a_ramp_vanish(coded: bool) -> None:
    x, y = np.meshgrid(np.linspace(0.2, 0.6, WIDTH), np.linspace(0, 0.2, HEIGHT))
    ramp = np.stack([x, x + y, 0.9 - x], -1).astype(np.float32)
    hidden = np.zeros((HEIGHT, WIDTH), np.uint8)
    for place in ((40, 30), (90, 70), (0, 119), (100, 66)):  # some at a border, some close
        cv2.circle(hidden, place, 4, 1, -1)
    spoilt = ramp.copy()
    spoilt[hidden > 0] = 0
    planes = Planes.of(spoilt, coded=coded)
    mend(planes, hidden > 0, 6.0)
    assert np.abs(planes.pixels() - ramp).max() < 0.025
    kept = Planes.of(spoilt, coded=coded).pixels()
    assert np.array_equal(planes.pixels()[hidden == 0], kept[hidden == 0])


def test_what_is_wide_is_not_invented() -> None:
    picture = np.full((HEIGHT, WIDTH), 0.5, np.float32)
    hidden = np.zeros((HEIGHT, WIDTH), bool)
    hidden[40:80, 40:120] = True
    picture[hidden] = 0.1
    planes = Planes.of(picture)
    mend(planes, hidden, 6.0)
    assert np.array_equal(planes.pixels(), picture)


def test_many_parts_are_filled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = np.full((HEIGHT, WIDTH), 0.5, np.float32)
    hidden = np.zeros((HEIGHT, WIDTH), bool)
    hidden[4::8, 4::8] = True
    picture[hidden] = 0
    for most in (MANY, 10):
        monkeypatch.setattr(module, "MANY", most)
        planes = Planes.of(picture)
        mend(planes, hidden)
        np.testing.assert_allclose(planes.values, 0.5, atol=1e-6)
