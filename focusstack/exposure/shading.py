"""Light that falls off across a frame: a smooth factor on linear light, beside the gain.

At a frame's pixel ``p`` the factor is ``exp(a r² + b r⁴ + x u + y v)``, with ``(u, v)`` the way
from the picture's centre in half diagonals and ``r`` its length. The radial terms are what
vignetting leaves where it differs from the reference's: aperture, focus and breathing change it
(D. B. Goldman, "Vignette and exposure calibration and compensation", IEEE TPAMI 32(12), 2010). The
planar ones are a lamp or a cloud that moved. Only differences between frames are known: the
reference is even.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass

import cv2
import numpy as np

from focusstack.geometry.coordinates import Rect
from focusstack.geometry.placement import Placement, shown_at
from focusstack.images.colour import Transfer, decode, encode
from focusstack.numeric.arrays import Float32, Floats, Points
from focusstack.resample.planes import STEP, Planes
from focusstack.runtime.scratch import Room
from focusstack.runtime.strips import cut_rows

STRONGEST = 3.0
"""Sum of the terms, logarithms of light, beyond which nothing is left to be made even: a twentieth
of the light. Bounds what a plan read from a file may ask for."""

STRONGEST_EXPONENT = 3.0
"""Largest exponent, and inverse of the least, that a plan read from a file may ask for: beyond the
difference between any two tone curves, linear ones included."""

NODES = 64
"""Nodes in half a diagonal at which the factor is computed; between them it is linear to 1e-4 of
the light."""

LOOKED_UP = 2.0
"""Encoded value, and root of light, up to which tone curves are tables: what 16 bits of a coded
plane hold. Beyond, the exact curve is used, which is slower."""


@dataclass(frozen=True)
class Shading:
    """What makes a frame's light fall off as the reference's does.

    Attributes
    ----------
    square, fourth : float
        Radial terms ``a`` and ``b``.
    across, down : float
        Planar terms ``x`` and ``y``.
    """

    square: float = 0.0
    fourth: float = 0.0
    across: float = 0.0
    down: float = 0.0

    @property
    def is_even(self) -> bool:
        """Whether nothing is to be done."""
        return self == EVEN

    @property
    def strength(self) -> float:
        """Sum of all terms."""
        return float(np.abs(astuple(self)).sum())

    def logarithm(self, points: Points, size: tuple[int, int]) -> Floats:
        """Natural logarithm ``(N,)`` of the factor at pixels ``(N, 2)`` of a frame of `size`.

        `size` is width and height.
        """
        return np.asarray(coordinates(points, size) @ np.array(astuple(self)), float)

    def highest(self, size: tuple[int, int]) -> float:
        """Largest factor anywhere in a frame of `size` (width, height)."""
        x, y = np.meshgrid(np.linspace(0, size[0] - 1, 33), np.linspace(0, size[1] - 1, 33))
        points: Points = np.stack([x.ravel(), y.ravel()], 1)
        return float(np.exp(self.logarithm(points, size).max()))


EVEN = Shading()
"""No shading."""


def coordinates(points: Points, size: tuple[int, int]) -> Floats:
    """``r², r⁴, u, v`` of pixels ``(N, 2)`` of a frame of `size`, as rows ``(N, 4)``."""
    half = 0.5 * np.hypot(*size)
    u, v = ((points - (np.array(size) - 1) / 2) / half).T
    r2 = u * u + v * v
    return np.stack([r2, r2 * r2, u, v], 1)


def shade_planes(
    planes: Planes,
    shading: Shading,
    where: Placement,
    size: tuple[int, int],
    transfer: Transfer | None = None,
    threads: int = 1,
    room: Room | None = None,
) -> None:
    """Even out an aligned frame, in place.

    Linear light is multiplied by the factor of the frame's pixel that each value comes from.

    Parameters
    ----------
    planes : Planes
        Encoded; what `resample_planes` gave for `where`.
    shading : Shading
        Of the frame.
    where : Placement
        Where the frame lies, and the part of the reference that `planes` show.
    size : tuple of int
        Width and height of the frame.
    transfer : Transfer, optional
        How the values relate to light; sRGB's way if not given.
    threads : int, optional
        How many share the rows. The bytes do not depend on it.
    room : Room, optional
        Where the planes lie, which is tidied on the way.
    """
    if shading.is_even:
        return
    lattice, apart = _lattice(shading, where, size)
    step = np.float32(planes.step)
    channels = range(len(planes.values))
    curves = [None if transfer is None else _Curve(transfer, c) for c in channels]
    coded = planes.values.dtype == np.int16

    def work(rows: slice) -> None:
        factor = _between(lattice, apart, rows, where.rect.width)
        for curve, plane in zip(curves, planes.values, strict=True):
            values = np.multiply(plane[rows], step, dtype=np.float32)
            values = _lit(values, factor, curve)
            plane[rows] = np.rint(np.minimum(values / step, 32767)) if coded else values
        if room is not None:
            room.tidy()

    _each(work, cut_rows(where.rect.height), threads)


def apply_shading(
    encoded: Float32, shading: Shading, transfer: Transfer | None = None, threads: int = 1
) -> Float32:
    """Even out a whole frame where it stands.

    Parameters
    ----------
    encoded : (H, W[, C]) float32 ndarray
        The frame, 1 = white; not modified.
    shading : Shading
        What makes its light fall off as the reference's does.
    transfer : Transfer, optional
        How the values relate to light; sRGB's way if not given.
    threads : int, optional
        How many share the rows.

    Returns
    -------
    (H, W[, C]) float32 ndarray
        Encoded, not clipped above; `encoded` itself if there is nothing to do.

    Examples
    --------
    >>> corner = apply_shading(np.full((101, 101), 0.5, np.float32), Shading(square=0.2))[0, 0]
    >>> round(float(corner), 3)  # linear light there is nearly exp(0.2) times as much
    0.547
    """
    if shading.is_even:
        return encoded
    planes, size = Planes.of(encoded), (encoded.shape[1], encoded.shape[0])
    where = Placement(np.eye(3), Rect(0, 0, *size))
    shade_planes(planes, shading, where, size, transfer, threads)
    return planes.pixels().reshape(encoded.shape)


def _lit(values: Float32, factor: Float32, curve: _Curve | None) -> Float32:
    """Encoded values whose linear light is `factor` times as much; negative ones stay."""
    if curve is None:
        light = encode(decode(values) * factor)
    else:
        light = curve.encode(curve.decode(values) * factor)
    return np.where(values > 0, light, values)


class _Curve:
    """A channel's tone curve on even steps, which are found faster than a curve's own.

    Light is looked up by its root, of which most curves are nearly straight.
    """

    def __init__(self, transfer: Transfer, channel: int) -> None:
        self._exact = transfer.of_channel(channel)
        steps = np.arange(round(LOOKED_UP / STEP) + 2, dtype=np.float32) * np.float32(STEP)
        self._light = self._exact.decode(steps)
        self._code = self._exact.encode(steps * steps)

    def decode(self, encoded: Float32) -> Float32:
        """Linear light of encoded values, of which negative ones count as 0."""
        values = np.maximum(encoded, 0)
        if values.max(initial=0) >= LOOKED_UP:
            return self._exact.decode(values)
        return _looked_up(self._light, values)

    def encode(self, light: Float32) -> Float32:
        """Encoded values of linear light."""
        root = np.sqrt(light)
        if root.max(initial=0) >= LOOKED_UP:
            return self._exact.encode(light)
        return _looked_up(self._code, root)


def _looked_up(table: Float32, values: Float32) -> Float32:
    at = values * np.float32(1 / STEP)
    below = at.astype(np.int32)
    start = table[below]
    return np.asarray(start + (at - below.astype(np.float32)) * (table[below + 1] - start))


def _lattice(shading: Shading, where: Placement, size: tuple[int, int]) -> tuple[Float32, int]:
    """The factor at nodes over a rectangle and just beyond its end, and how many pixels apart."""
    rect = where.rect
    apart = max(1, round(0.5 * float(np.hypot(*size)) / NODES))
    rows, columns = (-(-(n - 1) // apart) + 1 for n in (rect.height, rect.width))
    x, y = np.meshgrid(np.arange(columns) * apart + rect.x, np.arange(rows) * apart + rect.y)
    places: Points = np.stack([x.ravel(), y.ravel()], 1).astype(np.float64)
    at = shown_at(places, where.H, where.field)
    return np.exp(shading.logarithm(at, size)).reshape(rows, columns).astype(np.float32), apart


def _between(lattice: Float32, apart: int, rows: slice, width: int) -> Float32:
    """The factor at every pixel of some rows, linear between nodes."""
    x, y = np.meshgrid(
        np.arange(width, dtype=np.float32) / apart,
        np.arange(rows.start, rows.stop, dtype=np.float32) / apart,
    )
    return np.asarray(cv2.remap(lattice, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _each(work: Callable[[slice], None], strips: list[slice], threads: int) -> None:
    if threads == 1:
        for rows in strips:
            work(rows)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(work, strips))


def even_blocks(
    blocks: Float32, shading: Shading, exponent: float, block: int, size: tuple[int, int]
) -> Float32:
    """Even out block means as pass 2 evens out pixels, but for the gain.

    Parameters
    ----------
    blocks : (h, w, C) float32 ndarray
        Means of linear light; not modified.
    shading : Shading
        Of the frame.
    exponent : float
        To which light is raised first.
    block : int
        Side of a block in pixels.
    size : tuple of int
        Width and height of the frame in such pixels.

    Returns
    -------
    (h, w, C) float32 ndarray
    """
    height, width = blocks.shape[:2]
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    corners: Points = np.stack([x.ravel(), y.ravel()], 1).astype(np.float64)
    centres = np.asarray((corners + 0.5) * block - 0.5, float)
    factor = np.exp(shading.logarithm(centres, size)).reshape(height, width, 1)
    lit = np.power(np.maximum(blocks, 0), np.float32(exponent)) * factor
    return np.asarray(lit, np.float32)
