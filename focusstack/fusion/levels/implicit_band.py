"""A band that is never stored: formed anew, row by row, to be measured and to be blended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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

        That of two channels is the sum of theirs, of three that of their luma.
        """
        from focusstack.fusion.loops import implicit_band as streamed  # loads the compiler

        def add(strip: Strip) -> None:
            first, last = strip.rows.start, strip.rows.stop
            streamed.energy()(
                layers(self.picture), layers(self.half), taps, np.float32(floor), first, last, out
            )

        self.crew.do(add, strips(out.shape[0], out.shape[1], 0))

    def select(
        self,
        evidence: Float32,
        trust: Float32,
        scale: np.float32,
        amplitude: Float32,
        mean: NDArray[np.float32] | NDArray[np.int16],
        step: np.float32,
    ) -> None:
        """Blend the band into `mean`, as :class:`SoftSelection` does."""
        from focusstack.fusion.loops import implicit_band as streamed

        def select(strip: Strip) -> None:
            first, last = strip.rows.start, strip.rows.stop
            streamed.select(mean.dtype == np.float32)(
                layers(self.picture), layers(self.half), evidence, trust, scale, amplitude, mean,
                step, first, last,
            )  # fmt: skip

        self.crew.do(select, strips(evidence.shape[0], evidence.shape[1], 0))


Band = Float32 | Unstored
"""A level of a Laplacian pyramid."""
