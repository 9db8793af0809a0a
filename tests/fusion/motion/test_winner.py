"""Which of two frames is shown where things have another place."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.fusion.motion.winner import sharper, wider
from focusstack.numeric.arrays import Float32, Mask
from tests.fusion.motion.test_movement import even

NOWHERE_NEAR = 999.0


def plane(value: float, side: int = 130) -> Float32:
    return np.full((side, side), value, np.float32)


def square(first: int, last: int, side: int = 130) -> Mask:
    spot = np.zeros((side, side), bool)
    spot[first:last, first:last] = True
    return spot


def test_energy_on_the_grid_counts_for_a_twentieth() -> None:
    spot, nothing = square(20, 40), plane(0)
    ratio = sharper(spot, plane(NOWHERE_NEAR), even(nothing, 1.0), even(nothing + 0.1))
    np.testing.assert_allclose(ratio[spot], 2, rtol=1e-4)


@pytest.mark.parametrize(("side", "whole_spot"), [(56, True), (90, False)])
def test_large_spots_are_chosen_window_by_window(side: int, *, whole_spot: bool) -> None:
    slid = square(20, 20 + side)
    new = plane(2)
    new[:, 20 + side // 2 :] = 4.0
    found = sharper(slid, plane(NOWHERE_NEAR), even(np.ones_like(new)), even(new))
    left, right = found[20 + side // 2, 24], found[20 + side // 2, 20 + side - 4]
    if whole_spot:
        assert left == right == pytest.approx(3)
    else:  # half a spot away from the border, 45 cells, is nearly four windows
        assert left == pytest.approx(2, abs=0.05)
        assert right == pytest.approx(4, abs=0.05)
        middle = found[20 + side // 2, 20 + side // 2 - 12]
        assert middle == pytest.approx(2 + 2 * 0.16, abs=0.12)


@pytest.mark.parametrize(("ratio", "own"), [(0.35, True), (0.7, False), (1.4, False), (3, True)])
def test_what_is_clear_in_a_place_is_judged_there(ratio: float, *, own: bool) -> None:
    spot, new = square(20, 80), plane(1)
    new[:, :45] = ratio
    found = sharper(spot, plane(1), even(plane(1)), even(new))
    assert (found[50, 24] == pytest.approx(ratio, rel=0.05)) == own


@pytest.mark.parametrize(("reach", "own"), [(2.0, True), (14.0, False)])
def test_rims_as_wide_as_things_are_displaced_go_with_the_thing(reach: float, *, own: bool) -> None:
    spot, new = square(20, 80), plane(1)
    new[:, 20:32] = 9
    shown = plane(1)
    shown[:, 68:80] = 9
    found = sharper(spot, plane(reach), even(shown), even(new))
    assert (found[50, 26] > 4) == own
    assert (found[50, 74] < 1 / 4) == own


def test_an_area_opened_by_discs_loses_what_is_narrower() -> None:
    area = np.zeros((60, 60), bool)
    area[20:40, 10:50] = True
    area[28:32, 50:60] = True
    left = wider(area, np.full((60, 60), 5, np.float32))
    assert left[21:39, 18:42].all()
    assert not left[28:32, 54:].any()
    assert not (left & ~area).any()
    assert not wider(area, np.full((60, 60), 11, np.float32)).any()


def test_rims_are_seen_four_cells_wider_on_either_side() -> None:
    spot, new = square(20, 110), plane(1)
    new[50:70, 30:100] = 90  # ten cells on either side of its middle
    for reach, own in ((11, True), (12.6, False)):
        found = sharper(spot, plane(reach), even(plane(1)), even(new))
        assert (found[60, 65] > 80) == own
