"""Blocks of aligned frames, and what is kept of them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from focusstack.geometry.coordinates import Rect
from focusstack.images.read import read_picture
from focusstack.retouch.blocks import (
    BLOCK,
    AlignedBlocks,
    BlockKey,
    block_rect,
    halved,
    level_size,
    levels_of,
)
from focusstack.retouch.result import Result


def test_blocks_are_the_aligned_frames(result: Result) -> None:
    assert result.frames is not None
    blocks = AlignedBlocks(result.frames, result.plan)
    for name in result.plan.focus_order:
        found = blocks.block(BlockKey(name, 0, 0, 0))
        aligned = read_picture(result.folder / "aligned" / name).pixels
        assert np.abs(found / 257 - aligned.astype(float)).max() < 1


@pytest.mark.parametrize("level", [1, 2])
def test_smaller_blocks_lie_where_the_full_ones_do(
    result: Result, level: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("focusstack.retouch.blocks.BLOCK", 64)
    assert result.frames is not None
    blocks = AlignedBlocks(result.frames, result.plan)
    name = result.plan.focus_order[1]
    small = read_picture(result.folder / "aligned" / name).pixels
    for _ in range(level):
        small = halved(small)
    column = 2 - level
    rect = block_rect(result.plan.crop, level, column, 0)
    found = blocks.block(BlockKey(name, level, column, 0)) / 257
    there = small[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
    # What is finer than pixels of the smaller picture comes out differently: it is blurred away.
    calm, wanted = (cv2.GaussianBlur(one.astype(np.float32), (0, 0), 2) for one in (found, there))
    inner = np.s_[6:-6, 6:-6]
    off = {
        (dx, dy): np.abs(calm - np.roll(wanted, (dy, dx), (0, 1)))[inner].mean()
        for dx in (-1, 0, 1)
        for dy in (-1, 0, 1)
    }
    assert min(off, key=off.__getitem__) == (0, 0)


def test_what_does_not_exist_is_refused(result: Result) -> None:
    assert result.frames is not None
    blocks = AlignedBlocks(result.frames, result.plan)
    name = result.plan.focus_order[0]
    for key in (
        BlockKey("nobody.png", 0, 0, 0),
        BlockKey(name, -1, 0, 0),
        BlockKey(name, 9, 0, 0),
        BlockKey(name, 0, 1, 0),
        BlockKey(name, 0, -1, 0),
    ):
        with pytest.raises(ValueError, match="there is no"):
            blocks.block(key)


@pytest.mark.parametrize(("longest", "levels"), [(1, 1), (512, 1), (513, 2), (1024, 2), (6000, 5)])
def test_the_last_level_fits_one_block(longest: int, levels: int) -> None:
    rect = Rect(0, 0, longest, 10)
    assert levels_of(rect) == levels
    assert level_size(rect, levels - 1)[0] <= BLOCK
