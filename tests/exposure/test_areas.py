"""Areas of the scene: how many, and the contrast around them."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.exposure.areas import areas_of
from focusstack.exposure.gains import RegisteredBlocks
from focusstack.frames.proxies.proxy import BLOCK


def even(height: int = 150, width: int = 200) -> RegisteredBlocks:
    light = np.full((height, width, 3), 0.2, np.float32)
    return RegisteredBlocks(light, np.ones((height, width), bool))


@pytest.mark.parametrize(
    ("pairs", "least", "most"), [(1, 1400, 2800), (60, 600, 1400), (5000, 215, 425)]
)
def test_each_pair_has_areas_enough_and_all_together_not_too_many(
    pairs: int, least: int, most: int
) -> None:
    found = areas_of(even(), np.eye(3), (200 * BLOCK, 150 * BLOCK), pairs)
    assert least <= len(found.log) <= most


def test_contrast_is_that_of_four_blocks_around() -> None:
    blocks = even(40, 60)
    blocks.mean[:, 30:] *= 2
    found = areas_of(blocks, np.eye(3), (60 * BLOCK, 40 * BLOCK))
    contrast = found.contrast.reshape(20, 30)[10]  # every second block
    # The edge lies between blocks 29 and 30.
    assert contrast[[13, 16]].min() > 0.1  # blocks 26 and 32
    assert contrast[[11, 18]].max() < 1e-3  # blocks 22 and 36
