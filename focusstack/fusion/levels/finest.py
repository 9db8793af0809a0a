"""The finest level of a composite, which is most of the work: never stored, always made anew.

All coarser levels are a pyramid of the picture at half the size. The finest band itself is only
formed while it is needed, row by row: once to measure it and once to blend it.
"""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.fusion.levels.laplacian import up
from focusstack.fusion.levels.luma_range import LumaRange
from focusstack.fusion.levels.luminance import join
from focusstack.fusion.levels.soft_selection import Weights
from focusstack.fusion.levels.validity import ValidityLevels
from focusstack.fusion.loops.arguments import (
    Coarse,
    Energies,
    Evidence,
    Extremes,
    Halves,
    Scaled,
    read_only,
)
from focusstack.fusion.loops.codes import Codes
from focusstack.numeric.arrays import Float32
from focusstack.resample.planes import STEP, Planes
from focusstack.runtime.scratch import Room
from focusstack.runtime.strips import AROUND, Crew, Strip, beside, layers, strips


class FinestLevel:
    """Finest band of the signal and of colour differences, selected over the frames.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)`` or ``(H, W, 3)`` of the frames.
    radius : float
        Standard deviation of the energy window.
    threads : int
        Threads; the result does not depend on it.
    room : Room, optional
        Where all that is kept lies.
    apart : bool, optional
        Whether luma and colour differences are selected apart.
    deep : bool, optional
        Whether frames have more than 8 bits: means are then kept to a 16-bit step and better,
        otherwise in half the memory to a hundredth of an 8-bit step.

    Attributes
    ----------
    signal : Weights
        Of the luma, or of the frame if its channels are not apart.
    chroma : Weights or None
        Of the colour differences, on a grid of half the size.
    reduced : (h, w) or (3, h, w) float32 ndarray
        The latest signal at half the size.
    reduced_chroma : (2, h, w) float32 ndarray or None
        The latest colour differences at half the size.
    crew : Crew
        Shares the work.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        radius: float,
        threads: int = 1,
        room: Room | None = None,
        *,
        apart: bool = False,
        deep: bool = True,
    ) -> None:
        room = Room() if room is None else room
        height, width = shape[:2]
        half = ((height + 1) // 2, (width + 1) // 2)
        own = shape[:2] if apart else shape
        self.signal = Weights((height, width), room)
        self.chroma = Weights(half, room) if apart else None
        self._step = np.float32(0 if deep else STEP)
        self._signals = own[2] if len(own) == 3 else 1
        planes = self._signals + (2 if apart else 0)
        kind = np.float32 if deep else np.int16
        self._mean = room.zeros((planes, height, width), kind)
        self.reduced = room.zeros(own[2:] + half, np.float32)
        self.reduced_chroma = room.zeros((2, *half), np.float32) if apart else None
        self.crew = Crew(threads, room)
        self._strips = strips(height, width, AROUND)
        self._tall = strips(height, width, AROUND, 2)
        self._range = LumaRange(shape, room, deep=deep)
        self._limited = apart or len(shape) == 2
        self._taps = window(radius)

    def measure(self, frame: Planes, energy: Codes, chroma_energy: Float32 | None) -> None:
        """Reduce a frame, and measure the energy of its finest band.

        Parameters
        ----------
        frame : Planes
            Encoded.
        energy : (H, W) uint16 ndarray
            Takes, as codes, the mean square of the band of its luma over the window.
        chroma_energy : (h, w) float32 ndarray or None
            Takes the energy of the colour differences, summed over the two, at half the size.
        """
        from focusstack.fusion.loops import finest_measure as loops  # loads the compiler

        colour: Float32 = np.empty((0, 0, 0), np.float32)
        if self.reduced_chroma is not None:
            colour = self.reduced_chroma
        if chroma_energy is None:
            chroma_energy = np.empty((0, 0), np.float32)
        signal = layers(self.reduced)
        grey = signal[0] if len(signal) == 1 else np.empty(signal.shape[1:], np.float32)
        low, high = self._range.low, self._range.high
        given = Scaled(read_only(frame.values), np.float32(frame.step))
        halves, energies = Halves(signal, colour, grey), Energies(energy, chroma_energy)
        extremes = Extremes(low, high, self._range.step)

        def look(strip: Strip) -> None:
            first, last = strip.rows.start, strip.rows.stop
            measure = loops.measure(frame.values.dtype, low.dtype)
            measure(given, self._taps, halves, energies, extremes, first, last)

        self.crew.do(look, self._tall)

    def reduce_energy(self, energy: Codes, floor: float, focus: Float32) -> None:
        """Bring the part of `energy` above `floor` to half the size, into `focus`."""
        from focusstack.fusion.loops import finest_measure as loops

        def reduce(strip: Strip) -> None:
            loops.reduce()(energy, np.float32(floor), strip.half.start, strip.half.stop, focus)

        self.crew.do(reduce, self._strips)

    def add(
        self,
        frame: Planes,
        energy: Codes,
        floor: float,
        second: Float32 | None,
        chroma_evidence: Float32 | None,
        noise: tuple[float, float],
        validity: ValidityLevels | None,
    ) -> None:
        """Take the frame measured last.

        Parameters
        ----------
        frame : Planes
            That frame again.
        energy : (H, W) uint16 ndarray
            Of its finest band, as measured.
        floor : float
            What of it is noise.
        second : (h, w) float32 ndarray or None
            Evidence of the second level, some of which counts here.
        chroma_evidence : (h, w) float32 ndarray or None
            Evidence for colour differences; overwritten.
        noise : tuple of float
            Energy of the noise in the finest band of signal and colour differences.
        validity : ValidityLevels or None
            None is full validity.
        """
        from focusstack.fusion.loops import finest_blend as blending

        nothing = np.empty((0, 0), np.float32)
        none: Float32 = np.empty((0, 0, 0), np.float32)
        signal, chroma = self.signal, self.chroma
        signal.begin(noise[0])
        colour, shares = none, nothing
        if chroma is not None and self.reduced_chroma is not None and chroma_evidence is not None:
            chroma.begin(noise[1])
            shares = chroma_evidence
            self._weigh(chroma, shares, nothing if validity is None else validity.coarse[0])
            colour = self.reduced_chroma
        given = Scaled(read_only(frame.values), np.float32(frame.step))
        coarse = Coarse(*map(read_only, (layers(self.reduced), colour, shares)))
        evidence = Evidence(
            read_only(energy),
            np.float32(floor),
            read_only(nothing if second is None else second),
            read_only(np.empty((0, 0), np.uint8) if validity is None else validity.finest),
        )
        mean = Scaled(self._mean, self._step)

        def take(strip: Strip) -> None:
            first, last = strip.rows.start, strip.rows.stop
            blend = blending.take(frame.values.dtype, self._mean.dtype)
            blend(given, coarse, evidence, signal.weight, mean, first, last)

        self.crew.do(take, self._strips)

    def _weigh(self, chroma: Weights, shares: Float32, validity: Float32) -> None:
        """Replace evidence for colour differences by shares."""
        from focusstack.fusion.loops.soft_selection import weigh as weighing

        def weigh(strip: Strip) -> None:
            first, last = strip.half.start, strip.half.stop
            weighing()(shares, validity, chroma.weight, first, last)

        self.crew.do(weigh, self._strips)

    def image(self, reduced: Float32, reduced_chroma: Float32 | None) -> Float32:
        """Return the composite, from that at half the size; nothing can be added afterwards."""
        planes = 3 if self.chroma else self._signals
        flat = planes == 1
        # Only the mean is needed from here on; all at once would be the peak of a whole run.
        del self.signal, self.chroma, self.reduced, self.reduced_chroma
        self.crew.room.vacated()
        shape = (*self._mean.shape[1:], *(() if flat else (planes,)))
        image = self.crew.room.zeros(shape, np.float32)

        def finish(strip: Strip) -> None:
            part = self._doubled(reduced, strip, slice(0, self._signals))
            if self._limited:
                self._range.limit(strip.half, part[0])
            if reduced_chroma is None:
                image[strip.rows] = part[0] if flat else beside(part)
                return
            colour = self._doubled(reduced_chroma, strip, slice(self._signals, None))
            image[strip.rows] = join(part[0], beside(colour))

        self.crew.do(finish, self._strips)
        self.crew.close()
        return image

    def _doubled(self, coarse: Float32, strip: Strip, which: slice) -> Float32:
        """Rows of some planes: twice `coarse`, and their finest band."""
        shape = (strip.wide.stop - strip.wide.start, self._mean.shape[2])
        planes = self._rows(which, strip.rows)
        for own, half in zip(planes, layers(coarse), strict=True):
            own += up(half[strip.wide_half], shape)[strip.inner]
        return planes

    def band(self, rows: slice) -> Float32:
        """Rows of the mean of the signal's finest band."""
        planes = self._rows(slice(0, self._signals), rows)
        return planes[0] if self.reduced.ndim == 2 else beside(planes)

    def chroma_band(self, rows: slice) -> Float32:
        """Rows of the mean of the colour differences' finest band."""
        return beside(self._rows(slice(self._signals, None), rows))

    def _rows(self, planes: slice, rows: slice) -> Float32:
        step = self._step or np.float32(1)
        return np.asarray(self._mean[planes, rows] * step, np.float32)


def window(radius: float) -> Float32:
    """Weights of a Gaussian window of standard deviation `radius`, in one direction."""
    side = 2 * max(1, round(2.5 * radius)) + 1
    return np.asarray(cv2.getGaussianKernel(side, max(radius, 0.3), cv2.CV_32F).ravel(), np.float32)
