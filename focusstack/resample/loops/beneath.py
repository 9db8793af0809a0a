"""The compiled loops that bring the part of a frame that lies beneath a tile to float32.

Import this module only when a picture is to be resampled: loading the compiler takes a while.
"""

from __future__ import annotations

import numpy as np

from focusstack.numeric.arrays import Float32, Image
from focusstack.resample.loops.arguments import Bounds, Source, Tile
from focusstack.resample.loops.clipping import brightest, mark_clipped
from focusstack.resample.loops.taps import LANES
from focusstack.runtime.compiler import inner


@inner
def _load(image: Image, table: Float32 | None, part: Bounds, stride: int, tile: Float32) -> None:
    """Copy a part of the frame as float32, borders replicated, plane by plane.

    Parameters
    ----------
    image, table
        Of the `Source`; a table of None must be an argument for the compiler to see it.
    part : Bounds
        Of the frame, beyond which it may reach.
    stride : int
        Values from a row of a plane to the next.
    tile : (C * rows * stride,) float32 ndarray
        Receives it.
    """
    height, width, channels = image.shape
    rows, columns, left = part.bottom - part.top + 1, part.right - part.left + 1, part.left
    inside = left >= 0 and left + columns <= width
    for r in range(rows):
        source = image[min(max(part.top + r, 0), height - 1)]
        within = source[left if inside else 0 :]
        for c in range(channels):
            row = tile[(c * rows + r) * stride :]
            if table is None and inside:
                for i in range(columns):
                    row[i] = within[i, c]
            elif table is None:
                for i in range(columns):
                    row[i] = source[min(max(left + i, 0), width - 1), c]
            elif inside:
                values = table[c]
                for i in range(columns):
                    row[i] = values[within[i, c]]
            else:
                for i in range(columns):
                    row[i] = table[c, source[min(max(left + i, 0), width - 1), c]]


@inner
def beneath(source: Source, codes: tuple[int, int], seen: Bounds, room: Float32) -> Tile:
    """Return the part of the frame beneath a tile, and what is clipped in it.

    Parameters
    ----------
    source : Source
        The frame.
    codes : tuple of int
        Least code that is white, and least that is noted.
    seen : Bounds
        Of the tile's positions.
    room : (N,) float32 ndarray
        Memory for the values.
    """
    left, top = seen.left - 2, seen.top - 2  # the first taps of the first position
    part = Bounds(left, seen.right + 3, top, seen.bottom + 3)
    size = (seen.bottom - seen.top + 6, seen.right - seen.left + 6 + LANES)
    values = room[: source.image.shape[2] * size[0] * size[1]]
    _load(source.image, source.table, part, size[1], values)
    # Not even the brightest code is clipped nearly everywhere: no value needs to be looked at.
    read = Bounds(left, seen.right + 3 + LANES, top, seen.bottom + 3)
    most = brightest(source.image, source.table, read)
    marks, notes = np.empty(0, np.uint8), np.empty(0, np.uint8)
    if most >= codes[0]:
        marks = mark_clipped(values, size, source.white, False)
    if most >= codes[1]:
        notes = mark_clipped(values, size, source.limit, True)
    return Tile(values, size, (seen.left, seen.top), marks, notes)


@inner
def enough(room: Float32, seen: Bounds, channels: int) -> Float32:
    """Return `room`, or more of it where a tile needs more."""
    needed = channels * (seen.bottom - seen.top + 6) * (seen.right - seen.left + 6 + LANES)
    return room if room.size >= needed else np.zeros(needed, np.float32)
