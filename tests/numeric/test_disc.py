"""The disc of a point out of focus."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from focusstack.numeric.disc import disc


@given(radius=st.floats(2, 20))
@settings(deadline=None, max_examples=40)
def test_disc_has_the_radius_asked_for(radius: float) -> None:
    taps = disc(radius)
    reach = taps.shape[0] // 2
    axis = np.arange(-reach, reach + 1)
    assert taps.sum() == pytest.approx(1, abs=1e-5)
    # A disc's mean square distance is r²/2; spreading over square pixels adds 1/6.
    second = float((taps * (axis[:, None] ** 2 + axis[None, :] ** 2)).sum())
    assert np.sqrt(2 * (second - 1 / 6)) == pytest.approx(radius, abs=0.1)
