"""Pairs of a stack are measured one after the other, with few frames at hand."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.tiles import measure
from focusstack.alignment.tiles.measure import (
    MOST_AT_HAND,
    Round,
    away_from,
    detail_in,
    group_pairs,
    measure_pairs,
)
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.alignment.tiles.shifts import TileShifts, band_pass
from focusstack.frames.proxies.proxy import Proxy


def test_pairs_come_in_turn_with_what_is_wanted_later() -> None:
    pairs = [(i, i + offset) for offset in (1, 2, 4, 8) for i in range(24 - offset)]
    turns = list(group_pairs(pairs))
    assert sorted(pair for _, group, _ in turns for pair in group) == sorted(pairs)
    for k, (wanted, group, later) in enumerate(turns):
        assert set(wanted) == {index for pair in group for index in pair}
        assert set(later) == {index for after, _, _ in turns[k + 1 :] for index in after}
        # Frames that are wanted again are few: each is warped once.
        seen = {index for before, _, _ in turns[: k + 1] for index in before}
        assert len(seen & set(later)) <= MOST_AT_HAND


@pytest.mark.parametrize(("away", "usable"), [(7, 0), (12, 1)])
def test_the_band_pass_sees_what_is_clipped_some_pixels_off(away: int, usable: int) -> None:
    clipped = np.zeros((80, 90), np.uint8)
    clipped[40, 45] = 1
    found = away_from(clipped)
    assert found[40, 45 + away] == found[40 - away, 45] == usable
    assert found[away - 1, 70] == found[20, -away] == usable


@pytest.mark.parametrize(("tiles", "told"), [(2, False), (4, True)])
def test_pairs_with_few_tiles_are_left_out(
    monkeypatch: pytest.MonkeyPatch, tiles: int, told: bool
) -> None:
    found = TileShifts(
        np.zeros((tiles, 2)), np.zeros((tiles, 2)), np.zeros((tiles, 2, 2)), np.ones(tiles)
    )
    monkeypatch.setattr(measure, "tile_shifts", lambda *_, **__: found)
    proxy = Proxy(np.full((60, 90), 0.5, np.float32), np.zeros((60, 90), np.uint8))
    series = Series(lambda _: proxy, (90, 60), 0, [(0, 1)], [1.0, 1.0])
    poses = Poses.unbent(np.stack([np.eye(3)] * 2), 0, (90, 60))
    assert len(list(measure_pairs(series, poses, Round(1, 1.0, 6.0, 48)))) == told


def test_detail_is_kept_finer_than_cameras_see() -> None:
    light = np.random.default_rng(0).uniform(0.1, 0.9, (64, 96)).astype(np.float32)
    proxy = Proxy(light, np.zeros((64, 96), np.uint8))
    series = Series(lambda _: proxy, (96, 64), 0, [], [1.0])
    kept = detail_in(series, 0, Round(1, 1.0, 6.0, 48)).luma
    exact = band_pass(light, 1.0, 6.0)
    step = 1 / 32767  # as fine as 16 bits with a sign hold
    assert 0.35 * step < np.abs(kept - exact).max() < 0.7 * step
