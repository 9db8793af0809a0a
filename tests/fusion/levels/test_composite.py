"""The pyramid of weighted means, its base above all."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.fusion.levels.composite import Composite
from focusstack.fusion.levels.laplacian import level_shapes
from focusstack.numeric.arrays import Float32
from focusstack.runtime.strips import Crew

SHAPES = level_shapes(32, 40)


def of(values: list[float], evidence: list[float], validity: list[float] | None = None) -> Float32:
    """Composite of flat frames with such evidence for their base."""
    composite = Composite(SHAPES, (), Crew(1))
    for number, (value, sharp) in enumerate(zip(values, evidence, strict=True)):
        composite.decompose(np.full(SHAPES[0], value, np.float32))
        nothing = [np.zeros(shape, np.float32) for shape in SHAPES[:-1]]
        known = None
        if validity is not None:
            known = [np.full(shape, validity[number], np.float32) for shape in SHAPES]
        composite.add(nothing, np.full(SHAPES[-1], sharp, np.float32), 1.0, known)
    return composite.image()


def test_the_base_weighs_with_the_sixth_power_of_its_evidence() -> None:
    # What a base shows without any evidence, 1e-5, is added: 1.5 ** 6 is 11.4.
    np.testing.assert_allclose(of([0, 1], [0, 0.5e-5]), 11.4 / 12.4, atol=0.01)
    np.testing.assert_allclose(of([0, 1], [1, 1.5]), 11.4 / 12.4, atol=0.01)


def test_a_base_that_is_not_valid_weighs_nothing_beside_any_other() -> None:
    assert of([0, 1e6], [0, 0], [1, 0]).max() == pytest.approx(1, rel=0.3)
    np.testing.assert_allclose(of([0.25, 0.75], [0, 0], [0, 0]), 0.5, atol=1e-6)
