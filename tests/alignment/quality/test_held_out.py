"""What held-out tiles say: outliers do not decide, and pairs are counted one by one."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.quality.held_out import Held, HeldOut, gaining_pairs, lengths, trimmed_rms


def off_by(px: float, count: int) -> Held:
    vectors = np.full((count, 2), px, np.float32)
    return Held(0, 1, np.zeros_like(vectors), vectors, np.ones(count, bool))


def test_outliers_do_not_choose_the_model() -> None:
    held, moved = [off_by(0.1, 100)], off_by(50, 8)
    assert trimmed_rms(held) == pytest.approx(np.hypot(0.1, 0.1))
    assert trimmed_rms([*held, moved]) < 0.3
    assert trimmed_rms([]) == float("inf")
    assert lengths([*held, moved]).shape == (108,)


def test_pairs_gain_where_their_median_falls() -> None:
    # The fourth pair has too few tiles to count.
    pair = np.repeat([7, 2, 3, 4], [30, 30, 30, 3])[::-1]
    before = np.full(93, 0.2)
    after = np.repeat([0.1, 0.19, 0.3, 0.1], [30, 30, 30, 3])[::-1]
    assert gaining_pairs(pair, before, after) == pytest.approx(2 / 3)
    assert gaining_pairs(pair[:0], before[:0], after[:0]) == 0


@pytest.mark.parametrize(("tiles", "gained"), [(14, 0.0), (28, 1.0)])
def test_pairs_with_few_tiles_tell_nothing(tiles: int, gained: float) -> None:
    pair = np.zeros(tiles, int)
    assert gaining_pairs(pair, np.full(tiles, 0.2), np.full(tiles, 0.1)) == gained


@pytest.mark.parametrize(
    ("share", "gained", "sure"), [(0.8, 0.95, True), (0.8, 0.8, False), (0.9, 0.95, False)]
)
def test_a_small_gain_is_sure_if_nearly_all_pairs_have_it(
    share: float, gained: float, sure: bool
) -> None:
    assert HeldOut(0.1, 0.08, gained, share).shared(0.85) == sure
