"""Which of two frames is shown where things have another place."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.fusion.motion import winner
from focusstack.fusion.motion.observation import Sight
from focusstack.fusion.motion.winner import Sharper, unmatched, wider
from focusstack.numeric.arrays import Float32, Mask
from tests.fusion.motion.test_movement import even

NOWHERE_NEAR = 999.0


def plane(value: float, side: int = 130) -> Float32:
    return np.full((side, side), value, np.float32)


def sharper(slid: Mask, reach: Float32, shown: Sight, new: Sight) -> Sharper:
    """Of frames whose detail is as even as their fine energy."""
    return winner.sharper(slid, reach, shown, new, (shown.fine, new.fine))


def square(first: int, last: int, side: int = 130) -> Mask:
    spot = np.zeros((side, side), bool)
    spot[first:last, first:last] = True
    return spot


def test_energy_on_the_grid_counts_for_a_twentieth() -> None:
    spot, nothing = square(20, 40), plane(0)
    ratio = sharper(spot, plane(NOWHERE_NEAR), even(nothing, 1.0), even(nothing + 0.1)).energy
    np.testing.assert_allclose(ratio[spot], 2, rtol=1e-4)


@pytest.mark.parametrize(("side", "whole_spot"), [(56, True), (90, False)])
def test_large_spots_are_chosen_window_by_window(side: int, *, whole_spot: bool) -> None:
    slid = square(20, 20 + side)
    new = plane(2)
    new[:, 20 + side // 2 :] = 4.0
    found = sharper(slid, plane(NOWHERE_NEAR), even(np.ones_like(new)), even(new)).energy
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
    found = sharper(spot, plane(1), even(plane(1)), even(new)).energy
    assert (found[50, 24] == pytest.approx(ratio, rel=0.05)) == own


@pytest.mark.parametrize(("reach", "own"), [(2.0, True), (14.0, False)])
def test_rims_as_wide_as_things_are_displaced_go_with_the_thing(reach: float, *, own: bool) -> None:
    spot, new = square(20, 80), plane(1)
    new[:, 20:32] = 9
    shown = plane(1)
    shown[:, 34:46] = 9
    found = sharper(spot, plane(reach), even(shown), even(new)).energy
    assert (found[50, 26] > 4) == own
    assert (found[50, 40] < 1 / 4) == own


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
    shown = plane(1)
    shown[70:80, 30:100] = 90  # and it was beside it
    for reach, own in ((11, True), (12.6, False)):
        found = sharper(spot, plane(reach), even(shown), even(new)).energy
        assert (found[60, 65] > 80) == own


@pytest.mark.parametrize("was_sharper", [True, False])
def test_a_thin_thing_that_one_frame_has_out_of_focus_shows_from_the_other(
    *, was_sharper: bool
) -> None:
    spot, one, other = square(20, 80), plane(1), plane(1)
    one[30:34, 30:70] = 9  # a hair
    other[60:75, 22:78] = 9  # what decides the spot
    shown, new = (one, other) if was_sharper else (other, one)
    found = sharper(spot, plane(6), even(shown), even(new))
    assert (found.energy[29:35, 32:68] < 1).all() == was_sharper  # with its surroundings
    assert (found.energy[29:35, 32:68] > 1).all() == (not was_sharper)
    assert (found.energy[68, 50] > 1) == was_sharper
    hair, rest = (found.blurred[y, 50] for y in (32, 68))
    assert (hair, rest) == (was_sharper, not was_sharper)


@pytest.mark.parametrize("reach", [1.0, 2.0, 3.0, 6.0, 15.0])
def test_what_is_as_clear_is_looked_for_as_far_as_things_slid(reach: float) -> None:
    own, other = plane(1), plane(1)
    own[60:64, 60:64] = 9
    cells = next(a for a in (2, 4, 8, 16) if a >= reach)
    for apart, alone in ((cells, False), (cells + 1, True)):
        beside = other.copy()
        beside[60:64, 63 + apart] = 5
        assert unmatched(own, beside, plane(reach))[60:64, 63].all() == alone
    assert not unmatched(own, other, plane(17)).any()
