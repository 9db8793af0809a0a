"""Energies as codes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from focusstack.fusion.loops.codes import coded, decoded


@given(st.floats(0, 1e6, width=32))
def test_codes_of_energies_keep_their_order_and_half_a_percent(value: float) -> None:
    values = np.array([value, value * np.float32(1.01)], np.float32)
    found = decoded(coded(values))
    np.testing.assert_allclose(found, values, rtol=1 / 256, atol=1e-38)
    assert found[0] <= found[1]
