"""Which frame does not move: none that is odd."""

from __future__ import annotations

import numpy as np

from focusstack.first_pass.reference import reservations
from focusstack.frames.proxies.proxy import Statistics, make_proxy
from focusstack.scene.stack import render_stack

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
