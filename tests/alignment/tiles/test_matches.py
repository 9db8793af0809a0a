"""Corresponding points, and what matrices leave between them."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.tiles.matches import Matches, isotropic, residuals
from focusstack.geometry.coordinates import translation


def test_residuals_are_vectors_on_the_canvas() -> None:
    H = np.stack([np.eye(3), translation(10, 0)])
    p = np.array([[100.0, 50], [30, 40]])
    found = residuals(Matches(0, 1, p, p - [10, 2], isotropic(2, 1)), H)
    assert found == pytest.approx(np.array([[0, 2.0], [0, 2.0]]))
