"""The finest level of a composite, which is most of the work: never stored, always made anew.

All coarser levels are a pyramid of the picture at half the size. The finest band itself is only
formed while it is needed, row by row: once to measure it and once to blend it.
"""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.laplacian import down, up
from focusstack.fusion.luma_range import LumaRange
from focusstack.fusion.luminance import join, luma_of, split
from focusstack.fusion.soft_selection import Weights
from focusstack.fusion.strips import Crew, Strip, strips
from focusstack.typing import Float32

FINE, COARSE = 2.0**-24, 2.0**-14
"""Steps of the means: a float32 holds 1 to the first, 16 bits hold 2 to the second."""

T = TypeVar("T", bound=np.generic)

AROUND = 4
"""Rows around a strip that are needed to reduce or to double it."""


class FinestLevel:
    """Finest band of the signal and of colour differences, selected over the frames.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)`` or ``(H, W, 3)`` of the frames.
    apart : bool
        Whether luma and colour differences are selected apart.
    radius : float
        Standard deviation of the energy window.
    workers : int
        Threads; the result does not depend on it.
    precise : bool
        Whether means are kept to a 16-bit step and better, or in half the memory to a hundredth
        of an 8-bit step.

    Attributes
    ----------
    signal : Weights
        Of the luma, or of the frame if its channels are not apart.
    chroma : Weights or None
        Of the colour differences, on a grid of half the size.
    reduced : ndarray
        The latest signal at half the size.
    reduced_chroma : (h, w, 2) float32 ndarray or None
        The latest colour differences at half the size.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        apart: bool,
        radius: float,
        workers: int = 1,
        precise: bool = True,
    ) -> None:
        height, width = shape[:2]
        half = ((height + 1) // 2, (width + 1) // 2)
        own = shape[:2] if apart else shape
        self.signal = Weights((height, width))
        self.chroma = Weights(half) if apart else None
        kind = np.float32 if precise else np.int16
        self._precise = precise
        self._step = np.float32(FINE if precise else COARSE)
        self._mean = np.zeros((height, width, *own[2:]), kind)
        self._chroma_mean = np.zeros((height, width, 2) if apart else (0, 0, 2), kind)
        self.reduced = np.empty(half + own[2:], np.float32)
        self.reduced_chroma = np.empty((*half, 2), np.float32) if apart else None
        self._crew = Crew(workers)
        self._strips = strips(height, width, AROUND)
        self._range = LumaRange(shape)
        self._limited = apart or len(shape) == 2
        self._taps = window(radius)

    def measure(self, frame: Float32, energy: Float32, chroma_energy: Float32 | None) -> None:
        """Reduce a frame, and measure the energy of its finest band.

        Parameters
        ----------
        frame : ndarray
            Encoded.
        energy : (H, W) float32 ndarray
            Takes the mean square of the band of its luma over the window.
        chroma_energy : (h, w) float32 ndarray or None
            Takes that of the colour differences, summed over the two, at half the size.
        """

        def reduce(strip: Strip) -> None:
            half = down(frame[strip.wide])[strip.inner_half]
            if self.reduced_chroma is None:
                self.reduced[strip.half] = half
            else:
                split(half, self.reduced[strip.half], self.reduced_chroma[strip.half])

        from focusstack.fusion import loops  # loads the compiler

        self._crew.do(reduce, self._strips)
        luma = deep(luma_of(self.reduced))
        colour: Float32 = np.empty((0, 0, 2), np.float32)
        if self.reduced_chroma is not None:
            colour = self.reduced_chroma
        if chroma_energy is None:
            chroma_energy = np.empty((0, 0), np.float32)
        low, high = self._range.low, self._range.high

        def look(strip: Strip) -> None:
            first, last = strip.rows.start, strip.rows.stop
            loops.measure()(
                deep(frame), luma, colour, self._taps, first, last, energy, chroma_energy, low, high
            )

        self._crew.do(look, self._strips)

    def reduce_energy(self, energy: Float32, floor: float, focus: Float32) -> None:
        """Bring the part of `energy` above `floor` to half the size, into `focus`."""

        def reduce(strip: Strip) -> None:
            above = np.maximum(energy[strip.wide] - np.float32(floor), np.float32(0))
            focus[strip.half] = down(above)[strip.inner_half]

        self._crew.do(reduce, self._strips)

    def add(
        self,
        frame: Float32,
        energy: Float32,
        floor: float,
        second: Float32 | None,
        chroma_evidence: Float32 | None,
        noise: tuple[float, float],
        trust: list[Float32] | None,
    ) -> None:
        """Take the frame measured last.

        Parameters
        ----------
        frame : ndarray
            The same again.
        energy : (H, W) float32 ndarray
            Of its finest band, as measured.
        floor : float
            What of it is noise.
        second : (h, w) float32 ndarray or None
            Evidence of the second level, some of which counts here.
        chroma_evidence : (h, w) float32 ndarray or None
            Evidence for colour differences; overwritten.
        noise : tuple of float
            Energy of the noise in the finest band of signal and colour differences.
        trust : list of ndarray or None
            At full and half the size.
        """
        from focusstack.fusion import loops

        nothing = np.empty((0, 0), np.float32)
        none: Float32 = np.empty((0, 0, 2), np.float32)
        signal, chroma = self.signal, self.chroma
        signal.begin(noise[0])
        colour, shares = none, nothing
        if chroma is not None and self.reduced_chroma is not None and chroma_evidence is not None:
            chroma.begin(noise[1])
            shares = chroma_evidence
            self._weigh(chroma, shares, nothing if trust is None else trust[1])
            colour = self.reduced_chroma
        certain = nothing if trust is None else trust[0]
        coarse, mean = deep(self.reduced), deep(self._mean)
        behind = none if second is None else deep(second)

        def take(strip: Strip) -> None:
            loops.take(self._precise)(
                deep(frame), coarse, colour, energy, np.float32(floor), behind, certain,
                signal.scale, signal.amplitude, mean, shares, self._chroma_mean, self._step,
                strip.rows.start, strip.rows.stop,
            )  # fmt: skip

        self._crew.do(take, self._strips)

    def _weigh(self, chroma: Weights, shares: Float32, trust: Float32) -> None:
        """Replace evidence for colour differences by shares."""
        from focusstack.fusion import loops

        def weigh(strip: Strip) -> None:
            first, last = strip.half.start, strip.half.stop
            loops.weigh()(shares, trust, chroma.scale, chroma.amplitude, first, last)

        self._crew.do(weigh, self._strips)

    def image(self, reduced: Float32, reduced_chroma: Float32 | None) -> Float32:
        """Return the composite, from that at half the size; nothing can be added afterwards."""
        image = np.empty(self._mean.shape[:2] + ((3,) if self.chroma else reduced.shape[2:]),
                         np.float32)  # fmt: skip

        def finish(strip: Strip) -> None:
            rows, inner = strip.rows, strip.inner
            shape = (strip.wide.stop - strip.wide.start, image.shape[1])
            part = up(reduced[strip.wide_half], shape)[inner] + self.band(rows)
            if self._limited:
                self._range.limit(strip.half, part)
            if reduced_chroma is None:
                image[rows] = part
                return
            colour = up(reduced_chroma[strip.wide_half], shape)[inner]
            image[rows] = join(part, colour + self.chroma_band(rows))

        self._crew.do(finish, self._strips)
        self._crew.close()
        return image

    def band(self, rows: slice) -> Float32:
        """Rows of the mean of the signal's finest band."""
        return np.asarray(self._mean[rows] * self._step, np.float32)

    def chroma_band(self, rows: slice) -> Float32:
        """Rows of the mean of the colour differences' finest band."""
        return np.asarray(self._chroma_mean[rows] * self._step, np.float32)


def window(radius: float) -> Float32:
    """Weights of a Gaussian window of standard deviation `radius`, in one direction."""
    side = 2 * max(1, round(2.5 * radius)) + 1
    return np.asarray(cv2.getGaussianKernel(side, max(radius, 0.3), cv2.CV_32F).ravel(), np.float32)


def deep(plane: NDArray[T]) -> NDArray[T]:
    """The same with an axis for channels."""
    return plane[..., None] if plane.ndim == 2 else plane
