"""Corresponding points of two frames, which the solve brings together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from focusstack.geometry.lens import straightened
from focusstack.numeric.arrays import Float32, Floats, Mask, Matrix, Points


@dataclass(frozen=True)
class Matches:
    """Corresponding points of two frames.

    Attributes
    ----------
    first, second : int
        Frame indices.
    p, q : (N, 2) float64 ndarray
        Pixels in the first and the second frame.
    root : (N, 2, 2) float64 ndarray
        Square root of each match's information: multiplies the residual in pixels to give it in
        standard deviations.
    blurred : (N, 2) float32 ndarray or None
        Where else in the second frame, against `q`, if differences of sharpness had not been told
        from shifts.
    """

    first: int
    second: int
    p: Points
    q: Points
    root: Floats
    blurred: Float32 | None = None

    def part(self, which: Mask | slice) -> Matches:
        """Some of the matches."""
        blurred = None if self.blurred is None else self.blurred[which]
        return replace(
            self, p=self.p[which], q=self.q[which], root=self.root[which], blurred=blurred
        )

    def straightened(self, bends: Floats, size: tuple[int, int]) -> Matches:
        """The matches without what the lens bends in each frame."""
        if not bends.any():
            return self
        p = straightened(self.p, bends[self.first], size)
        q = straightened(self.q, bends[self.second], size)
        return replace(self, p=p, q=q)

    def plain(self) -> Matches:
        """The matches if differences of sharpness had not been told from shifts."""
        return self if self.blurred is None else replace(self, q=self.q + self.blurred)

    def renumbered(self, row: Mapping[int, int]) -> Matches:
        """The matches, their frames under other numbers."""
        return replace(self, first=row[self.first], second=row[self.second])


def isotropic(count: int, sigma: float) -> Floats:
    """Information roots of `count` matches that are good to `sigma` pixels in every direction."""
    return np.broadcast_to(np.eye(2) / sigma, (count, 2, 2))


def residuals(matches: Matches, H: Matrix) -> Floats:
    """Distance vectors in reference pixels between both ends of each match, ``(N, 2)``.

    The matches of a bent stack must be straightened.
    """
    return _project(H[matches.first], matches.p) - _project(H[matches.second], matches.q)


def _project(H: Matrix, p: Points) -> Points:
    q = p @ H[:, :2].T + H[:, 2]
    return np.asarray(q[:, :2] / q[:, 2:])
