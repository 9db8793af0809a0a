"""The picture at every size is what halving it gives, wherever it was painted on."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.geometry.coordinates import Rect
from focusstack.retouch.blocks import halved
from focusstack.retouch.working import WorkingPicture
from focusstack.studio.display import shrunk
from focusstack.studio.picture_levels import Pyramid

SHAPES = [(700, 1301, 3), (1100, 541), (513, 512, 3)]


@pytest.mark.parametrize("shape", SHAPES)
def test_levels_are_kept_up_to_date(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    picture = WorkingPicture(rng.integers(0, 255, shape, np.uint8))
    pyramid = Pyramid(picture)
    for x, y, w, h in ((0, 0, 3, 3), (255, 255, 130, 7), (shape[1] - 1, shape[0] - 1, 1, 1)):
        rect = Rect(x, y, w, h)
        picture.write(rect, rng.random((h, w, *shape[2:])).astype(np.float32))
        pyramid.update(rect)
    fresh = Pyramid(WorkingPicture(picture.finished()))
    for level in range(pyramid.count):
        found, wanted = (np.asarray(p.block(level, 0, 0)) for p in (pyramid, fresh))
        assert np.array_equal(found, wanted), level


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("level", [0, 1])
def test_a_part_made_small_is_a_part_of_the_small_one(shape: tuple[int, ...], level: int) -> None:
    image = np.random.default_rng(4).integers(0, 255, shape, np.uint8)
    small = image if level == 0 else halved(image)
    height, width = small.shape[:2]
    rect = Rect(width // 2, height // 2, width - width // 2, height - height // 2)
    found = shrunk(image, rect, level)
    assert np.array_equal(found, small[rect.y :, rect.x :])
