"""Coarser tiles stand in where finer ones see nothing.

What is soft holds no detail that small tiles of full-size proxies could compare, while larger tiles
of reduced ones do. Where both speak, the finer ones know better where a displacement ends.
"""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.alignment.grid import Equations, Grid
from focusstack.alignment.tiles import BLOCK
from focusstack.typing import Indices, Mask, Points


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
    rows, columns = grid.size[1] // BLOCK + 1, grid.size[0] // BLOCK + 1
    known, of_fine = np.unique(grid.pairs(equations.places), return_inverse=True)
    seen = np.zeros((len(known), rows, columns), np.uint8)
    x, y = (np.clip(grid.centres(equations.places), 0, None).T // BLOCK).astype(int)
    seen[of_fine, np.minimum(y, rows - 1), np.minimum(x, columns - 1)] = 1
    around = np.ones((2 * round(reach / BLOCK) + 1,) * 2, np.uint8)
    for one in seen:
        cv2.dilate(one, around, dst=one)
    at = np.minimum(np.searchsorted(known, pairs), len(known) - 1)
    x, y = (np.clip(centres, 0, None).T // BLOCK).astype(int)
    inside = seen[at, np.minimum(y, rows - 1), np.minimum(x, columns - 1)]
    return np.asarray((known[at] == pairs) & (inside > 0))
