"""The compiled loops that say where a picture is clipped, and keep the kernel from ringing there.

Import this module only when a picture is to be resampled: loading the compiler takes a while.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from focusstack.numeric.arrays import Float32
from focusstack.resample.loops.arguments import (
    Bounds,
    Marks,
    Pixels,
    Source,
    Stretch,
    Target,
    Tile,
)
from focusstack.resample.loops.positions import OUTSIDE
from focusstack.resample.loops.rows import store
from focusstack.resample.loops.sizes import LANES, WIDE
from focusstack.runtime.compiler import inner


@inner
def clipped_code(table: Float32, level: Float32) -> int:
    """Least code that reaches its channel's level; 0 for float frames, whose table is empty."""
    least = int(table.shape[1])
    for c in range(level.size):
        values = table[c]
        code = 0
        while code < least and values[code] < level[c]:
            code += 1
        least = code
    return least


@inner
def _most(codes: NDArray[np.uint8] | NDArray[np.uint16]) -> int:
    """Largest of some codes; 0 if there are none."""
    if codes.size == 0:
        return 0
    most = codes[0]
    for i in range(codes.size):
        most = codes[i] if codes[i] > most else most
    return int(most)


@inner
def brightest(source: Source, part: Bounds) -> int:
    """Largest code of all channels in a part of the frame; 0 for float frames.

    The part may reach beyond the frame's border.
    """
    channels, most = source.white.size, 0
    begin, height = channels * max(part.left, 0), source.bytes.shape[0]
    for r in range(max(part.top, 0), min(part.bottom + 1, height)):
        if source.bytes.size > 0:
            most = max(most, _most(source.bytes[r, begin : channels * (part.right + 1)]))
        elif source.words.size > 0:
            most = max(most, _most(source.words[r, begin : channels * (part.right + 1)]))
    return most


@inner
def mark_clipped(tile: Float32, size: tuple[int, int], white: Float32, together: bool) -> Marks:
    """Mark where any of the taps that start there has its channel's white; empty if none can.

    There are marks for each channel, or for all `together`.
    """
    rows, stride = size
    plane = rows * stride
    found = 0
    for c in range(white.size):
        level, part = white[c], tile[c * plane : (c + 1) * plane]
        for i in range(plane):
            found += part[i] >= level
    if found == 0:
        return np.zeros(0, np.uint8)
    marks = np.zeros((1 if together else white.size) * plane + LANES, np.uint8)
    for c in range(white.size):
        level, part, m = white[c], tile[c * plane :], marks[0 if together else c * plane :]
        for i in range(plane):
            m[i] = np.uint8(1) if part[i] >= level else m[i]
    for c in range(1 if together else white.size):
        _spread_marks(marks[c * plane :], size)
    return marks


@inner
def _spread_marks(marks: Marks, size: tuple[int, int]) -> None:
    """Mark all from which on six by six values hold one that is marked."""
    rows, stride = size
    # Six along the row: a mark moves one to the left, then two, then two more, and stays.
    for step in (1, 2, 2):
        for i in range(rows * stride - step):
            marks[i] |= marks[i + step]
    # The same six down the column.
    for step in (1, 2, 2):
        for r in range(rows - step):
            line, below = marks[r * stride :], marks[(r + step) * stride :]
            for i in range(stride):
                line[i] |= below[i]


@inner
def _hold_row(tile: Tile, x: Pixels, y: Pixels, n: int, line: Float32) -> None:
    """Keep a row of a tile, where marked, between the least and greatest of the four nearest.

    x, y: where in the tile the taps of each pixel begin.
    """
    rows, stride = tile.size
    for c in range(line.size // WIDE):
        plane = c * rows * stride
        values, near = tile.values[plane:], tile.marks[plane:]
        for i in range(n):
            at = y[i] * stride + x[i]
            if x[i] != OUTSIDE and near[at]:
                # Taps begin two before the pixel: the four nearest are those two and three on.
                above, below = values[at + 2 * stride + 2 :], values[at + 3 * stride + 2 :]
                low = min(min(above[0], above[1]), min(below[0], below[1]))
                high = max(max(above[0], above[1]), max(below[0], below[1]))
                line[c * WIDE + i] = min(max(line[c * WIDE + i], low), high)


@inner
def _note_clipped(marks: Marks, stride: int, x: Pixels, y: Pixels, out: Marks) -> None:
    """Note in a row of a tile what is mixed from a marked value."""
    for i in range(out.size):
        if x[i] != OUTSIDE:
            out[i] = marks[y[i] * stride + x[i]]


@inner
def finish_row(
    tile: Tile, x: Pixels, y: Pixels, line: Float32, target: Target, to: Stretch
) -> None:
    """Hold a row of a tile and note what is clipped in it, where marked; put it into the planes.

    Parameters
    ----------
    tile : Tile
        What the row was made of.
    x, y : (N,) int32 ndarray
        Where in the tile the taps of each pixel begin.
    line : (C * WIDE,) float32 ndarray
        The row, channel by channel.
    target : Target
        Receives it.
    to : Stretch
        Where there.
    """
    if tile.marks.size > 0:
        _hold_row(tile, x, y, to.n, line)
    if tile.notes.size > 0:
        _note_clipped(tile.notes, tile.size[1], x, y, target.clipped[to.v, to.u : to.u + to.n])
    store(line, target, to)
