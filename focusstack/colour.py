"""Transfer curves and luma.

Pictures are stored sRGB-encoded; light adds up only in linear values. Gains, blur-aware
comparisons and statistics therefore happen on linearised values, and nothing else does.

The curve is the piecewise one of IEC 61966-2-1, extended above 1 by the same power law so that a
gain greater than one keeps what lies beyond white.
"""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.typing import Float32, Image

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Weights of linear R, G, B in luminance (ITU-R BT.709)."""


STRIP = 64
"""Rows converted at a time."""


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


def codes(dtype: np.dtype[np.generic]) -> Float32:
    """Return every code of an integer dtype as an encoded value 0..1."""
    top = int(full_scale(dtype))
    return np.arange(top + 1, dtype=np.float32) / np.float32(top)


def linearise(image: Image) -> Float32:
    """Linear light 0..1 of an image of any supported dtype, by table for integers."""
    if image.dtype == np.float32:
        return decode(image)
    table = decode(codes(image.dtype))
    if image.dtype == np.uint8:
        return np.asarray(cv2.LUT(image, table), np.float32)
    return table[image]


def to_float(image: Image) -> Float32:
    """Encoded values 0..1 as float32, of an image of any supported dtype."""
    return np.multiply(image, np.float32(1 / full_scale(image.dtype)), dtype=np.float32)


def to_dtype(encoded: Float32, dtype: np.dtype[np.generic]) -> Image:
    """Clip encoded float values to 0..1 and round them to `dtype`."""
    top = np.float32(full_scale(dtype))
    out = np.empty(encoded.shape, dtype)
    for start in range(0, len(encoded), STRIP):  # strips stay in the cache
        rows = slice(start, start + STRIP)
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
