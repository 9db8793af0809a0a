"""Chains of pair fits, and the frame to begin at."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.features.links import chained, hub
from focusstack.alignment.features.sift import PairFit
from focusstack.geometry.coordinates import translation
from tests.alignment.movements import inverse, pair, shifts


def test_chains_lead_to_the_start() -> None:
    turn = np.array([[0.98, -0.1, 0], [0.1, 0.98, 0], [0, 0, 1]])
    truth = [np.asarray(np.linalg.matrix_power(turn, k) @ H) for k, H in enumerate(shifts(6))]
    # From either end, and along fits in both directions.
    pairs = [(0, 1), (1, 2), (2, 3), (3, 4)]
    found = chained([pair(i, j, truth) for i, j in pairs], 2, 6)
    assert found[5] is None
    for k in range(5):
        assert found[k] == pytest.approx(inverse(truth[2]) @ truth[k])


def test_chains_follow_the_strongest_links() -> None:
    truth = shifts(3)
    wrong = pair(0, 2, shifts(3), count=20)
    wrong = PairFit(0, 2, wrong.p, wrong.q + 9, translation(9, 9) @ wrong.matrix)
    found = chained([wrong, pair(0, 1, truth), pair(1, 2, truth)], 0, 3)
    assert found[2] == pytest.approx(truth[2])


def test_the_hub_shares_most() -> None:
    truth = shifts(4)
    fits = [pair(0, 1, truth, 20), pair(1, 2, truth, 50), pair(2, 3, truth, 30)]
    assert hub(fits, range(4), 4) == 2
    assert hub([], range(4), 4) == 0
