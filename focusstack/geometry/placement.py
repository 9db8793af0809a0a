"""Where a frame lies in the reference frame, and which part of that is looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from focusstack.geometry.coordinates import Rect, transform
from focusstack.geometry.field import Field
from focusstack.numeric.arrays import Matrix, Points


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


def shown_at(points: Points, H: Matrix, field: Field | None) -> Points:
    """Return the frame pixels ``(N, 2)`` that reference pixels ``(N, 2)`` show.

    Parameters
    ----------
    points : (N, 2) float64 ndarray
        Reference pixels.
    H : (3, 3) float64 ndarray
        Frame pixel to reference pixel.
    field : Field or None
        Local displacement in reference pixels.

    Examples
    --------
    >>> shown_at(np.array([[5.0, 7.0]]), np.diag([2.0, 2.0, 1.0]), None).tolist()
    [[2.5, 3.5]]
    """
    moved = points if field is None else np.asarray(points + field.at(points), float)
    return transform(np.asarray(np.linalg.inv(H), float), moved)
