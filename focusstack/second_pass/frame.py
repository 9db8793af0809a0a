"""A frame as the second pass hands it on: equalised, aligned and cropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from focusstack.images.metadata import Metadata
from focusstack.numeric.arrays import Float32
from focusstack.resample.planes import Planes

Validity: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True)
class AlignedFrame:
    """A frame in the common area.

    Attributes
    ----------
    name : str
        File name of the frame.
    planes : Planes
        Encoded, at the reference's exposure; values above 1 are what a darker frame holds beyond
        the reference's white.
    validity : (H, W) uint8 ndarray or None
        In 255ths: less where this frame is clipped and a darker one may hold more, 0 where it is
        transparent; None if nowhere.
    metadata : Metadata
        Of the frame's file.
    """

    name: str
    planes: Planes
    validity: Validity | None
    metadata: Metadata

    @property
    def pixels(self) -> Float32:
        """The picture ``(H, W[, 3])``, float32."""
        return self.planes.pixels()
