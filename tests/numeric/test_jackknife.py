"""How sure a figure is that comes from many places."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.numeric.arrays import Floats
from focusstack.numeric.jackknife import FEWEST, standard_deviations


def mean(sums: Floats) -> Floats:
    return np.asarray(sums[..., 0] / sums[..., 1])


def measured(count: int, offset: float) -> Floats:
    values = offset + np.random.default_rng(1).standard_normal(count)
    return np.stack([values, np.ones(count)], 1)


@pytest.mark.parametrize("count", [25, 400])
def test_of_a_mean_it_is_what_every_textbook_says(count: int) -> None:
    values = measured(count, 1.0)
    expected = values[:, 0].mean() / (values[:, 0].std(ddof=1) / np.sqrt(count))
    assert standard_deviations(values, mean) == pytest.approx(expected, rel=1e-6)


def test_places_that_add_nothing_are_none() -> None:
    values = measured(30, 1.0)
    with_empty = np.concatenate([values, np.zeros((50, 2))])
    assert standard_deviations(with_empty, mean) == standard_deviations(values, mean)


def test_few_places_tell_nothing() -> None:
    assert standard_deviations(measured(FEWEST - 1, 9.0), mean) == 0
    assert standard_deviations(measured(FEWEST, 9.0), mean) > 3
    assert standard_deviations(np.zeros((64, 2)), mean) == 0
