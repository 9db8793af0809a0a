"""Where a fit begins."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.fusion.layers.start import continued, modes, settled, start_from
from focusstack.images.colour import encode
from tests.fusion.layers.known_layers import FAR, LENS, NEAR, SIDE, photographed


def test_modes_are_the_depths_that_are_there() -> None:
    rng = np.random.default_rng(0)
    depth = rng.choice([1.0, 5.0, 8.0], (50, 50), p=[0.1, 0.2, 0.7]) + rng.normal(0, 0.1, (50, 50))
    assert modes(depth.astype(np.float32), 1.0) == pytest.approx([1, 5, 8], abs=0.05)


def test_modes_that_are_no_blur_apart_are_one() -> None:
    depth = np.repeat(np.array([2.0, 2.5], np.float32), 500).reshape(20, 50)
    assert modes(depth, 1.0) == pytest.approx([2.25])


def test_depth_on_its_way_is_taken_from_the_nearer_side() -> None:
    depth = np.full((40, 40), 2, np.float32)
    depth[:, 20:] = 8
    depth[:, 18:23] = np.array([3, 4, 5, 6, 7])
    found = settled(depth, np.ones((40, 40), bool))
    assert set(np.unique(found)) == {2, 8}
    assert (found[:, :19] == 2).all()
    assert (found[:, 23:] == 8).all()


def test_depth_that_is_not_known_is_that_of_the_nearest_place() -> None:
    depth = np.full((40, 40), 2, np.float32)
    depth[10:30, 10:30] = 7
    sure = np.ones((40, 40), bool)
    sure[10:30, 10:30] = False
    assert (settled(depth, sure) == 2).all()


def test_colour_goes_on_smoothly_where_it_is_not_known() -> None:
    ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (64, 1))
    known = np.ones((64, 64), bool)
    known[:, 28:36] = False
    found = continued(ramp[None], known)[0]
    assert found[known] == pytest.approx(ramp[known], abs=1e-5)
    assert np.abs(found - ramp).max() < 0.1


@pytest.mark.parametrize("near_first", [True, False])
def test_layers_begin_with_the_nearest_and_todays_are_the_composite(near_first: bool) -> None:
    known = photographed(near_first)
    start = start_from(known.tile, 1 if near_first else -1, LENS.step)
    middles = [float(np.median(depth)) for depth in start.depths]
    assert middles == pytest.approx([NEAR, FAR] if near_first else [FAR, NEAR], abs=0.1)
    assert np.abs(encode(start.today.sharp()) - encode(known.tile.today)).max() < 1e-4
    assert start.layers.cover[0, SIDE // 2, SIDE // 2] > 0.9
    assert 0 < start.layers.cover[0, SIDE // 2, 4] < 0.1  # not ruled out
