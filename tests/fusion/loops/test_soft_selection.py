"""Shares and weights of frames."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.fusion.loops.arguments import Weight
from focusstack.fusion.loops.soft_selection import weigh


@settings(deadline=None)
@given(ratio=st.floats(0.5, 2), frames=st.integers(1, 5))
def test_amplitudes_add_up_as_weights_do(ratio: float, frames: int) -> None:
    scale, evidence = np.float32(0.7), np.full((1, 1), (0.02 * ratio) ** 2, np.float32)
    amplitude = np.full((1, 1), 0.02, np.float32)
    total = (1 + 0.7 * 0.02) ** 64
    for _ in range(frames):
        share = evidence.copy()
        weigh()(share, np.empty((0, 0), np.float32), Weight(amplitude, scale), 0, 1)
        own = (1 + 0.7 * 0.02 * ratio) ** 64
        total += own
        assert share[0, 0] == pytest.approx(own / total, rel=1e-3)
    assert (1 + 0.7 * float(amplitude[0, 0])) ** 64 == pytest.approx(total, rel=1e-3)


def one(evidence: float, validity: float | None, weight: Weight) -> float:
    """Share of a frame in a single place."""
    share = np.full((1, 1), evidence, np.float32)
    known = np.empty((0, 0)) if validity is None else np.full((1, 1), validity)
    weigh()(share, known.astype(np.float32), weight, 0, 1)
    return float(share[0, 0])


def test_validity_of_a_thousandth_is_none() -> None:
    for validity, share in ((1.4e-3, 1.4e-3), (0.7e-3, 0.0)):
        weight = Weight(np.zeros((1, 1), np.float32), np.float32(1))
        assert one(0.0, validity, weight) == pytest.approx(share, rel=0.01, abs=1e-6)


@pytest.mark.parametrize("ratio", [1.0, 0.95, 0.8, 0.5, 0.1])
def test_weights_add_up_to_a_ten_millionth(ratio: float) -> None:
    # Weights of 1 and of `ratio`: qualities are their 64th roots.
    worse = np.float32(ratio ** (1 / 64))
    weight = Weight(np.full((1, 1), worse - np.float32(1), np.float32), np.float32(1))
    assert one(0.0, None, weight) == pytest.approx(1 / (1 + ratio), rel=1e-5)
    total = (1 + ratio) ** (1 / 64) - 1
    assert float(weight.amplitude[0, 0]) == pytest.approx(total, abs=3e-7)
