"""Pairs that do not close are found."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.quality.closure import closures
from focusstack.alignment.quality.residual import Left, left_between
from focusstack.alignment.tiles.matches import Matches, isotropic
from tests.alignment.quality.known_tiles import SIZE, similarities, tiles_between


def test_a_pair_that_disagrees_is_found() -> None:
    H = similarities(5)
    tiles = tiles_between(H, 2)
    odd = tiles[1]
    tiles[1] = Matches(odd.first, odd.second, odd.p + (0.6, 0), odd.q, odd.root)
    found = closures([left_between(m, H) for m in tiles], SIZE)
    worst = max(found, key=lambda c: c.px)
    assert (worst.first, worst.second) == (odd.first, odd.second)
    assert worst.px == pytest.approx(0.6, rel=0.1)
    assert max(c.px for c in found if c is not worst) < 0.03
    assert {c.tiles for c in found} == {len(odd.p)}


def test_measurements_of_one_pair_count_together() -> None:
    H = similarities(2)
    left = [left_between(m, H) for seed in (0, 1) for m in tiles_between(H, seed)]
    (one,) = closures(left, SIZE)
    assert one.tiles == sum(len(m.places) for m in left)


def test_few_tiles_are_not_extrapolated() -> None:
    # One tile in the middle, good to three pixels, lies four off: as likely wrong as right.
    middle = np.array([[(SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2]])
    (one,) = closures([Left(0, 1, middle, np.array([[4.0, 0]]), isotropic(1, 3))], SIZE)
    assert one.px == pytest.approx(4 / 2, rel=0.25)
