"""No decision takes away what the second-best frame shows."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.fusion.motion.guard import Guard
from focusstack.numeric.arrays import Float32, Mask

SHAPE = (60, 80)
NONE, ALL = np.zeros(SHAPE, np.float32), np.ones(SHAPE, np.float32)
EVERYWHERE = (slice(None), slice(None))


def showing(*details: float, level: int = 2) -> Guard:
    """A guard that has seen frames of so much detail, root mean square, and shows the last."""
    guard = Guard(SHAPE, level)
    for detail in details:
        guard.add(np.float32(detail**2) * ALL)
        guard.show(ALL, NONE)
    return guard


def spot(side: int) -> Mask:
    area = np.zeros(SHAPE, bool)
    area[30 : 30 + side, 40 : 40 + side] = True
    return area


@pytest.mark.parametrize(("shown", "lacks"), [(0.1, False), (0.085, False), (0.075, True)])
def test_less_than_four_fifths_of_the_second_best_is_too_little(
    shown: float, *, lacks: bool
) -> None:
    guard = showing(0.1, 0.3, shown)
    guard.add(NONE)
    assert guard.wanting(NONE, ALL).all() == lacks
    assert not showing(0.3, shown).wanting(NONE, ALL).any()  # the best alone may be a fault


def test_what_is_hidden_or_let_go_does_not_count() -> None:
    guard = showing(0.2)
    guard.add(np.float32(0.2**2) * ALL)
    assert not guard.wanting(NONE, ALL).any()
    assert not guard.wanting(ALL, NONE).any()
    assert guard.wanting(NONE, NONE).all()
    half = ALL.copy()
    half[:, :40] = 0
    lacking = guard.wanting(NONE, half)
    assert lacking[:, :38].all()
    assert not lacking[:, 46:].any()


def test_where_detail_is_elsewhere_half_of_it_suffices() -> None:
    for shown, lacks in ((0.055, False), (0.045, True)):
        guard = showing(0.1, 0.3, shown)
        guard.move(spot(4), EVERYWHERE)
        guard.add(NONE)
        lacking = guard.wanting(NONE, ALL)
        assert lacking[10, 10]
        assert lacking[31, 41] == lacks


def test_half_does_not_suffice_where_the_frame_is_out_of_focus() -> None:
    guard = showing(0.1, 0.3, 0.055)
    guard.move(spot(20), EVERYWHERE)
    guard.add(NONE)
    guard.blur(spot(4))
    assert guard.wanting(NONE, ALL)[31, 41]
    guard.add(NONE)  # of the next frame, nothing is known
    assert not guard.wanting(NONE, ALL)[31, 41]


def test_all_whose_window_sees_a_proven_place_goes_with_it() -> None:
    guard = showing(0.1, 0.3, 0.06)
    guard.move(spot(1), EVERYWHERE)
    guard.add(NONE)
    lacking = guard.wanting(NONE, ALL)[30, 40:]
    # four cells of rim and half a window of seven, less what is widened by as much again
    assert np.flatnonzero(lacking)[0] == 4 + 3 - 3 + 1


def test_what_is_gone_may_go_and_is_no_detail_any_more() -> None:
    guard = showing(0.3, 0.3)
    guard.add(NONE)
    guard.vanish(spot(20))
    assert not guard.wanting(ALL, NONE)[32:48, 42:58].any()
    guard.show(ALL, NONE)
    guard.add(NONE)
    lacking = guard.wanting(ALL, NONE)
    assert lacking[10, 10]
    assert not lacking[32:48, 42:58].any()


@pytest.mark.parametrize(("level", "across"), [(1, 13), (2, 7), (3, 3), (4, 3)])
def test_windows_are_25_pixels_wide(level: int, across: int) -> None:
    guard = Guard(SHAPE, level)
    point = NONE.copy()
    point[30, 40] = 1
    guard.add(point)
    guard.show(ALL, NONE)
    guard.add(point)
    lacking = guard.wanting(NONE, NONE)
    assert np.count_nonzero(lacking[30]) == 2 * across - 1


@pytest.mark.parametrize(("codes", "counts"), [(1.5, True), (0.7, False)])
def test_what_nobody_sees_is_not_lost(codes: float, *, counts: bool) -> None:
    guard = showing(codes / 255)
    guard.add(np.float32((codes / 255) ** 2) * ALL)
    assert guard.wanting(NONE, NONE).any() == counts


def test_frames_that_are_let_in_again_make_up_for_what_was_wanting() -> None:
    rng = np.random.default_rng(3)
    guard = Guard(SHAPE, 2)
    for _ in range(40):
        guard.add(rng.random(SHAPE, np.float32) ** 2)
        kept, stays = _masks(rng)
        kept = np.maximum(kept, 1 - stays)
        lacking = guard.wanting(kept, stays)
        kept, stays = (np.where(lacking, np.float32(1), mask) for mask in (kept, stays))
        guard.show(kept, stays)
        guard._new = NONE
        assert not guard.wanting(NONE, ALL).any()


def _masks(rng: np.random.Generator) -> tuple[Float32, Float32]:
    """Blocks that are hidden, and blocks that are let go."""
    small = (rng.random((2, 6, 8)) > 0.4).astype(np.float32)
    return tuple(np.kron(one, np.ones((10, 10), np.float32)) for one in small)  # type: ignore[return-value]
