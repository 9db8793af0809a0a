"""The compiled loops that say where a picture is clipped, and keep the kernel from ringing there.

Import this module only when a picture is to be resampled: loading the compiler takes a while.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from focusstack.numeric.arrays import Float32, Image
from focusstack.resample.loops.positions import OUTSIDE, Indices
from focusstack.resample.loops.rows import Planes, store
from focusstack.resample.loops.taps import LANES
from focusstack.runtime.compiler import inner

Marks: TypeAlias = NDArray[np.uint8]


@inner
def clipped_code(table: Float32 | None, level: Float32) -> int:
    """Least code that reaches its channel's level; 0 for float frames, which have no table."""
    if table is None:
        return 0
    least = int(table.shape[1])
    for c in range(level.size):
        values = table[c]
        code = 0
        while code < least and values[code] < level[c]:
            code += 1
        least = code
    return least


@inner
def brightest(image: Image, table: Float32 | None, box: tuple[int, int, int, int]) -> int:
    """Largest code of all channels in the columns and rows of `box`; 0 for float frames.

    box: first and last column and row, which may lie beyond the frame.
    """
    if table is None:
        return 0
    height, width, channels = image.shape
    left, right, top, bottom = box
    begin, end = channels * max(left, 0), channels * min(right + 1, width)
    most = image[0, 0, 0]
    for r in range(max(top, 0), min(bottom + 1, height)):
        row = image[r].reshape(channels * width)[begin:end]
        for i in range(row.size):
            most = row[i] if row[i] > most else most
    return int(most)


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
        return np.empty(0, np.uint8)
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
    for step in (1, 2, 2):  # reaches two, four, six values
        for i in range(rows * stride - step):
            marks[i] |= marks[i + step]
    for step in (1, 2, 2):
        for r in range(rows - step):
            line, below = marks[r * stride :], marks[(r + step) * stride :]
            for i in range(stride):
                line[i] |= below[i]


@inner
def _hold_row(
    tile: Float32,
    marks: Marks,
    size: tuple[int, int],
    room: int,
    x: Indices,
    y: Indices,
    n: int,
    line: Float32,
) -> None:
    """Keep a row of a tile, where marked, between the least and greatest of the four nearest.

    x, y: where in the tile the taps of each pixel begin; line holds `room` values a channel.
    """
    rows, stride = size
    for c in range(line.size // room):
        plane = c * rows * stride
        values, near = tile[plane:], marks[plane:]
        for i in range(n):
            at = y[i] * stride + x[i]
            if x[i] != OUTSIDE and near[at]:
                above, below = values[at + 2 * stride + 2 :], values[at + 3 * stride + 2 :]
                low = min(min(above[0], above[1]), min(below[0], below[1]))
                high = max(max(above[0], above[1]), max(below[0], below[1]))
                line[c * room + i] = min(max(line[c * room + i], low), high)


@inner
def _note_clipped(marks: Marks, stride: int, x: Indices, y: Indices, out: Marks) -> None:
    """Note in a row of a tile what is mixed from a marked value."""
    for i in range(out.size):
        if x[i] != OUTSIDE:
            out[i] = marks[y[i] * stride + x[i]]


@inner
def finish_row(
    tile: Float32,
    size: tuple[int, int],
    marks: Marks,
    notes: Marks,
    x: Indices,
    y: Indices,
    n: int,
    line: Float32,
    step: float,
    out: Planes,
    clipped: Marks,
    u: int,
    v: int,
) -> None:
    """Hold a row of a tile and note what is clipped in it, where marked; put it into `out`.

    u, v: its first column and its row there.
    """
    if marks.size > 0:
        _hold_row(tile, marks, size, line.size // out.shape[0], x, y, n, line)
    if notes.size > 0:
        _note_clipped(notes, size[1], x, y, clipped[v, u : u + n])
    store(line, step, out, u, v, n)
