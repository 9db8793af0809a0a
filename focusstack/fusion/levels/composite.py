"""The composite under construction: a pyramid whose levels are weighted means over the frames."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from focusstack.fusion.levels.implicit_band import Unstored
from focusstack.fusion.levels.laplacian import collapse, down
from focusstack.fusion.levels.noise import level_noise
from focusstack.fusion.levels.smooth_range import SmoothRange
from focusstack.fusion.levels.soft_selection import SoftSelection
from focusstack.numeric.arrays import Float32
from focusstack.runtime.strips import Crew, layers

LEAST_BASE = np.float32(1e-5)
"""Evidence (energy of encoded values) that a frame's base has where it shows no detail at all:
about the square of an 8-bit step. Chosen, not measured."""

BASE_POWER = 6
"""Power of the evidence beneath it that a base is weighed with: what blur spreads over hundreds
of pixels must come from the frame that is sharp, or it becomes a wide halo. Chosen by the *halo*
of ``python -m benchmarks.fusion``."""

NEVER = np.float32(1e-36)
"""Weight of a base that is not valid, in sixth powers of evidence: a millionth of that of the
least base, and enough without any other. Chosen, not measured."""


class Composite:
    """Pyramid of weighted means of one signal: colour, luma or colour differences.

    It begins at the second level of the frames' pyramid; see
    :class:`focusstack.fusion.levels.finest.FinestLevel` for the first.

    Parameters
    ----------
    shapes : list of tuple of int
        ``(height, width)`` of the levels, the base last.
    channels : tuple of int
        ``()`` or ``(C,)`` of the signal, whose planes lie one after the other.
    crew : Crew
        Shares the work.
    deep : bool
        Whether frames have more than 8 bits: the mean of the first level is then kept to a 16-bit
        step and better.

    Attributes
    ----------
    bands : list of Unstored
        Band-pass levels of the latest frame.
    gauss : list of ndarray
        Its reduced images, from the next level on, the base last.
    """

    def __init__(
        self,
        shapes: list[tuple[int, int]],
        channels: tuple[int, ...],
        crew: Crew,
        *,
        deep: bool = True,
    ) -> None:
        self._crew = crew
        self.bands: list[Unstored] = []
        room = crew.room
        self.gauss = [room.zeros(channels + shape, np.float32) for shape in shapes[1:]]
        self._range = SmoothRange(self.gauss[0].shape, room) if self.gauss else None
        self._latest: Float32 | None = None
        self._selections = [
            SoftSelection(channels + shape, room, deep=deep or level > 0)
            for level, shape in enumerate(shapes[:-1])
        ]
        self._gains = level_noise(len(shapes))[1:]
        self._base = np.zeros(channels + shapes[-1], np.float32)
        self._weight = np.zeros(shapes[-1], np.float32)

    def decompose(self, signal: Float32) -> None:
        """Fill `bands` with those of the next frame, which has to stay as it is meanwhile."""
        levels = [signal, *self.gauss]
        for fine, half in pairwise(levels):
            for own, to in zip(layers(fine), layers(half), strict=True):
                down(own, to)
            self._crew.room.tidy()
        if self._range is not None:
            self._range.add(self.gauss[0])
            self._crew.room.tidy()
        self.bands = [Unstored(fine, half, self._crew) for fine, half in pairwise(levels)]
        self._latest = levels[-1]

    def add(
        self,
        evidence: list[Float32],
        base_evidence: Float32,
        variance: float,
        validity: list[Float32] | None,
    ) -> None:
        """Take the frame decomposed last.

        Parameters
        ----------
        evidence : list of ndarray
            For each band-pass level, how sharp the frame is.
        base_evidence : ndarray
            The same for the base.
        variance : float
            Noise variance of the stack.
        validity : list of ndarray, optional
            Validity at the size of each level and the base; None is full validity.
        """
        for level, (selection, sharp) in enumerate(zip(self._selections, evidence, strict=True)):
            noise = variance * self._gains[level]
            known = None if validity is None else validity[level]
            selection.add(self.bands[level], sharp, noise, known)
        weight = base_evidence + LEAST_BASE
        if validity is not None:
            weight *= validity[-1]
        weight = np.maximum(weight**BASE_POWER, NEVER)
        base = self._latest
        assert base is not None
        self._base += base * weight
        self._weight += weight

    def discount(self, stays: list[Float32]) -> None:
        """Let all frames so far weigh next to nothing where `stays`, given by level, is 0."""
        for selection, plane in zip(self._selections, stays[:-1], strict=True):
            selection.discount(plane < 0.5)
        base = np.maximum(stays[-1], NEVER)
        self._base *= base
        self._weight *= base

    def image(self) -> Float32:
        """Return the signal of all frames so far; nothing can be added afterwards."""
        del self.bands, self.gauss, self._latest
        base = np.asarray(self._base / self._weight, np.float32)
        means = [selection.mean for selection in self._selections]
        planes = zip(*map(layers, [*means, base]), strict=True)
        made = [collapse(list(levels), coarsest) for *levels, coarsest in planes]
        image = made[0] if base.ndim == 2 else np.stack(made)
        if self._range is not None:
            self._range.limit(image)
        return image
