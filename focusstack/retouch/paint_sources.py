"""Where painted pixels come from: aligned frames, made composites, the composite itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from focusstack.errors import Change, InputError
from focusstack.geometry.coordinates import Rect, cut
from focusstack.images.colour import to_float
from focusstack.numeric.arrays import Float32, Image
from focusstack.retouch.blocks import BLOCK, AlignedBlocks, BlockKey
from focusstack.retouch.strokes import FRAME, MADE


class SourceGoneError(InputError):
    """A source that strokes name and that is no longer there.

    Parameters
    ----------
    name : str
        Of the source.
    """

    def __init__(self, name: str) -> None:
        shown = name.partition(":")[2]
        super().__init__(
            f"{shown} is painted from and is not among the sources any more",
            "Run again with that frame, or go on without what was painted from it.",
            [Change("To go on without", add=("--skip-lost",))],
        )
        self.name = name


class Sources:
    """All that can be painted from.

    Parameters
    ----------
    aligned : AlignedBlocks or None
        The frames; None where they were not found.
    make : callable
        Returns the composite of a recipe by its name, as large as the picture; KeyError if there is
        no such recipe.
    """

    def __init__(self, aligned: AlignedBlocks | None, make: Callable[[str], Image]) -> None:
        self.aligned = aligned
        self._make = make

    def check(self, name: str) -> None:
        """Make sure that a source is there, without making it.

        Raises
        ------
        SourceGoneError
            If it is not.
        """
        frame = name.removeprefix(FRAME)
        if frame != name and (self.aligned is None or frame not in self.aligned):
            raise SourceGoneError(name)

    def pixels(self, name: str, rect: Rect) -> Float32:
        """Return a part of a source at full size, encoded, 0..1.

        Parameters
        ----------
        name : str
            `FRAME` or `MADE` and a name.
        rect : Rect
            The part, in pixels of the composite, inside it.

        Raises
        ------
        SourceGoneError
            If there is no such source.
        """
        self.check(name)
        if name.startswith(MADE):
            try:
                made = self._make(name.removeprefix(MADE))
            except KeyError as error:
                raise SourceGoneError(name) from error
            return to_float(cut(made, rect))
        return self._from_blocks(name.removeprefix(FRAME), rect)

    def _from_blocks(self, name: str, rect: Rect) -> Float32:
        assert self.aligned is not None
        found: Float32 | None = None
        for row in range(rect.y // BLOCK, (rect.y + rect.height - 1) // BLOCK + 1):
            for column in range(rect.x // BLOCK, (rect.x + rect.width - 1) // BLOCK + 1):
                block = self.aligned.block(BlockKey(name, 0, column, row))
                if found is None:
                    shape = (rect.height, rect.width, *block.shape[2:])
                    found = np.zeros(shape, np.float32)
                x, y = column * BLOCK, row * BLOCK
                left, top = max(x, rect.x), max(y, rect.y)
                right = min(x + block.shape[1], rect.x + rect.width)
                bottom = min(y + block.shape[0], rect.y + rect.height)
                shared = Rect(left - x, top - y, right - left, bottom - top)
                place = Rect(left - rect.x, top - rect.y, right - left, bottom - top)
                cut(found, place)[...] = to_float(np.ascontiguousarray(cut(block, shared)))
        assert found is not None
        return found
