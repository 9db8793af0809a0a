"""Which frame does not move: none that is odd."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.first_pass.reference import reservations
from focusstack.frames.proxies.proxy import Statistics, make_proxy
from focusstack.scene.stack import render_stack
from tests.support.findings import statistics

FRAMES = render_stack("plane", width=240, height=180, frames=1, seed=2).frames


def lit(stops: float) -> Statistics:
    """Statistics of one picture, so many stops brighter."""
    linear = np.clip(FRAMES[0].astype(np.float32) / 255, 0, 1) ** 2.2 * 0.3 * 2**stops
    return make_proxy(np.clip(linear ** (1 / 2.2), 0, 1).astype(np.float32), 1.0)[1]


def test_of_equal_frames_the_middle_one_is_best() -> None:
    assert int(np.argmin(reservations([lit(0)] * 7))) == 3


def test_dark_and_bright_frames_are_avoided() -> None:
    costs = reservations([lit(0.1), lit(0), lit(-2), lit(0), lit(1.5)])
    assert sorted(np.argsort(costs)[:3].tolist()) == [0, 1, 3]
    assert costs[2] > 0.02
    assert costs[4] > 0.02


def test_a_small_movement_outweighs_the_place_in_the_stack() -> None:
    costs = reservations([lit(0)] * 5)
    assert max(costs) - min(costs) < 0.002


def cost(stops: float) -> float:
    """What a frame costs in the middle of a stack that is so much brighter or darker."""
    usual = statistics(0.1)
    odd = statistics(0.1 * 2**stops)
    return reservations([usual, usual, usual, odd, usual, usual, usual])[3]


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_stop_weighs_as_much_as_a_fiftieth_of_the_picture(sign: int) -> None:
    assert cost(0.2 * sign) == pytest.approx(0, abs=1e-6)
    assert 0.001 < cost(0.45 * sign) < 0.006
    assert cost(2.3 * sign) == pytest.approx(2 * 0.02, rel=0.3)


def test_an_end_of_the_range_weighs_as_much_as_a_thousandth() -> None:
    costs = reservations([statistics()] * 5)
    assert costs[2] == 0
    assert costs[0] == costs[4] == pytest.approx(0.001, rel=0.3)


def test_what_is_clipped_weighs_as_much_as_it_covers() -> None:
    costs = reservations([statistics(), statistics(clipped=0.2), statistics()])
    assert costs[1] == pytest.approx(0.2)
