"""What every fuser is: frames go in one by one, a composite comes out.

A fuser never sees more than one frame at a time and its memory does not depend on their number.
One that needs to see the frames twice says so with ``passes = 2``: the pipeline then feeds every
frame, in the same order, once per pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from focusstack.numeric.arrays import Float32, Mask
from focusstack.options import FusionOptions
from focusstack.resample.planes import Planes
from focusstack.runtime.scratch import Room

Validity: TypeAlias = Float32 | NDArray[np.uint8]
"""How far each pixel of a frame is to be trusted: 0..1, or 0..255."""


@dataclass(frozen=True, eq=False)
class Change:
    """A place where layers changed the composite most.

    Attributes
    ----------
    x, y : int
        Its first column and row.
    before : (h, w[, C]) float32 ndarray
        The composite as it was, encoded.

    Examples
    --------
    >>> Change(8, 4, np.zeros((2, 3), np.float32)).before.shape
    (2, 3)
    """

    x: int
    y: int
    before: Float32


@dataclass(frozen=True, eq=False)
class Edges:
    """What was done near steps in depth.

    Attributes
    ----------
    step_px : float or None
        Radius in pixels of the disc that a point one focus step out of focus becomes; None if
        frames do not tell.
    softness : float or None
        Of the disc's rim, as a share of its radius.
    near : int
        1 if the first frames are focused nearest, -1 if the last ones are, 0 if that is not sure.
    squares : int
        Squares of the picture that have steps in depth and were looked at.
    left : int
        Squares with steps that were not, as it would have taken too long: those with least to win.
    adopted : (H, W) uint8 ndarray
        Where layers were proven better than the composite, and how far they replace it, in 255ths.
    outside : float
        Share of the picture's pixels that were made brighter or darker than every frame that was
        looked at there, by more than eight 8-bit steps.
    changes : tuple of Change
        The largest, in falling order.

    Examples
    --------
    >>> Edges(1.2, 0.0, 1, 3, 0, np.zeros((2, 2), np.uint8)).share
    0.0
    """

    step_px: float | None
    softness: float | None
    near: int
    squares: int
    left: int
    adopted: NDArray[np.uint8]
    outside: float = 0.0
    changes: tuple[Change, ...] = ()

    @property
    def share(self) -> float:
        """Share of the picture that was changed."""
        return float(np.count_nonzero(self.adopted)) / self.adopted.size


@dataclass(frozen=True)
class Fused:
    """What comes out of a fuser: composite, depth, and which frame each pixel is from.

    Attributes
    ----------
    image : (H, W[, 3]) float32 ndarray
        The composite, sRGB-encoded, not clipped.
    depth : (H, W) float32 ndarray
        Focus index: which frame is sharpest, interpolated between frames (0 = first frame added).
    confidence : (H, W) float32 ndarray
        0..1: how sure the depth is; 0 where nothing is textured.
    source : (H, W) ndarray of uint16
        Index of the frame that weighs most in each pixel; that of the depth where nothing is
        textured and all weigh about the same.
    moved : (h, w) bool ndarray or None
        On a reduced grid: where something moved between frames and one of them was chosen. None
        if the method does not look for it.
    edges : Edges or None
        What was done near steps in depth; None if nothing was asked for.

    Examples
    --------
    >>> plane = np.zeros((2, 2), np.float32)
    >>> Fused(plane, plane, plane, plane.astype(np.uint16)).moved is None
    True
    """

    image: Float32
    depth: Float32
    confidence: Float32
    source: NDArray[np.uint16]
    moved: Mask | None = None
    edges: Edges | None = None


class Fuser(Protocol):
    """A streaming fusion method.

    Attributes
    ----------
    passes : int
        How often it is to see every frame.

    Examples
    --------
    >>> from focusstack.fusion import make_fuser
    >>> make_fuser((32, 48), frames=2).passes
    1
    """

    passes: int

    def add(self, frame: Float32 | Planes, validity: Validity | None = None) -> None:
        """Take one frame.

        Parameters
        ----------
        frame : (H, W[, 3]) float32 ndarray or Planes
            Aligned, exposure-equalised, sRGB-encoded; 1 is the reference's white, values above
            occur. Not modified.
        validity : (H, W) float32 or uint8 ndarray, optional
            0 where the frame has nothing, 1 (uint8: 255) where it is to be trusted, between where
            others are to be preferred (clipped). None means 1 everywhere.
        """

    def end_pass(self) -> None:
        """All frames have been added once."""

    def result(self) -> Fused:
        """Return the composite, after the last pass; call it once."""


def pixels_of(frame: Float32 | Planes) -> Float32:
    """Frame ``(H, W[, C])``, put together if need be."""
    return frame.pixels() if isinstance(frame, Planes) else frame


def planes_of(frame: Float32 | Planes) -> Planes:
    """Frame plane by plane, taken apart if need be."""
    return frame if isinstance(frame, Planes) else Planes.of(frame)


FuserFactory: TypeAlias = Callable[[tuple[int, ...], int, FusionOptions, Room], Fuser]
"""Makes a fuser from the frames' shape, how many frames will come, options, and where it lies."""
