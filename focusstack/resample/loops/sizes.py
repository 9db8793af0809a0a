"""How large a tile is, and memory for its rows. Nothing here loads the compiler."""

from __future__ import annotations

TILE_HEIGHT = 64
"""Rows filled together. Speed only: a tile and what lies beneath stay in the processor's cache
(``python -m benchmarks.speed``)."""

TILE_WIDTH = 256
"""Columns filled together: long runs of pixels go in step. Speed only
(``python -m benchmarks.speed``)."""

LANES = 8
"""Pixels computed at once; so many more may be read and written behind the last one."""

MOST_COLUMNS = 320
"""Columns of the frame beneath a tile, at most: a tile's width and a quarter more for its scale."""

WIDE = MOST_COLUMNS + 2 * LANES
"""Values in memory for a line, and for what is computed behind its last column."""
