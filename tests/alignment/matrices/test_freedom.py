"""What a freer model must gain to be taken."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.matrices.freedom import Choice, gains_enough, moves_beyond_doubt
from focusstack.alignment.matrices.models import MODELS
from focusstack.alignment.quality.held_out import Held


def left(name: str, px: float, median: float = 0.1, gaining: float = 0.0) -> Choice:
    """What a model leaves: `px` of the tiles, `median` in pairs, less of it in some of 20 pairs."""
    held = []
    for k in range(20):
        length = median * (0.9 if k < 20 * gaining else 1.0)
        vectors = np.tile(np.array([length, 0], np.float32), (30, 1))
        held.append(Held(k, k + 1, np.zeros_like(vectors), vectors, np.ones(30, bool)))
    return Choice(MODELS[name], {name: px}, held)


@pytest.mark.parametrize(
    ("best", "freer", "too_little", "enough"),
    [
        ("similarity", "rotation", 0.985, 0.95),  # a few numbers for the whole stack
        ("rotation", "homography", 0.89, 0.8),  # some for every frame
        ("rotation", "lens", 0.94, 0.86),
        ("rotation", "changing lens", 0.94, 0.86),
    ],
)
def test_the_more_freedom_the_more_must_be_gained(
    best: str, freer: str, too_little: float, enough: float
) -> None:
    assert not gains_enough(left(freer, too_little), left(best, 1.0))
    assert gains_enough(left(freer, enough), left(best, 1.0))


def test_thousandths_of_a_pixel_are_no_gain() -> None:
    assert not gains_enough(left("rotation", 0.0075), left("similarity", 0.0105))
    assert gains_enough(left("rotation", 0.0045), left("similarity", 0.0105))


@pytest.mark.parametrize(
    ("px", "gaining", "enough"), [(0.98, 0.95, True), (0.98, 0.7, False), (0.995, 0.95, False)]
)
def test_a_small_gain_is_one_if_nearly_all_pairs_have_it(
    px: float, gaining: float, enough: bool
) -> None:
    stiff = left("rotation", 1.0)
    assert gains_enough(left("homography", px, gaining=gaining), stiff) == enough
    # A lens, which blur can look like, must gain more.
    assert not gains_enough(left("changing lens", px, gaining=gaining), stiff)


@pytest.mark.parametrize(("px", "beyond"), [(0.024, False), (0.04, True)])
def test_less_than_what_it_is_unsure_of_is_no_gain(px: float, beyond: bool) -> None:
    unsure = np.full(5, 0.02)
    assert moves_beyond_doubt(np.full(5, px), unsure) == beyond


def test_frames_that_few_tiles_reach_count_with_all_their_doubt() -> None:
    moved, unsure = np.full(9, 0.06), np.full(9, 0.02)
    assert moves_beyond_doubt(moved, unsure)
    unsure[-1] = 0.3  # the end of a sweep
    assert not moves_beyond_doubt(moved, unsure)
