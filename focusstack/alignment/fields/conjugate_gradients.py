"""The least squares over the nodes of all frames' displacement fields.

Conjugate gradients (Hestenes and Stiefel, 1952) on normal equations that are never formed, with
their diagonal as preconditioner.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from focusstack.alignment.fields.interpolation import Places
from focusstack.numeric.arrays import Float32, Floats
from focusstack.runtime.threads import SideBySide, in_turn

MOST_STEPS = 150
"""Steps of conjugate gradients, more than it takes: ends what does not settle."""

FIRST_SHARE = 0.4
"""Share of the tiles that is summed by the thread that smooths as well: both are then done at the
same time (``python -m benchmarks.speed``)."""


@dataclass(frozen=True)
class NormalEquations:
    """What tiles say of the nodes they see, and a prior of smooth and small fields.

    Attributes
    ----------
    places : Places
        Of T tiles.
    info : (T, 2, 2) float32 ndarray
        Information (inverse covariance) of what is measured at the tile.
    shape : tuple of int
        Frames, and rows and columns of the nodes of each.
    slope : (N, 2) float64 ndarray
        Information of the difference of each node to the next and to the one below; 0 where there
        is none.
    size : float
        Information of the nodes themselves.
    fixed : slice
        Nodes that stay zero.
    both : callable, optional
        Does two things, at once if it can; one after the other if not given.
    """

    places: Places
    info: Float32
    shape: tuple[int, int, int]
    slope: Floats
    size: float
    fixed: slice
    both: SideBySide = in_turn

    def solved(self, target: Floats | Float32, start: Floats, exact: float) -> Floats:
        """Values ``(N, 2)`` of all nodes for which tiles see `target` ``(T, 2)`` at best.

        Parameters
        ----------
        target : (T, 2) ndarray
            What was measured.
        start : (N, 2) float64 ndarray
            Where to begin; not modified.
        exact : float
            What may be left of the right side's length.
        """
        right, values = (
            self.places.spread(self.info, target.astype(float), len(start)),
            start.copy(),
        )
        right[self.fixed] = values[self.fixed] = 0
        return conjugate_gradients(self._times, right, self.diagonal(), values, exact)

    def _times(self, values: Floats) -> Floats:
        """The product of the equations' matrix with `values`."""
        # Loads the compiler, which takes a while.
        from focusstack.alignment.loops.interpolation import smoothing

        out, rest = np.empty(values.shape), np.zeros(values.shape)
        middle = int(FIRST_SHARE * len(self.info))

        def pull(tiles: slice, out: Floats) -> None:
            self.places.part(tiles).pull(self.info[tiles], values, out)

        def smooth_and_pull() -> None:
            smoothing()(values, self.shape[2], self.slope, self.size, out)
            pull(slice(middle), out)

        self.both(smooth_and_pull, lambda: pull(slice(middle, None), rest))
        out += rest
        out[self.fixed] = 0
        return out

    def diagonal(self) -> Floats:
        """The diagonal ``(N, 2)`` of the equations."""
        slope = self.slope.reshape(*self.shape, 2)
        around = slope.sum(3)
        around[:, :, 1:] += slope[:, :, :-1, 0]
        around[:, 1:] += slope[:, :-1, :, 1]
        prior = self.size + around.reshape(-1, 1)
        return np.asarray(self.places.squares(self.info, len(prior)) + prior)


def conjugate_gradients(
    times: Callable[[Floats], Floats],
    right: Floats,
    diagonal: Floats,
    start: Floats,
    exact: float,
    most: int = MOST_STEPS,
) -> Floats:
    """Solve ``A x = right`` with a symmetric positive definite ``A``.

    Parameters
    ----------
    times : callable
        Returns the product of ``A`` with an array like `right`.
    right, diagonal, start : ndarray
        Right side, diagonal of ``A``, and where to begin.
    exact : float
        What may be left of the right side's length.
    most : int, optional
        Steps at most.
    """
    x, left, easing = start.copy(), right - times(start), 1 / diagonal
    enough = exact * np.linalg.norm(right)
    along, power = np.zeros_like(right), 1.0
    for _ in range(most):
        if np.linalg.norm(left) <= enough:
            break
        steep = left * easing
        power, before = float(np.vdot(left, steep)), power
        along *= power / before
        along += steep
        product = times(along)
        felt = float(np.vdot(along, product))
        if not 0 < felt < np.inf:  # nothing speaks of what is left
            break
        reach = power / felt
        x += reach * along
        product *= reach
        left -= product
    return x
