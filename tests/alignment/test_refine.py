"""Tiles are measured again where most of them would be found elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.refine import Measurements
from focusstack.alignment.tiles.measure import Round
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.frames.proxies.proxy import Proxy
from focusstack.geometry.coordinates import translation
from tests.alignment.tiles.known_shifts import HEIGHT, WIDTH, moved, texture

SIZE = (WIDTH, HEIGHT)


@pytest.mark.parametrize(("by", "again"), [(0.1, False), (0.2, True)])
def test_what_one_step_measures_well_is_not_measured_again(by: float, again: bool) -> None:
    clean = np.zeros((HEIGHT, WIDTH), np.uint8)
    proxies = [Proxy(moved(texture(), x), clean) for x in (0.0, 0.3)]
    series = Series(proxies.__getitem__, SIZE, 0, [(0, 1)], [1.0] * 2, 1)
    measurements, row = Measurements(series), {0: 0, 1: 1}
    how = [Round(1, 1.0, 6.0, 96)]
    still = Poses.unbent(np.stack([np.eye(3)] * 2), 0, SIZE)
    (first,) = measurements.at(still, how, row)
    shifted = Poses.unbent(np.stack([np.eye(3), translation(-by, 0)]), 0, SIZE)
    (second,) = measurements.at(shifted, how, row)
    assert np.array_equal(first.q, second.q) != again
    # What was measured are places in the frames' own pixels, wherever these lay then.
    assert np.median(second.q - second.p, axis=0) == pytest.approx([0.3, 0], abs=0.03)
