"""The compiled loops that bring the part of a frame that lies beneath a tile to float32.

Import this module only when a picture is to be resampled: loading the compiler takes a while.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from focusstack.numeric.arrays import Float32
from focusstack.resample.loops.arguments import Bounds, Source, Tile
from focusstack.resample.loops.clipping import brightest, mark_clipped
from focusstack.resample.loops.sizes import LANES
from focusstack.runtime.compiler import inner

Codes = NDArray[np.uint8] | NDArray[np.uint16]
"""A row of a frame of whole numbers."""


@inner
def _look_up(codes: Codes, left: int, columns: int, table: Float32, c: int, to: Float32) -> None:
    """Put values of channel `c` of a row of the frame next to each other, borders replicated.

    Parameters
    ----------
    codes : (W * C,) ndarray
        The row.
    left, columns : int
        First column, which may lie beyond the frame as others may, and how many.
    table : (C, codes) float32 ndarray
        Value of each code.
    c : int
        The channel.
    to : (N,) float32 ndarray
        Receives them.
    """
    channels, values = table.shape[0], table[c]
    width = codes.size // channels
    if left >= 0 and left + columns <= width:
        within = codes[left * channels + c :]
        for i in range(columns):
            to[i] = values[within[i * channels]]
    else:
        for i in range(columns):
            to[i] = values[codes[min(max(left + i, 0), width - 1) * channels + c]]


@inner
def _pick(row: Float32, left: int, columns: int, channels: int, c: int, to: Float32) -> None:
    """Put a channel of a row of a float frame next to each other; see `_look_up`."""
    width = row.size // channels
    if left >= 0 and left + columns <= width:
        within = row[left * channels + c :]
        for i in range(columns):
            to[i] = within[i * channels]
    else:
        for i in range(columns):
            to[i] = row[min(max(left + i, 0), width - 1) * channels + c]


@inner
def _load(source: Source, part: Bounds, stride: int, tile: Float32) -> None:
    """Copy a part of the frame as float32, borders replicated, plane by plane.

    Parameters
    ----------
    source : Source
        The frame.
    part : Bounds
        Of the frame, beyond which it may reach.
    stride : int
        Values from a row of a plane to the next.
    tile : (C * rows * stride,) float32 ndarray
        Receives it.
    """
    table, channels = source.table, source.white.size
    rows, columns, left = part.bottom - part.top + 1, part.right - part.left + 1, part.left
    for r in range(rows):
        y = min(max(part.top + r, 0), source.bytes.shape[0] - 1)
        for c in range(channels):
            to = tile[(c * rows + r) * stride :]
            if source.bytes.size > 0:
                _look_up(source.bytes[y], left, columns, table, c, to)
            elif source.words.size > 0:
                _look_up(source.words[y], left, columns, table, c, to)
            else:
                _pick(source.numbers[y], left, columns, channels, c, to)


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
    values = room[: source.white.size * size[0] * size[1]]
    _load(source, part, size[1], values)
    # Not even the brightest code is clipped nearly everywhere: no value needs to be looked at.
    most = brightest(source, Bounds(left, seen.right + 3 + LANES, top, seen.bottom + 3))
    marks, notes = np.zeros(0, np.uint8), np.zeros(0, np.uint8)
    if most >= codes[0]:
        marks = mark_clipped(values, size, source.white, False)
    if most >= codes[1]:
        notes = mark_clipped(values, size, source.limit, True)
    return Tile(values, size, (seen.left, seen.top), marks, notes)


@inner
def enough(room: Float32, seen: Bounds, channels: int) -> Float32:
    """Return `room`, or more of it where a tile needs more."""
    needed = channels * (seen.bottom - seen.top + 6) * (seen.right - seen.left + 6 + LANES)
    return room if room.size >= needed else np.empty(needed, np.float32)
