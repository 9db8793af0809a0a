"""Coarser tiles stand in where finer ones see nothing, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.fields.fallback import standing_in
from focusstack.alignment.fields.grid import Grid
from tests.alignment.fields.known_fields import SIZE, smooth, spread, tiles, torn


def test_coarser_tiles_stand_in_where_finer_ones_see_nothing() -> None:
    coarse, fine = Grid(11, 16, SIZE, 3, 0), Grid(21, 31, SIZE, 3, 0)
    wide = spread(48)
    dense = spread()[spread()[:, 0] < SIZE[0] / 2]  # the right half is soft
    nothing = np.zeros((3, 11, 16, 2))
    pair, other = tiles(smooth(wide), wide), tiles(torn(wide), wide)
    coarser = coarse.equations([(0, 1, pair), (1, 2, other)], nothing)
    finer = fine.equations([(0, 1, tiles(smooth(dense), dense))], np.zeros((3, 21, 31, 2)))
    assert coarser is not None
    assert finer is not None
    found = standing_in((coarse, coarser), (fine, finer), 24)
    at, pairs = fine.centres(found.places), fine.pairs(found.places)
    of_first, of_other = pairs == 1, pairs == 5
    # A pair without finer tiles keeps all; the other those out of their sight, with what they tell.
    assert np.count_nonzero(of_other) == len(wide)
    assert at[of_first, 0].min() > SIZE[0] / 2
    expected = wide[:, 0] > dense[:, 0].max() + 24 + 16
    assert np.count_nonzero(of_first) >= np.count_nonzero(expected) > 50
    right = [np.argmin(np.linalg.norm(wide - p, axis=1)) for p in at[of_first]]
    assert found.target[of_first] == pytest.approx(pair.shifts[right], abs=1e-5)
