"""What belongs to a mark, and what is too much to be one."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.first_pass.marks.outline import mostly, outlined
from focusstack.first_pass.marks.persistence import Persistence
from focusstack.frames.proxies.proxy import Proxy
from focusstack.numeric.arrays import Float32, Points

PLACES = np.stack([20.0 + 8 * np.arange(10), np.full(10, 30.0)], 1)


def hills(places: Points, ridge: float) -> Persistence:
    """Detail with a peak at every place, on a ridge that connects them."""
    y, x = np.mgrid[:60, :120].astype(np.float32)
    mean: Float32 = np.where(np.abs(y - 30) < 3, np.float32(ridge), np.float32(0))
    for px, py in places:
        mean = np.maximum(mean, 0.1 * np.exp(-((x - px) ** 2 + (y - py) ** 2) / 4))
    flat = np.ones_like(mean)
    return Persistence(1.0, mean.astype(np.float32), flat, flat > 0, flat)


@pytest.mark.parametrize(("ours", "kept"), [(3, False), (4, False), (6, True), (9, True)])
def test_a_mark_is_the_sensors_if_most_of_its_detail_is(ours: int, kept: bool) -> None:
    own = np.arange(10) < ours
    assert np.array_equal(mostly(own, hills(PLACES, 0.06), PLACES), own & kept)


def test_marks_that_stand_apart_are_asked_one_by_one() -> None:
    own = np.arange(10) == 4
    assert np.array_equal(mostly(own, hills(PLACES, 0.0), PLACES), own)


def test_where_nothing_is_the_sensors_nothing_is_a_mark() -> None:
    assert not mostly(np.zeros(10, bool), hills(PLACES, 0.06), PLACES).any()


def test_what_is_in_no_two_frames_the_same_has_no_outline() -> None:
    """And tells nobody that a mean is of nothing."""
    rng = np.random.default_rng(4)
    core = np.zeros((120, 160), np.uint8)
    core[60:63, 80:83] = 1
    frames = []
    for _ in range(6):
        luma = np.full((120, 160), 0.4, np.float32)
        luma[50:74, 70:94] += rng.normal(0, 0.15, (24, 24)).astype(np.float32)
        frames.append(Proxy(np.maximum(luma, 0.01), np.zeros((120, 160), np.uint8)))
    assert not outlined(frames.__getitem__, range(6), core).any()
