"""One solve over all frames and all measurements at once.

Given matches between frames (from features or from tiles), find the parameters of a motion model
for every frame such that matched points land on the same reference pixel. Levenberg-Marquardt on
iteratively reweighted residuals (scale from the median); normal equations are solved in bands,
since frames are compared with those near them in focus. Bundle adjustment after Triggs et al.
(2000), without structure, since a match is its own point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from focusstack.alignment.matrices.models import LENSES, Model, Parameters, matrices
from focusstack.alignment.matrices.packed import flattened
from focusstack.alignment.tiles.matches import Matches
from focusstack.geometry.lens import on_canvas
from focusstack.numeric.arrays import Floats, Indices, Matrix, Points
from focusstack.numeric.linear import MANY, solved, solved_in_bands
from focusstack.numeric.robust import CUTOFF, mixed_cost, mixed_weight, scale_of_vectors
from focusstack.runtime.threads import SideBySide, in_turn

if TYPE_CHECKING:
    from focusstack.alignment.matrices.packed import Flat

SETTLED_PX = 1e-3
"""Steps that move nothing by this, in pixels, are the last, where measurements are as good as they
claim: far below any error, so that only time depends on it (``python -m benchmarks.speed``)."""


LONGEST_REACH = 4.0
"""Times as far as a step says may be gone: longer ones are tried in vain. Only time depends on it
(``python -m benchmarks.speed``)."""


@dataclass(frozen=True)
class Solution:
    """A solved stack.

    Attributes
    ----------
    parameters : Parameters
        Of the motion model; the reference's own are zero.
    matrices : (n, 3, 3) ndarray
        Frame pixel to reference pixel, both straightened.
    bends : (n, 2) ndarray
        The lens's bend in each frame, see `focusstack.geometry.lens`.
    sigma : float
        Robust scale of the whitened residuals: 1 when the measurements are as good as they claim.
    """

    parameters: Parameters
    matrices: Matrix
    bends: Floats
    sigma: float

    def positions(self, points: Points, reference: int, size: tuple[int, int]) -> Points:
        """Where pixels ``(P, 2)`` of every frame lie in the reference frame, ``(n, P, 2)``.

        Parameters
        ----------
        points : (P, 2) ndarray
            In pixels of a frame.
        reference : int
            The frame that does not move.
        size : tuple of int
            Width and height of the frames.
        """
        bend = self.bends[reference]
        each = zip(self.matrices, self.bends, strict=True)
        return np.stack([on_canvas(points, H, own, bend, size) for H, own in each])


def _jacobian(model: Model, at: Parameters, N: Matrix) -> tuple[Matrix, Floats, Floats]:
    """Matrix and bend of all frames, ``(n, 11)``, and their derivatives.

    By each frame's own parameters, ``(n, 11, k)``, and by the shared ones, ``(n, 11, s)``.
    """
    step, (theta, common) = 1e-6, at

    def entries(theta: Floats, common: Floats) -> Floats:
        H = matrices(model, theta, common, N)
        return np.column_stack([H.reshape(-1, 9), model.bends(theta, common)])

    here, k = entries(theta, common), model.per_frame
    # A frame's entries depend on its own parameters alone: all steps are taken at once.
    around = [theta + way * d for d in step * np.eye(k) for way in (1, -1)]
    up, down = entries(np.concatenate(around), common).reshape(k, 2, *here.shape).swapaxes(0, 1)
    own = np.moveaxis((up - down) / (2 * step), 0, -1)
    shared = np.empty((*here.shape, model.shared))
    for s, d in enumerate(step * np.eye(model.shared)):
        shared[:, :, s] = (entries(theta, common + d) - entries(theta, common - d)) / (2 * step)
    return here, own, shared


def solve(
    model: Model,
    matches: Sequence[Matches],
    reference: int,
    N: Matrix,
    start: Parameters,
    iterations: int = 12,
    both: SideBySide = in_turn,
) -> Solution:
    """Fit `model` to all `matches`.

    Parameters
    ----------
    model : Model
        From ``models.MODELS``.
    matches : sequence of Matches
        Every frame must be linked to the reference by them.
    reference : int
        The frame that does not move.
    N : (3, 3) ndarray
        Pixels to normalised coordinates, ``models.normalisation``.
    start : Parameters
        Where to begin; not modified.
    iterations : int, optional
        Steps; stops early once nothing moves any more.
    both : callable, optional
        Does two things, at once if it can; one after the other if not given.
    """
    problem = _Problem(model, flattened(matches, N, bent=model in LENSES), reference, N, both)
    at = Parameters(*(numbers.copy() for numbers in start))
    sigma, damping, stride = np.inf, 1e-9, _Stride()
    for _ in range(iterations):
        squared = problem.squared(at)
        # The scale only falls: a kernel that widens again would let outliers back in.
        sigma = min(sigma, max(scale_of_vectors(squared), 1e-6))
        width = sigma * CUTOFF
        A, g = problem.normal_equations(at, mixed_weight(squared / width**2))
        before = problem.cost(at, squared, width)
        while damping < 1e6:
            step = problem.step(A, g, damping)
            reach = stride.after(step, A)
            tried = _moved(at, reach * step)
            if problem.cost(tried, problem.squared(tried), width) <= before:
                at = tried
                damping = max(damping / 10, 1e-9)
                stride = _Stride(step, reach)
                break
            if reach == 1:
                damping = max(damping * 100, 1e-6)
            stride = _Stride()
        del A, g  # of many frames they are the largest arrays of all: one at a time
        # Where measurements scatter more than they claim, so may what is found from them.
        settled = SETTLED_PX * N[0, 0] * max(1.0, sigma)
        if damping >= 1e6 or np.abs(step[: at.theta.size]).max() < settled:
            break
    return Solution(at, matrices(model, *at, N), model.bends(*at), float(sigma))


def _moved(at: Parameters, step: Floats) -> Parameters:
    """Parameters after a step, which begins with the frames' own."""
    theta, common = at
    return Parameters(theta + step[: theta.size].reshape(theta.shape), common + step[theta.size :])


