"""Frames, ways and targets as the loops of the resampling take them, and memory to work in.

The loops are compiled once for all kinds of frames and results: of the arrays that are handed over
for each kind, all but one are empty.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from focusstack.geometry.placement import Placement
from focusstack.numeric.arrays import Float32, Image, Matrix
from focusstack.resample.loops.arguments import (
    Crossings,
    Lines,
    Positions,
    Source,
    Target,
    Way,
    Weights,
    Workspace,
)
from focusstack.resample.loops.sizes import TILE_HEIGHT, TILE_WIDTH, WIDE
from focusstack.resample.planes import STEP

AnyArray = TypeVar("AnyArray", bound=NDArray[Any])


def read_only(array: AnyArray) -> AnyArray:
    """Return a view that is not written to: inside a named tuple the compiler does not make it."""
    view = array.view()
    view.flags.writeable = False
    return view


def source_of(image: Image, table: Float32 | None, limits: Float32 | None) -> Source:
    """Return a frame ``(H, W, C)`` as the loops take it; see `Source`.

    Parameters
    ----------
    image : (H, W, C) uint8, uint16 or float32 ndarray
        C-contiguous.
    table : (C, codes) float32 ndarray or None
        None for float frames.
    limits : (C,) float32 ndarray or None
        Values from which on is noted what is clipped; full code if None.
    """
    height, channels = image.shape[0], image.shape[2]
    rows = image.reshape(height, -1)
    kinds = [
        read_only(rows if rows.dtype == kind else np.empty((height, 0), kind))
        for kind in (np.uint8, np.uint16, np.float32)
    ]
    # From the value of full code on, each channel counts as clipped.
    white = np.ones(channels, np.float32) if table is None else table[:, -1].copy()
    values = np.empty((channels, 0), np.float32) if table is None else table
    limit = white if limits is None else limits
    return Source(*kinds, *map(read_only, (values, white, limit)))


def way_of(where: Placement) -> Way:
    """Return the way to a frame as the loops take it.

    Raises
    ------
    ValueError
        If its matrix cannot be inverted.
    """
    rect, field = where.rect, where.field
    nodes, scale = (np.empty((0, 0, 2)), np.zeros(2)) if field is None else field.nodes
    corner = int(rect.x), int(rect.y)
    return Way(read_only(_inverse(where.H)), corner, read_only(nodes), read_only(scale))


def target_of(out: NDArray[np.float32] | NDArray[np.int16], clipped: NDArray[np.uint8]) -> Target:
    """Return the place of the results, ``(C, H, W)``, as the loops take it."""
    coded = out.dtype == np.int16
    numbers = np.empty((0, 0, 0), np.float32) if coded else cast(Float32, out)
    codes = cast("NDArray[np.int16]", out) if coded else np.empty((0, 0, 0), np.int16)
    return Target(numbers, codes, STEP if coded else 0.0, clipped)


def working_memory(channels: int, where: Placement) -> tuple[Workspace, Lines]:
    """Return memory for the tiles of a frame of so many channels; each thread needs its own."""
    field = where.field
    nodes = 0 if field is None else field.nodes[0].shape[1]
    tile = (TILE_HEIGHT, 2, TILE_WIDTH)
    space = Workspace(
        Positions(np.zeros(tile, np.int32), np.zeros(tile, np.float32)),
        np.arange(TILE_WIDTH, dtype=np.float32),
        np.zeros((2, nodes), np.float32),
        np.zeros((2, TILE_WIDTH), np.float32),
        np.zeros((4, TILE_WIDTH), np.int32),
    )
    eights = np.zeros(WIDE // 8, np.uint64)
    lines = Lines(
        Weights(np.zeros((6, WIDE), np.float32), np.zeros((6, WIDE), np.float32)),
        np.zeros(channels * WIDE, np.float32),
        np.zeros(channels * WIDE, np.float32),
        Crossings(np.zeros((2, 2, WIDE), np.float32), np.zeros((2, WIDE), np.float32)),
        np.zeros(WIDE, np.int32),
        np.zeros(WIDE, np.int32),
        np.zeros(WIDE, np.float32),
        eights,
        eights.view(np.uint8),
    )
    return space, lines


def _inverse(H: Matrix) -> Matrix:
    """Reference pixel to frame pixel."""
    try:
        return np.ascontiguousarray(np.linalg.inv(np.asarray(H, float)))
    except np.linalg.LinAlgError as error:
        raise ValueError("the matrix of a frame cannot be inverted") from error
