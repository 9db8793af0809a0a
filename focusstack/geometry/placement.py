"""Where a frame lies in the reference frame, and which part of that is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from focusstack.geometry.coordinates import Rect
from focusstack.geometry.field import Field
from focusstack.numeric.arrays import Matrix


@dataclass(frozen=True, eq=False)
class Placement:
    """A frame's place in the reference, seen through a rectangle.

    The pixel at reference position ``p`` of `rect` shows the frame at ``inv(H) (p + field(p))``.

    Attributes
    ----------
    H : (3, 3) float64 ndarray
        Frame pixel to reference pixel.
    rect : Rect
        The part of the reference frame, in whole pixels.
    field : Field or None
        Local displacement in reference pixels.
    """

    H: Matrix
    rect: Rect
    field: Field | None = None
