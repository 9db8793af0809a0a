"""Transfer curves and luma.

Pictures are stored encoded; light adds up only in linear values. Gains, blur-aware comparisons and
statistics therefore happen on linearised values, and nothing else does.

The curve is the piecewise one of IEC 61966-2-1 unless a picture's profile holds another, extended
above 1 by a power law so that a gain greater than one keeps what lies beyond white.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from focusstack.numeric.arrays import Float32, Floats, Image
from focusstack.runtime.strips import cut_rows

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Weights of linear R, G, B in luminance (ITU-R BT.709)."""


def full_scale(dtype: np.dtype[np.generic]) -> float:
    """Return the code of white: 255, 65535 or 1.0.

    Raises
    ------
    TypeError
        For any other dtype than uint8, uint16, float32.
    """
    scales = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0, np.dtype(np.float32): 1.0}
    if dtype not in scales:
        raise TypeError(f"pixels of type {dtype} are not supported; use uint8, uint16 or float32")
    return scales[dtype]


def decode(encoded: Float32) -> Float32:
    """sRGB-encoded values (1 = white) to linear light."""
    e = np.maximum(np.asarray(encoded, np.float32), 0)
    return np.where(e <= 0.04045, e / 12.92, ((e + 0.055) / 1.055) ** 2.4).astype(np.float32)


def encode(linear: Float32) -> Float32:
    """Linear light to sRGB-encoded values (1 = white); not clipped above."""
    v = np.maximum(np.asarray(linear, np.float32), 0)
    curve = 1.055 * np.maximum(v, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(v <= 0.0031308, v * 12.92, curve).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Transfer:
    """How encoded values relate to linear light, where that is not sRGB's way.

    Above white a curve goes on as the power law that its last hundredth follows.

    Attributes
    ----------
    curves : (1 or 3, 65536) float64 ndarray
        Linear light of each 16 bit code, never falling. One row serves all channels; grey takes
        the first.
    """

    curves: Floats

    def decode(self, encoded: Float32) -> Float32:
        """Encoded values ``(H, W[, C])`` (1 = white) to linear light."""
        return self._each(encoded, lambda values, curve: np.interp(values, _NODES, curve), up=True)

    def encode(self, linear: Float32) -> Float32:
        """Linear light ``(H, W[, C])`` to encoded values (1 = white); not clipped above."""
        return self._each(linear, lambda values, curve: np.interp(values, curve, _NODES), up=False)

    def of_channel(self, channel: int) -> Transfer:
        """Return the curve of one channel alone."""
        return Transfer(self.curves[channel % len(self.curves)][None])

    def _each(
        self, image: Float32, inside: Callable[[Float32, Floats], Floats], *, up: bool
    ) -> Float32:
        single = image.ndim == 2 or len(self.curves) == 1
        planes = image[..., None] if single else image
        out = np.empty(planes.shape, np.float32)
        for c, curve in enumerate(self.curves[: planes.shape[-1]]):
            values, top = planes[..., c], curve[-1]
            power = _power(curve)
            out[..., c] = inside(values, curve)
            above = values > (1 if up else top)
            if above.any():
                beyond = values[above].astype(float)
                out[above, c] = top * beyond**power if up else (beyond / top) ** (1 / power)
        return out[..., 0] if single else out


_NODES = np.arange(65536) / 65535
"""Codes of 16 bits as encoded values 0..1, at which curves are tables."""


def _power(curve: Floats) -> float:
    """Exponent of the power law that the last hundredth of a curve follows."""
    near = round(0.99 * 65535)
    rise = np.log(curve[-1] / max(curve[near], 0.1 * curve[-1]))
    return float(np.clip(rise / -np.log(_NODES[near]), 0.5, 5))


def codes(dtype: np.dtype[np.generic]) -> Float32:
    """Return every code of an integer dtype as an encoded value 0..1."""
    top = int(full_scale(dtype))
    return np.arange(top + 1, dtype=np.float32) / np.float32(top)


def linearise(image: Image, transfer: Transfer | None = None) -> Float32:
    """Linear light 0..1 of an image of any supported dtype, by table for integers.

    Parameters
    ----------
    image : (H, W[, C]) ndarray
        uint8, uint16 or float32, encoded.
    transfer : Transfer, optional
        How the codes relate to light; sRGB's way if not given.

    Returns
    -------
    (H, W[, C]) float32 ndarray

    Raises
    ------
    TypeError
        If the image is of another dtype.
    """
    if image.dtype == np.float32:
        return decode(image) if transfer is None else transfer.decode(image)
    return look_up(image, light_table(image.dtype, transfer))


def light_table(dtype: np.dtype[np.generic], transfer: Transfer | None = None) -> Float32:
    """Linear light of each code of an integer dtype: ``(1 or 3, codes)``."""
    if transfer is None:
        return decode(codes(dtype))[None]
    return transfer.curves[:, :: 257 if dtype == np.uint8 else 1].astype(np.float32)


def look_up(image: Image, table: Float32) -> Float32:
    """Values of an integer image, from a table ``(1 or C, codes)``."""
    if image.dtype == np.uint8:
        rows = table if image.ndim == 3 else table[:1]
        return np.asarray(cv2.LUT(image, np.ascontiguousarray(rows.T[None])), np.float32)
    if image.ndim == 2 or len(table) == 1:
        return np.asarray(table[0][image])
    return np.stack([table[c][image[..., c]] for c in range(image.shape[2])], axis=-1)


def to_float(image: Image) -> Float32:
    """Encoded values 0..1 as float32, of an image of any supported dtype."""
    return np.multiply(image, np.float32(1 / full_scale(image.dtype)), dtype=np.float32)


def to_eight_bits(codes: Image) -> Image:
    """Round 16-bit codes to 8 bits; the scale of white stays white.

    In one pass: whole numbers of 32 bits would take eight times the result, for a moment.

    Examples
    --------
    >>> to_eight_bits(np.array([[0, 128, 129, 65535]], np.uint16))
    array([[  0,   0,   1, 255]], dtype=uint8)
    """
    return np.asarray(cv2.convertScaleAbs(codes, alpha=1 / 257), np.uint8)


def to_dtype(encoded: Float32, dtype: np.dtype[np.generic]) -> Image:
    """Clip encoded float values to 0..1 and round them to `dtype`.

    Parameters
    ----------
    encoded : ndarray
        float32, 1 = white; not modified.
    dtype : dtype
        uint8, uint16 or float32.

    Returns
    -------
    ndarray
        Of that dtype and the same shape.

    Raises
    ------
    TypeError
        For any other dtype.
    """
    top = np.float32(full_scale(dtype))
    out = np.empty(encoded.shape, dtype)
    for rows in cut_rows(len(encoded)):
        part = np.clip(encoded[rows], 0, 1)
        if dtype != np.float32:
            part *= top
            np.rint(part, out=part)
        out[rows] = part
    return out


def luma(linear: Float32) -> Float32:
    """Luminance ``(H, W)`` of linear RGB; grey passes through."""
    if linear.ndim == 2:
        return linear
    return np.asarray(cv2.transform(linear, LUMA[None, :]), np.float32)


def brightest_channel(image: Image) -> Image:
    """The greatest value ``(H, W)`` of the channels; grey passes through."""
    if image.ndim == 2:
        return image
    red, green, blue = (image[..., c] for c in range(3))
    return np.asarray(np.maximum(np.maximum(red, green), blue))
