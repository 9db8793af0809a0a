"""What the compiled loops of the resampling are given and hand on, each array by its name.

Nothing here loads the compiler, which sees through named tuples at no cost.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from focusstack.numeric.arrays import Float32, Floats

Pixels: TypeAlias = NDArray[np.int32]
"""Whole columns or rows of a frame, or of a tile."""

Marks: TypeAlias = NDArray[np.uint8]
"""1 where something holds, else 0."""


class Source(NamedTuple):
    """The frame that is resampled. Loops are compiled for all kinds of frames at once.

    Attributes
    ----------
    bytes, words : (H, W * C) uint8 and uint16 ndarray
        Codes of a frame of 8 and of 16 bits, row by row; the other one has no column.
    numbers : (H, W * C) float32 ndarray
        Values of a float frame; else without a column.
    table : (C, codes) float32 ndarray
        Value of each code; without a column for float frames.
    white : (C,) float32 ndarray
        Value from which on a channel is clipped: there the kernel is kept from ringing.
    limit : (C,) float32 ndarray
        Value from which on it is noted as clipped.
    """

    bytes: NDArray[np.uint8]
    words: NDArray[np.uint16]
    numbers: Float32
    table: Float32
    white: Float32
    limit: Float32


class Way(NamedTuple):
    """From pixels of the rectangle to those of the frame.

    Attributes
    ----------
    M : (3, 3) float64 ndarray
        Reference pixel to frame pixel.
    corner : tuple of int
        Reference column and row of the rectangle's first pixel.
    nodes : (rows + 2, columns + 2, 2) float64 ndarray
        Displacement in reference pixels with one ghost all round; empty for none.
    scale : (2,) float64 ndarray
        Cells of those nodes in a reference pixel, along x and y.
    """

    M: Floats
    corner: tuple[int, int]
    nodes: Floats
    scale: Floats


class Target(NamedTuple):
    """The place that results are written to.

    Attributes
    ----------
    numbers : (C, H, W) float32 ndarray
        Receives values; empty if `codes` do.
    codes : (C, H, W) int16 ndarray
        Receives values as whole multiples of `step`; empty if `numbers` does.
    step : float
        What codes are multiples of; 0 if there are none.
    clipped : (H, W) uint8 ndarray
        Receives 1 where anything mixed had reached its channel's limit, else 0; may be empty.
    """

    numbers: Float32
    codes: NDArray[np.int16]
    step: float
    clipped: Marks


class Box(NamedTuple):
    """A tile's first column and row, in the rectangle or the reference, and its size in pixels."""

    u: int
    v: int
    columns: int
    rows: int


class Bounds(NamedTuple):
    """First and last column and row of positions in the frame."""

    left: int
    right: int
    top: int
    bottom: int


class Positions(NamedTuple):
    """Where pixels of a tile lie in the frame, x first: whole part and what is beyond it.

    Attributes
    ----------
    whole : (rows, 2, columns) int32 ndarray
        Columns and rows of the frame, rounded down.
    phase : (rows, 2, columns) float32 ndarray
        What is beyond them, 0 up to 1.
    """

    whole: Pixels
    phase: Float32


class Workspace(NamedTuple):
    """Memory in which the positions of a tile are worked out.

    Attributes
    ----------
    positions : Positions
        Of all pixels of a tile.
    ordinals : (columns,) float32 ndarray
        0, 1, 2 and so on.
    along : (2, nodes) float32 ndarray
        Displacement, at the height of a row, of the nodes' columns.
    moved : (2, columns) float32 ndarray
        Displacement of a row's pixels; stays 0 without a field.
    extremes : (4, columns) int32 ndarray
        Least and greatest column, least and greatest row.
    """

    positions: Positions
    ordinals: Float32
    along: Float32
    moved: Float32
    extremes: Pixels


class Weights(NamedTuple):
    """Weights of the taps ``(6, columns)`` of a row of a tile, across and down."""

    across: Float32
    down: Float32


class Crossings(NamedTuple):
    """Where a row of a tile lies in the frame, and where it crosses the frame's columns.

    Attributes
    ----------
    across : (2, columns) float32 ndarray
        Positions of its pixels relative to the tile's corner, x first.
    heights : (columns of the frame,) float32 ndarray
        Row, relative to the corner, of the first of the six taps down each column.
    """

    across: Float32
    heights: Float32


class Lines(NamedTuple):
    """Memory in which the rows of a tile are filled, wider than a tile.

    Attributes
    ----------
    weights : Weights
        Of the taps of a row.
    line : (C * wide,) float32 ndarray
        Columns of the frame at the height of a row.
    made : (C * wide,) float32 ndarray
        Pixels of a row.
    crossings : Crossings
        Of two rows that are kept in turn, each ``(2, …)``.
    columns, rows : (wide,) int32 ndarray
        Where taps begin.
    phase : (wide,) float32 ndarray
        What is beyond that.
    eights : (wide / 8,) uint64 ndarray
        Marks where runs of pixels end.
    breaks : (wide,) uint8 ndarray
        The same memory, mark by mark.
    """

    weights: Weights
    line: Float32
    made: Float32
    crossings: Crossings
    columns: Pixels
    rows: Pixels
    phase: Float32
    eights: NDArray[np.uint64]
    breaks: Marks


class Tile(NamedTuple):
    """The part of the frame beneath a tile.

    Attributes
    ----------
    values : (C * rows * stride,) float32 ndarray
        Values of the frame, plane by plane, borders replicated.
    size : tuple of int
        Rows, and values a row (the stride).
    corner : tuple of int
        Column and row of the frame whose six by six taps begin at the first value.
    marks : (C * rows * stride,) uint8 ndarray
        1 where taps that begin there are to be held; may be empty.
    notes : (rows * stride,) uint8 ndarray
        1 where taps that begin there hold anything at its limit; may be empty.
    """

    values: Float32
    size: tuple[int, int]
    corner: tuple[int, int]
    marks: Marks
    notes: Marks


class Stretch(NamedTuple):
    """Pixels of a row of the rectangle: first column, row, and how many."""

    u: int
    v: int
    n: int
