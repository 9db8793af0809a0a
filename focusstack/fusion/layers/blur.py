"""What the lens makes of a point that is some focus steps out of focus."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from focusstack.numeric.arrays import Float32
from focusstack.numeric.disc import disc

FINENESS = 20
"""Radii that are told apart, to the pixel: a twentieth of a pixel is nothing that frames show."""


@dataclass(frozen=True)
class Blur:
    """How blur grows with distance from the plane of focus.

    Attributes
    ----------
    step : float
        Radius in pixels of the disc, to the focus step, which is one frame.
    softness : float
        Standard deviation of the Gaussian that softens the disc's rim, as a share of its radius.
    """

    step: float
    softness: float = 0.0

    def transfer(self, steps: float, shape: tuple[int, int]) -> Float32:
        """Return what blur over so many focus steps does to each spatial frequency.

        Parameters
        ----------
        steps : float
            Distance from the plane of focus; its sign does not matter.
        shape : tuple of int
            Height and width of the square that is blurred, which is taken as going on in a circle.

        Returns
        -------
        (H, W) float32 ndarray
            Factors for what `spectrum` gives; real, as discs are symmetric.
        """
        return _transfer(round(abs(steps) * self.step * FINENESS), self.softness, shape)


def spectrum(planes: Float32, into: Float32 | None = None) -> Float32:
    """Fourier transform of planes ``(..., H, W)`` of even size, real and imaginary parts packed.

    OpenCV's transform: with parts packed as it packs them it takes half the time of NumPy's, and
    multiplying by real factors a quarter.
    """
    found = np.empty(planes.shape, np.float32) if into is None else into
    height, width = planes.shape[-2:]
    flat, out = planes.reshape(-1, height, width), found.reshape(-1, height, width)
    for plane, into in zip(flat, out, strict=True):
        cv2.dft(plane, into)
    return found


def picture(spectra: Float32, into: Float32 | None = None) -> Float32:
    """Planes ``(..., H, W)`` of which these are the spectra."""
    found = np.empty(spectra.shape, np.float32) if into is None else into
    height, width = spectra.shape[-2:]
    flat, out = spectra.reshape(-1, height, width), found.reshape(-1, height, width)
    for packed, into in zip(flat, out, strict=True):
        cv2.dft(packed, into, cv2.DFT_INVERSE | cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT)
    return found


@lru_cache(maxsize=512)
def _transfer(radius: int, softness: float, shape: tuple[int, int]) -> Float32:
    """Of a `radius` in units of one by `FINENESS`."""
    pixels = radius / FINENESS
    taps = disc(pixels)
    reach = taps.shape[0] // 2
    fits = min(reach, min(shape) // 2 - 1)
    taps = taps[reach - fits : reach + fits + 1, reach - fits : reach + fits + 1]
    point = np.zeros(shape, np.float32)
    places = np.arange(-fits, fits + 1)
    point[np.ix_(places % shape[0], places % shape[1])] = taps / taps.sum()
    found = np.fft.rfft2(point).real
    down, across = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None]
    # A Gaussian of standard deviation s turns frequency f down by exp(-2 pi^2 s^2 f^2).
    soft = np.exp(-2 * (np.pi * softness * pixels) ** 2 * (down**2 + across**2))
    return _packed(np.asarray(found * soft, np.float32))


def _packed(factors: Float32) -> Float32:
    """Arrange factors ``(H, W // 2 + 1)`` as `spectrum` arranges what they are for."""
    height, width = factors.shape[0], 2 * (factors.shape[1] - 1)
    found = np.empty((height, width), np.float32)
    # Real and imaginary parts lie beside each other; in the first and last column, whose
    # spectra are those of real numbers, one above the other.
    found[:, 1:-1] = np.repeat(factors[:, 1:-1], 2, axis=1)
    for column, own in ((0, 0), (-1, -1)):
        found[0, column], found[-1, column] = factors[0, own], factors[height // 2, own]
        found[1:-1, column] = np.repeat(factors[1 : height // 2, own], 2)
    return found
