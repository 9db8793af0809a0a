"""A band that is never stored: formed anew, row by row, to be measured and to be blended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from focusstack.fusion.loops.arguments import Band, Scaled, Weight, read_only
from focusstack.numeric.arrays import Float32
from focusstack.runtime.strips import Crew, Strip, layers, strips


@dataclass(frozen=True)
class Unstored:
    """What a picture holds beyond its half.

    Attributes
    ----------
    picture : ([C, ]h, w) float32 ndarray
        One level of a Gaussian pyramid.
    half : ([C, ]ceil(h / 2), ceil(w / 2)) float32 ndarray
        The next.
    crew : Crew
        Shares the work.
    """

    picture: Float32
    half: Float32
    crew: Crew

    def add_energy(self, taps: Float32, floor: float, out: Float32) -> None:
        """Add to `out` by how much the energy over a window exceeds `floor`.

        The energy of two channels is the sum of theirs, of three that of their luma.
        """
        from focusstack.fusion.loops import implicit_band as streamed  # loads the compiler

        band = Band(read_only(layers(self.picture)), read_only(layers(self.half)))

        def add(strip: Strip) -> None:
            first, last = strip.rows.start, strip.rows.stop
            streamed.energy()(band, taps, np.float32(floor), first, last, out)

        self.crew.do(add, strips(out.shape[0], out.shape[1], 0))

    def select(
        self,
        evidence: Float32,
        validity: Float32,
        weight: Weight,
        mean: Scaled,
    ) -> None:
        """Blend the band into `mean`, as :class:`SoftSelection` does.

        Parameters
        ----------
        evidence : (h, w) float32 ndarray
            Energy above the noise.
        validity : (h, w) float32 ndarray
            0..1; may be empty.
        weight : Weight
            Of all frames so far; changed.
        mean : Scaled
            Of all frames so far, ``(C, h, w)``; changed.
        """
        from focusstack.fusion.loops import implicit_band as streamed

        band = Band(read_only(layers(self.picture)), read_only(layers(self.half)))

        def select(strip: Strip) -> None:
            first, last = strip.rows.start, strip.rows.stop
            streamed.select(mean.values.dtype)(band, evidence, validity, weight, mean, first, last)

        self.crew.do(select, strips(evidence.shape[0], evidence.shape[1], 0))


Level = Float32 | Unstored
"""A level of a Laplacian pyramid."""
