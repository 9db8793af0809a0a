"""Where residuals lie."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.quality.residual import residual_map

RNG = np.random.default_rng(1)


def test_a_map_of_residuals_finds_the_bad_corner() -> None:
    places = RNG.uniform((0, 0), (1200, 800), (4000, 2))
    lengths = np.where((places < (300, 200)).all(1), 1.0, 0.1)
    found = residual_map(places, lengths, (1200, 800))
    rows, columns = found.shape
    assert rows * columns == pytest.approx(96, rel=0.1)
    assert 1200 / columns == pytest.approx(800 / rows, rel=0.1)
    assert found[: rows // 4, : columns // 4] == pytest.approx(1.0)
    assert found[rows // 4 :] == pytest.approx(0.1)
    assert np.isnan(residual_map(places[:3], lengths[:3], (1200, 800))).all()
