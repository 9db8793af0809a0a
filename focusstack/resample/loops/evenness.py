"""The compiled loops that say whether a tile is turned so little that two steps fill it.

Positions of some of its rows tell: how steeply the tile lies in the frame, how much it bends, and
how far off places would be that are laid evenly between those rows.

Import this module only when a picture is to be resampled: loading the compiler takes a while.
"""

from __future__ import annotations

import numpy as np

from focusstack.numeric.arrays import Float32
from focusstack.resample.loops.arguments import Pixels
from focusstack.runtime.compiler import inner

STEEPEST = 0.1
"""Largest slope, and departure from the frame's own scale, of a tile that is filled so: pixels a
pixel. Where hands turn a camera they stay far below; above, samples of a line lie too far apart.
Two steps take half of the time of six by six taps (``python -m benchmarks.speed``)."""

MOST_ERROR = 0.01
"""Pixels by which a line may be too high or too low where the displacement bends, and a place that
is not worked out may be off: what the best alignments are off by
(``python -m benchmarks.alignment``)."""

LEAST_COLUMNS = 16
"""Columns of a tile from which on a slope can be told. Chosen: narrower tiles are rare."""

MARGIN = 1
"""Rows of the frame above and below those of the taps that a line may reach, as it goes on straight
beside its pixels: half a column, at a slope of a tenth, and what bends."""

SEGMENT = 64
"""Columns whose heights are taken from pixels as many columns farther on, so that a loop over them
goes in step."""

EVERY = (8, 2)
"""Rows of a tile from one that is worked out to the next: the first of these that will do. Speed
only (``python -m benchmarks.speed``): `MOST_ERROR` decides which may."""

APART = 8
"""Columns between places where the slope is looked at: a compromise of time alone."""


@inner
def hardly_turned(whole: Pixels, phase: Float32, n: int, every: int, last: int) -> bool:
    """Whether a tile may be filled in two steps.

    whole (rows, 2, n), phase (rows, 2, n): positions in the frame, x first, of rows that are
    `every` so many apart, of which the `last` may be fewer from the one before.
    """
    rows = whole.shape[0]
    if n < LEAST_COLUMNS or rows < 3:
        return False
    worst, bend, drift = np.float32(0), np.float32(0), np.float32(0)
    for v in range(rows):
        x, y, px, py = whole[v, 0], whole[v, 1], phase[v, 0], phase[v, 1]
        before = np.float32(y[APART] - y[0]) + (py[APART] - py[0])
        for u in range(0, n - APART, APART):
            across = np.float32(x[u + APART] - x[u] - APART) + (px[u + APART] - px[u])
            down = np.float32(y[u + APART] - y[u]) + (py[u + APART] - py[u])
            worst = max(worst, max(abs(across), abs(down)))
            bend = max(bend, abs(down - before))
            before = down
        drift = max(drift, abs(np.float32(x[n - 1] - x[0] - n + 1)))
    # Heights are known so far beside their columns at most, and go on straight to there.
    beside = drift * np.float32(SEGMENT / n) + np.float32(0.5)
    off = bend / np.float32(APART * APART) * (beside * beside) / np.float32(2)
    between = _unevenness(whole, phase, n, np.float32(every / last)) / np.float32(8)
    return bool(worst <= np.float32(STEEPEST * APART) and max(off, between) <= MOST_ERROR)


@inner
def _unevenness(whole: Pixels, phase: Float32, n: int, longer: np.float32) -> np.float32:
    """Most that a step between rows, the last one made `longer`, differs from that before."""
    worst, rows = np.float32(0), whole.shape[0]
    for v in range(2, rows):
        times = longer if v == rows - 1 else np.float32(1)
        for k in range(2):
            x, before, first = whole[v, k], whole[v - 1, k], whole[v - 2, k]
            p, q, r = phase[v, k], phase[v - 1, k], phase[v - 2, k]
            for u in range(0, n, APART):
                step = times * (np.float32(x[u] - before[u]) + (p[u] - q[u]))
                worst = max(worst, abs(step - np.float32(before[u] - first[u]) - (q[u] - r[u])))
    return worst
