"""Alignment: features for a start, tiles for precision, one solve over all frames.

`align` does all of it; the others are its steps, each on arrays of its own.

>>> from focusstack.alignment import pairs_in_order
>>> pairs_in_order([0, 1, 2], offsets=(1, 2))
[(0, 1), (1, 2), (0, 2)]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from focusstack.runtime.faces import open_face

if TYPE_CHECKING:
    from focusstack.alignment.features.focus_order import focus_order, pairs_in_order
    from focusstack.alignment.features.sift import Features, PairFit, detect, fit_pair, match
    from focusstack.alignment.tiles.shifts import TileShifts, band_pass, tile_shifts
    from focusstack.alignment.whole_stack import align

__all__ = [
    "Features",
    "PairFit",
    "TileShifts",
    "align",
    "band_pass",
    "detect",
    "fit_pair",
    "focus_order",
    "match",
    "pairs_in_order",
    "tile_shifts",
]

# Loaded on first use: some load OpenCV, and some the compiler of loops.
_HOMES = {
    "focusstack.alignment.whole_stack": {"align"},
    "focusstack.alignment.features.focus_order": {"focus_order", "pairs_in_order"},
    "focusstack.alignment.features.sift": {
        "Features",
        "PairFit",
        "detect",
        "fit_pair",
        "match",
    },
    "focusstack.alignment.tiles.shifts": {"TileShifts", "band_pass", "tile_shifts"},
}

__getattr__, __dir__ = open_face(__name__, __all__, _HOMES)
