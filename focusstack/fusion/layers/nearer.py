"""Which end of the focus order is the near one: what stands before what is told by edges.

Today's composite, cut into layers by its depth, is shown to the frames with either end in front.
With the wrong one it is the far side whose blur has a rim, and the frames are foretold less well.
Nothing is fitted, as layers that may adapt explain the wrong order nearly as well as the right one.
What counts is the median along the rims: in places the composite errs more than the order tells.
One edge may err; many do not.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from focusstack.fusion.layers.blur import Blur
from focusstack.fusion.layers.borne_out import FEWEST, residual
from focusstack.fusion.layers.rendering import Layers, View
from focusstack.fusion.layers.start import Start, start_from
from focusstack.fusion.layers.tile import Tile, halved
from focusstack.numeric.arrays import Floats, Mask

SURE = 3.0
"""Standard errors that the mean must be away from zero. Benchmark: ``python -m
benchmarks.fusion``."""

CLEARLY = 0.02
"""Mean of the logarithm of how much better the right end explains, at least."""

AROUND = 17
"""Pixels across what is looked at of a place where layers meet. Chosen, not measured."""

MOST = 0.3
"""What one square may say at most, as some err by more. Chosen, not measured."""

ASKED = 3
"""Squares that say something, at least."""


def nearer_end(tiles: Iterable[Tile], blur: Blur) -> int:
    """Find whether the first frames are focused nearest, or the last.

    Parameters
    ----------
    tiles : iterable of Tile
        With steps in depth; one is held at a time.
    blur : Blur
        Of the stack.

    Returns
    -------
    int
        1 if the first are, -1 if the last are, 0 if that is not sure.
    """
    said = [told for tile in tiles if (told := _told(tile, blur)) is not None]
    return decided(np.array(said))


def decided(said: Floats) -> int:
    """Weigh logarithms of how much better the first end explains than the last."""
    if len(said) < ASKED:
        return 0
    held = np.clip(said, -MOST, MOST)  # one square alone does not outvote the others
    mean = float(held.mean())
    error = max(float(held.std(ddof=1)), CLEARLY) / len(held) ** 0.5
    if abs(mean) < max(CLEARLY, SURE * error):
        return 0
    return 1 if mean > 0 else -1


def _rims(start: Start) -> Mask:
    """Where layers meet, at half the size: elsewhere either end explains the frames as well."""
    beside = np.ones((3, 3), np.uint8)
    first = start.today.cover.argmax(0).astype(np.uint8)  # the nearest layer that covers a pixel
    meets = cv2.morphologyEx(first, cv2.MORPH_GRADIENT, beside)
    return np.asarray(cv2.dilate(meets, np.ones((AROUND, AROUND), np.uint8))[::2, ::2] > 0)


def _told(tile: Tile, blur: Blur) -> float | None:
    """Logarithm of what is unexplained with the last end near by that with the first."""
    if len(tile.focus) < FEWEST:
        return None
    small, left = tile.halved(), []
    for near in (1, -1):
        start = start_from(tile, near, blur.step)
        if len(start.depths) < 2:
            return None
        today = Layers(halved(start.today.cover), halved(start.today.colour))
        half = Blur(blur.step / 2, blur.softness)
        view = View(halved(start.depths), tile.focus.tolist(), half)
        left.append(float(np.median(residual(view, today, small)[_rims(start)])))
    return float(np.log(max(left[1], 1e-9) / max(left[0], 1e-9)))
