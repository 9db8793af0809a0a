"""The one warp: position, gain, linearisation and local displacement in a single resampling.

The kernel has six by six taps (`focusstack.resample.kernel`), is placed to 1/16384 pixel and
reaches two pixels before and three after a sample. Where the frame is hardly turned, they are taken
down and then across (`focusstack.resample.loops.two_steps`). Values at full code are where a
picture is no longer band-limited, and where every such kernel rings; there, and only
there, the result stays between the four nearest values.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.geometry.coordinates import Rect
from focusstack.geometry.field import Field
from focusstack.geometry.placement import Placement
from focusstack.images.colour import full_scale
from focusstack.numeric.arrays import Float32, Image, Matrix
from focusstack.numeric.expected import check_matrices, check_picture
from focusstack.resample.kernel import coefficients
from focusstack.resample.loop_arguments import (
    read_only,
    source_of,
    target_of,
    way_of,
    working_memory,
)
from focusstack.resample.loops.sizes import TILE_HEIGHT
from focusstack.resample.planes import Planes
from focusstack.runtime.scratch import Room
from focusstack.runtime.strips import even_rows

TIDIED = 256
"""Rows after which a room with a file is tidied: bounds memory, not what comes out."""

BANDS = 4
"""Bands of rows for each thread: one that is held up leaves the rest to the others. Speed
only (``python -m benchmarks.speed``)."""


def resample(
    image: Image,
    H: Matrix,
    rect: Rect,
    table: Float32 | None = None,
    field: Field | None = None,
    out: Float32 | None = None,
    threads: int = 1,
) -> Float32:
    """Resample a frame into a rectangle of the reference frame.

    The pixel at reference position ``p`` takes the frame's value at ``inv(H) (p + field(p))``.
    Positions up to half a pixel beyond the outer pixel centres count as inside the frame, and
    taps beyond its border repeat the border; anything farther out gives 0. Where a tap is at full
    code (255, 65535, or 1.0 and more of a float frame), the channel's result is held between the
    four values around the position.

    The first picture of each dtype waits some seconds for the compiler; later runs find its work
    in a cache on disk. The compiler's lock is released while pixels are computed.

    Parameters
    ----------
    image : (H, W[, C]) ndarray
        The frame: uint8, uint16 or float32, in any encoding. Not modified.
    H : (3, 3) ndarray
        Frame pixel to reference pixel.
    rect : Rect
        The part of the reference frame to fill.
    table : (C, 256 or 65536) float32 ndarray, optional
        Value of each code of each channel, looked up before resampling: gain and transfer curve.
        Only for integer frames, which are scaled to 0..1 without it; float frames are taken as
        they are.
    field : Field, optional
        Local displacement of the sampled positions.
    out : (rect.height, rect.width[, C]) float32 ndarray, optional
        Where to put the result; C-contiguous.
    threads : int, optional
        How many threads share the rows. The bytes do not depend on it.

    Returns
    -------
    (rect.height, rect.width[, C]) float32 ndarray
        `out`, or a new array.

    Raises
    ------
    TypeError
        If the frame is not uint8, uint16 or float32.
    ValueError
        If shapes do not fit each other or `H` cannot be inverted.

    Examples
    --------
    >>> ramp = np.tile(np.arange(0, 200, 10, dtype=np.uint8), (9, 1))
    >>> half_right = np.array([[1, 0, 0.5], [0, 1, 0], [0, 0, 1]])
    >>> (255 * resample(ramp, half_right, Rect(8, 4, 3, 1))).round(2)
    array([[75., 85., 95.]], dtype=float32)
    """
    check_picture(image)
    check_matrices(H)
    if min(rect.width, rect.height) < 1:
        raise ValueError(f"a rectangle of {rect.width} x {rect.height} pixels holds none")
    shape = (rect.height, rect.width, *image.shape[2:])
    if out is not None and (
        out.shape != shape or out.dtype != np.float32 or not out.flags.c_contiguous
    ):
        raise ValueError(f"out must be a C-contiguous float32 array of shape {shape}")
    where = Placement(H, rect, field)
    if image.ndim == 3 and image.shape[2] != 1:
        found = resample_planes(image, where, table, threads=threads)
        out = np.empty(shape, np.float32) if out is None else out
        return np.asarray(cv2.merge(list(found.values), out), np.float32)
    into = None if out is None else out.reshape(1, rect.height, rect.width)
    found = resample_planes(image, where, table, Destination(into), threads=threads)
    return found.values.reshape(shape) if out is None else out


@dataclass(frozen=True, eq=False)
class Destination:
    """The place that planes are written to.

    Attributes
    ----------
    out : (C, height, width) ndarray or None
        Receives the values; C-contiguous, int16 if `coded`, else float32. New if None.
    coded : bool
        Whether values are rounded to 16 bits, in units of `focusstack.resample.planes.STEP`.
    room : Room or None
        Where `out` lies, which is tidied on the way.
    """

    out: NDArray[np.float32] | NDArray[np.int16] | None = None
    coded: bool = False
    room: Room | None = None


@dataclass(frozen=True, eq=False)
class Clipping:
    """What is clipped, pixel by pixel.

    Attributes
    ----------
    noted : (height, width) uint8 ndarray
        Becomes 1 where any value that a pixel is mixed from has reached its channel's limit,
        else 0.
    limits : (C,) float32 ndarray or None
        Those limits, in values that the table gives; full code if None.
    """

    noted: NDArray[np.uint8]
    limits: Float32 | None = None


def resample_planes(
    image: Image,
    where: Placement,
    table: Float32 | None = None,
    into: Destination | None = None,
    clipping: Clipping | None = None,
    threads: int = 1,
) -> Planes:
    """Resample a frame into a plane for each channel.

    Parameters
    ----------
    image, table, threads
        As for `resample`.
    where : Placement
        Which part of the reference is filled, and from where in the frame.
    into : Destination, optional
        Where the values go; to new planes of float32 if not given.
    clipping : Clipping, optional
        Receives what is clipped.

    Returns
    -------
    Planes
        Of ``into.out``, or of a new array.

    Raises
    ------
    TypeError, ValueError
        As for `resample`.

    Examples
    --------
    >>> whole = Placement(np.eye(3), Rect(0, 0, 4, 2))
    >>> resample_planes(np.zeros((2, 4, 3), np.uint8), whole).values.shape
    (3, 2, 4)
    """
    given = np.ascontiguousarray(image if image.ndim == 3 else image[..., None])
    into, rect = into or Destination(), where.rect
    out, room, kind = into.out, into.room, np.dtype(np.int16 if into.coded else np.float32)
    if out is None:
        out = np.empty((given.shape[2], rect.height, rect.width), kind)
    clipped = np.empty((0, 0), np.uint8) if clipping is None else clipping.noted
    limits = None if clipping is None else clipping.limits
    arguments = (
        source_of(given, _table(given, table), limits),
        way_of(where),
        read_only(coefficients()),
        target_of(out, clipped),
    )
    fill = _fill()
    tidied = room is not None and room.in_file
    shared = threads if threads == 1 else BANDS * threads
    bands = even_rows(rect.height, TILE_HEIGHT, rect.height // TIDIED if tidied else shared)

    def work(band: tuple[int, int]) -> None:
        fill(*arguments, *working_memory(given.shape[2], where), *band)
        if room is not None:
            room.tidy()

    if threads == 1 or len(bands) == 1:
        for band in bands:
            work(band)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, bands))
    return Planes(out, image.ndim == 2)


def _fill() -> Callable[..., None]:
    """Return the compiled loops; imports the compiler."""
    from focusstack.resample.loops.fill import filling

    return filling()


def _table(planes: Image, table: Float32 | None) -> Float32 | None:
    """Check the table, or make the one that scales codes to 0..1; None for float frames."""
    channels = planes.shape[2]
    white = full_scale(planes.dtype)
    if planes.dtype == np.float32:
        if table is not None:
            raise ValueError("a table is for integer frames; apply it to float frames beforehand")
        return None
    if table is None:
        return _scaling_table(int(white), channels)
    if table.shape != (channels, int(white) + 1):
        raise ValueError(f"the table must be ({channels}, {int(white) + 1}), not {table.shape}")
    return np.ascontiguousarray(table, np.float32)


@lru_cache
def _scaling_table(white: int, channels: int) -> Float32:
    """Codes 0 .. `white` as 0..1, once per channel."""
    return np.tile(np.arange(white + 1, dtype=np.float32) / np.float32(white), (channels, 1))
