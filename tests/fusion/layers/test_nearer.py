"""Which end of the focus order is near."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.fusion.layers.nearer import decided, nearer_end
from tests.fusion.layers.known_layers import LENS, photographed


@pytest.mark.parametrize("near_first", [True, False])
def test_the_near_end_is_told_by_steps_in_depth(near_first: bool) -> None:
    tiles = [photographed(near_first, seed=seed).tile for seed in range(3)]
    assert nearer_end(tiles, LENS) == (1 if near_first else -1)


def test_two_squares_decide_nothing() -> None:
    assert decided(np.array([0.5, 0.5])) == 0


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ([0.3, 0.35, 0.25, 0.3], 1),
        ([-0.3, -0.35, -0.25, -0.3], -1),
        ([0.3, -0.3, 0.2, -0.2], 0),
        ([0.01, 0.01, 0.01, 0.01], 0),  # too little to tell anything
        ([9.0, -0.2, -0.2, -0.2], 0),  # one square does not outvote the others
    ],
)
def test_squares_vote(said: list[float], end: int) -> None:
    assert decided(np.array(said)) == end
