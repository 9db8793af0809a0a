"""Coarser tiles stand in where finer ones see nothing.

What is soft holds no detail that small tiles of full-size proxies could compare, while larger tiles
of reduced ones do. Where both speak, the finer ones know better where a displacement ends.
"""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.alignment.fields.grid import Equations, Grid
from focusstack.alignment.tiles.shifts import BLOCK
from focusstack.numeric.arrays import Image, Indices, Mask, Points

AT_ONCE = 1 << 18
"""Tiles that are looked through at a time: of many frames there are millions, and memory for all at
once would be the peak of a run (``python -m benchmarks.speed``)."""


def standing_in(
    coarser: tuple[Grid, Equations], finer: tuple[Grid, Equations], reach: float
) -> Equations:
    """Equations of coarser tiles where their pair has no finer ones, in the finer grid.

    Parameters
    ----------
    coarser, finer : tuple of Grid and Equations
        Of the same stack.
    reach : float
        How far around its centre a finer tile sees, in proxy pixels.
    """
    grid, equations = coarser
    centres, pairs = grid.centres(equations.places), grid.pairs(equations.places)
    left = ~_seen(finer, centres, pairs, reach)
    frames = np.stack(np.divmod(pairs[left], grid.count), 1)
    alone = equations.part(left)
    return Equations(finer[0].places(frames, centres[left]), alone.target, alone.info, alone.fold)


def _seen(finer: tuple[Grid, Equations], centres: Points, pairs: Indices, reach: float) -> Mask:
    """Which centres ``(T, 2)`` of numbered pairs ``(T,)`` tiles of the same pair see."""
    grid, equations = finer
    known = np.unique(pairs)
    rows, columns = grid.size[1] // BLOCK + 1, grid.size[0] // BLOCK + 1
    seen = np.zeros((len(known), rows, columns), np.uint8)
    for start in range(0, len(equations.fold), AT_ONCE):
        some = equations.places.part(slice(start, start + AT_ONCE))
        number = grid.pairs(some)
        row = np.minimum(np.searchsorted(known, number), len(known) - 1)
        here = known[row] == number
        y, x = _blocks(grid.centres(some)[here], seen)
        seen[row[here], y, x] = 1
    around = np.ones((2 * round(reach / BLOCK) + 1,) * 2, np.uint8)
    for one in seen:
        cv2.dilate(one, around, dst=one)
    y, x = _blocks(centres, seen)
    return np.asarray(seen[np.searchsorted(known, pairs), y, x] > 0)


def _blocks(centres: Points, seen: Image) -> tuple[Indices, Indices]:
    """Row and column of the block that each centre ``(T, 2)`` lies in."""
    x, y = (np.maximum(centres, 0).T // BLOCK).astype(int)
    return np.minimum(y, seen.shape[1] - 1), np.minimum(x, seen.shape[2] - 1)
