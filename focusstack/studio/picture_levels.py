"""The retouched picture at every size, kept up to date as it is painted on."""

from __future__ import annotations

import numpy as np

from focusstack.geometry.coordinates import Rect, cut
from focusstack.images.colour import to_dtype
from focusstack.numeric.arrays import Image
from focusstack.retouch.blocks import block_rect, halved, level_size, levels_of
from focusstack.retouch.working import WorkingPicture, rounded

EIGHT = np.dtype(np.uint8)


class Pyramid:
    """A working picture, halved as often as it takes to fit one block.

    Level 0 is read from the working picture; the others are kept, a third of its size in all.

    Parameters
    ----------
    picture : WorkingPicture
        What is painted on.
    """

    def __init__(self, picture: WorkingPicture) -> None:
        self._picture = picture
        self._levels: list[Image] = []
        level = rounded(picture.base, EIGHT)
        for _ in range(1, levels_of(picture.rect)):
            level = halved(level)
            self._levels.append(level)

    @property
    def count(self) -> int:
        """How many levels there are."""
        return 1 + len(self._levels)

    def block(self, level: int, column: int, row: int) -> Image:
        """Return a block, 8 bits; ValueError if there is none."""
        rect = block_rect(self._picture.rect, level, column, row)
        if level == 0:
            return to_dtype(self._picture.read(rect), EIGHT)
        return cut(self._levels[level - 1], rect)

    def update(self, rect: Rect) -> None:
        """Take over what has changed in a part of the picture."""
        if not rect.area:
            return
        for level, held in enumerate(self._levels, start=1):
            below = self._picture.rect if level == 1 else _whole(self._levels[level - 2])
            x, y = rect.x >> 1, rect.y >> 1
            right, bottom = -(-(rect.x + rect.width) >> 1), -(-(rect.y + rect.height) >> 1)
            rect = Rect(x, y, right - x, bottom - y)
            wide = Rect(
                2 * x,
                2 * y,
                min(below.width, 2 * right) - 2 * x,
                min(below.height, 2 * bottom) - 2 * y,
            )
            if level == 1:
                finer = to_dtype(self._picture.read(wide), EIGHT)
            else:
                finer = cut(self._levels[level - 2], wide)
            cut(held, rect)[...] = halved(finer)

    def renew(self) -> None:
        """Take over the whole picture."""
        width, height = level_size(self._picture.rect, 0)
        for top in range(0, height, 1024):  # strips: floats of all of it would be large
            self.update(Rect(0, top, width, min(1024, height - top)))


def _whole(image: Image) -> Rect:
    return Rect(0, 0, image.shape[1], image.shape[0])
