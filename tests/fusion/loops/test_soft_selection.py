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
