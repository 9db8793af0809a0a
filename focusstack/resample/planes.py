"""A frame as the second pass holds it: a plane for each channel, in half the memory if it may be.

A frame of 8 bits is kept as whole multiples of ``2**-14``, a sixty-fourth of its own step: two
bytes a value instead of four, of which every picture in memory and every pass over it is made.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.images.colour import full_scale, to_dtype
from focusstack.numeric.arrays import Float32, Image

STEP = 2.0**-14
"""What a coded value of 1 stands for, as a share of white: 16 bits then hold up to twice the
reference's white, and a step of 8 bits is 64 of these."""


@dataclass(frozen=True)
class Planes:
    """An encoded picture, plane by plane.

    Attributes
    ----------
    values : (C, H, W) ndarray
        float32, or int16 in units of `STEP`.
    flat : bool
        Whether the picture has no axis for channels.
    """

    values: NDArray[np.float32] | NDArray[np.int16]
    flat: bool

    @classmethod
    def of(cls, pixels: Float32, *, coded: bool = False) -> Planes:
        """Take an encoded picture ``(H, W[, C])`` apart."""
        channels = [pixels] if pixels.ndim == 2 else list(cv2.split(pixels))
        if not coded:
            return cls(np.asarray(np.stack(channels), np.float32), pixels.ndim == 2)
        codes = np.empty((len(channels), *pixels.shape[:2]), np.int16)
        for plane, channel in zip(codes, channels, strict=True):
            plane[:] = np.rint(np.clip(channel * np.float32(1 / STEP), -32767, 32767))
        return cls(codes, pixels.ndim == 2)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the picture: ``(H, W[, C])``."""
        channels, height, width = self.values.shape
        return (height, width) if self.flat else (height, width, channels)

    @property
    def step(self) -> float:
        """What a value of 1 stands for."""
        return STEP if self.values.dtype == np.int16 else 1.0

    def rounded(self, dtype: np.dtype[np.generic]) -> Image:
        """The picture clipped to 0..1 and rounded to `dtype`."""
        if dtype == np.float32:
            return to_dtype(self.pixels(), dtype)
        from focusstack.resample.loops import planes as rounding  # loads the compiler

        channels, height, width = self.values.shape
        found = np.empty((height, width, channels), dtype)
        if self.values.dtype == np.int16:
            codes = np.arange(round(1 / STEP) + 1, dtype=np.float32) * np.float32(STEP)
            rounding.look_up(found.dtype)(self.values, to_dtype(codes, dtype), found)
        else:
            top = np.float32(full_scale(dtype))
            rounding.rounding(found.dtype)(self.values, top, found)
        return found.reshape(self.shape)

    def pixels(self) -> Float32:
        """The picture as float32, put together."""
        planes = self.values
        if planes.dtype == np.int16:
            planes = np.multiply(planes, np.float32(STEP), dtype=np.float32)
        return np.asarray(planes[0] if self.flat else cv2.merge(list(planes)), np.float32)