@dataclass(frozen=True)
class _Stride:
    """How far to go along a step.

    Reweighting lags behind: each step falls short by much the same share, which the ratio of two
    in turn tells (Aitken's extrapolation).

    Attributes
    ----------
    step : ndarray or None
        The last one, before it was lengthened; None if there was none.
    reach : float
        How many times as far was gone.
    """

    step: Floats | None = None
    reach: float = 1.0

    def after(self, step: Floats, A: Floats) -> float:
        """How many times `step` to go; `A` are the normal equations, which measure lengths."""
        if self.step is None:
            return 1.0
        across = A @ self.step
        left = float(step @ across) / max(float(self.step @ across), 1e-300)
        return float(np.clip(self.reach / max(1 - left, 1e-6), 1, LONGEST_REACH))


@dataclass(frozen=True)
class _Problem:
    """The least squares behind `solve`: residuals, robust cost, normal equations, damped steps."""

    model: Model
    matches: Flat
    reference: int
    N: Matrix
    both: SideBySide

    def squared(self, at: Parameters) -> Floats:
        """Squared lengths of all residuals, in standard deviations."""
        H = matrices(self.model, *at, self.N)
        return self.matches.squared(H, self.model.bends(*at), self.both)

    def cost(self, at: Parameters, squared: Floats, width: float) -> float:
        """Robust cost whose derivative by the squared residual is `mixed_weight`."""
        total = mixed_cost(squared / width**2) * width**2
        own, shared = self._priors()
        return float(total + np.sum(own * at.theta**2) + np.sum(shared * at.common**2))

    def _priors(self) -> tuple[Floats, Floats]:
        """Inverse variances that keep each frame's and the shared parameters near zero."""
        own = np.zeros(self.model.per_frame)
        own[: len(self.model.loose)] = 1 / np.square(np.array(self.model.loose))
        shared = 1 / np.square(np.array(self.model.prior))
        shared[: len(self.model.firmness)] += len(self.matches.p) / np.square(
            np.array(self.model.firmness)
        )
        return own, shared

    def normal_equations(self, at: Parameters, weight: Floats) -> tuple[Matrix, Floats]:
        """Weighted ``JᵀJ`` and ``Jᵀr``, with the priors."""
        entries, own, shared = _jacobian(self.model, at, self.N)
        H, bends = entries[:, :9].reshape(-1, 3, 3).copy(), entries[:, 9:].copy()
        sums = self.matches.by_entries(H, bends, weight, self.both)
        A, g = _by_parameters(self.matches.frames, own, shared, *sums)
        of_frame, of_stack = self._priors()
        prior = np.concatenate([np.tile(of_frame, len(at.theta)), of_stack])
        A[np.diag_indices_from(A)] += prior
        g += prior * np.concatenate([at.theta.ravel(), at.common])
        return A, g

    def step(self, A: Floats, g: Floats, damping: float) -> Floats:
        """Levenberg-Marquardt step; the reference stays."""
        k, shared = self.model.per_frame, self.model.shared
        fixed = slice(self.reference * k, (self.reference + 1) * k)
        diagonal = np.diag_indices_from(A)
        if len(A) > MANY:  # a copy would take more memory than all else
            A[fixed], A[:, fixed], g[fixed] = 0, 0, 0  # nobody asks how the reference would move
            before = A[diagonal]
            A[diagonal] = before * (1 + damping)
            A[fixed, fixed] = np.eye(k)
            step = -solved_in_bands(A, g, shared)
            A[diagonal] = before
            return step
        free = np.ones(len(g), bool)
        free[fixed] = False
        damped = A[np.ix_(free, free)]
        damped[np.diag_indices_from(damped)] *= 1 + damping
        step = np.zeros(len(g))
        step[free] = -solved(damped, g[free])
        return step


def _by_parameters(
    frames: Indices, own: Floats, shared: Floats, M: Floats, g: Floats
) -> tuple[Matrix, Floats]:
    """``JᵀWJ`` and ``JᵀWr`` by all frames' and the shared parameters, from those by entries."""
    n, entries, k = own.shape
    s = shared.shape[2]
    i, j = frames.T
    J = np.zeros((len(frames), 2 * entries, 2 * k + s))
    J[:, :entries, :k], J[:, entries:, k : 2 * k] = own[i], own[j]
    J[:, :entries, 2 * k :], J[:, entries:, 2 * k :] = shared[i], shared[j]
    Jt = np.swapaxes(J, 1, 2)
    blocks, sums = Jt @ M @ J, np.einsum("prc,pr->pc", J, g)
    each, tail = np.arange(k), np.broadcast_to(np.arange(n * k, n * k + s), (len(frames), s))
    at = np.concatenate([i[:, None] * k + each, j[:, None] * k + each, tail], axis=1)
    # Loads the compiler, which takes a while.
    from focusstack.alignment.loops.solve import scattered

    return scattered(at, blocks, sums, n * k + s)
