"""One solve over all frames and all measurements at once.

Given matches between frames (from features or from tiles), find the parameters of a motion model
for every frame such that matched points land on the same reference pixel. Gauss-Newton on
iteratively reweighted residuals (Geman-McClure weights, scale from the median), dense normal
equations: a stack of 300 frames is a few thousand unknowns. Bundle adjustment after Triggs et
al. (2000), without structure, since a match is its own point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from focusstack.alignment.models import Model, matrices
from focusstack.typing import Matrix, Points


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
    """

    first: int
    second: int
    p: Points
    q: Points
    root: Points


@dataclass(frozen=True)
class Solution:
    """A solved stack.

    Attributes
    ----------
    theta : (n, k) ndarray
        Parameters of each frame, the reference's zero.
    common : (s,) ndarray
        Shared parameters.
    matrices : (n, 3, 3) ndarray
        Frame pixel to reference pixel.
    sigma : float
        Robust scale of the whitened residuals: 1 when the measurements are as good as they claim.
    """

    theta: Points
    common: Points
    matrices: Matrix
    sigma: float


def isotropic(count: int, sigma: float) -> Points:
    """Information roots of `count` matches that are good to `sigma` pixels in every direction."""
    return np.broadcast_to(np.eye(2) / sigma, (count, 2, 2))


def residuals(matches: Matches, H: Matrix) -> Points:
    """Distance vectors in reference pixels between both ends of each match, ``(N, 2)``."""
    return _project(H[matches.first], matches.p) - _project(H[matches.second], matches.q)


def _project(H: Matrix, p: Points) -> Points:
    q = p @ H[:, :2].T + H[:, 2]
    return np.asarray(q[:, :2] / q[:, 2:])


def _point_jacobian(H: Matrix, p: Points) -> Points:
    """Derivative ``(N, 2, 9)`` of the projected point by the nine matrix entries."""
    q = p @ H[:, :2].T + H[:, 2]
    u, w = q[:, :2] / q[:, 2:], 1 / q[:, 2]
    h = np.concatenate([p, np.ones((len(p), 1))], axis=1) * w[:, None]
    J = np.zeros((len(p), 2, 9))
    J[:, 0, 0:3] = h
    J[:, 1, 3:6] = h
    J[:, :, 6:9] = -u[:, :, None] * h[:, None, :]
    return J


def _matrix_jacobian(
    model: Model, theta: Points, common: Points, N: Matrix
) -> tuple[Matrix, Points, Points]:
    """Matrices and their derivatives by own ``(n, 9, k)`` and shared ``(n, 9, s)`` parameters."""
    step = 1e-6
    H = matrices(model, theta, common, N)
    own = np.empty((len(theta), 9, model.per_frame))
    for k in range(model.per_frame):
        d = np.zeros(model.per_frame)
        d[k] = step
        plus, minus = matrices(model, theta + d, common, N), matrices(model, theta - d, common, N)
        own[:, :, k] = (plus - minus).reshape(-1, 9) / (2 * step)
    shared = np.empty((len(theta), 9, model.shared))
    for k in range(model.shared):
        d = np.zeros(model.shared)
        d[k] = step
        plus, minus = matrices(model, theta, common + d, N), matrices(model, theta, common - d, N)
        shared[:, :, k] = (plus - minus).reshape(-1, 9) / (2 * step)
    return H, own, shared


def robust_scale(squared: Points) -> float:
    """Scale of 2-D residuals from their squared lengths: the median of a Rayleigh is 1.177."""
    return float(np.sqrt(np.median(squared)) / 1.1774)


def solve(
    model: Model,
    matches: Sequence[Matches],
    reference: int,
    N: Matrix,
    theta: Points,
    common: Points | None = None,
    iterations: int = 12,
    cutoff: float = 2.5,
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
    theta : (n, k) ndarray
        Starting values.
    common : (s,) ndarray, optional
        Starting values of the shared parameters; zero if not given.
    iterations : int, optional
        Gauss-Newton steps; stops early once nothing moves by 1e-3 pixels.
    cutoff : float, optional
        Robust kernel width in standard deviations.
    """
    theta = theta.copy()
    common = np.zeros(model.shared) if common is None else common.copy()
    sigma = np.inf
    for _ in range(iterations):
        H, own, shared = _matrix_jacobian(model, theta, common, N)
        white = [np.einsum("nij,nj->ni", m.root, residuals(m, H)) for m in matches]
        squared = [np.einsum("ni,ni->n", r, r) for r in white]
        # The scale only falls: a kernel that widens again would let outliers back in.
        sigma = min(sigma, max(robust_scale(np.concatenate(squared)), 1e-6))
        A, g = _normal_equations(model, matches, white, squared, H, own, shared, sigma * cutoff)
        if model.shared:
            prior = 1 / np.square(np.asarray(model.prior))
            A[-model.shared :, -model.shared :] += np.diag(prior)
            g[-model.shared :] += prior * common
        free = np.ones(len(g), bool)
        free[reference * model.per_frame : (reference + 1) * model.per_frame] = False
        A = A[np.ix_(free, free)]
        A[np.diag_indices_from(A)] *= 1 + 1e-9
        step = np.zeros(len(g))
        step[free] = -scipy.linalg.solve(A, g[free], assume_a="pos")
        cut = theta.size
        theta += step[:cut].reshape(theta.shape)
        common += step[cut:]
        if np.abs(step[:cut]).max() / N[0, 0] < 1e-3:
            break
    return Solution(theta, common, matrices(model, theta, common, N), float(sigma))


def _normal_equations(
    model: Model,
    matches: Sequence[Matches],
    white: Sequence[Points],
    squared: Sequence[Points],
    H: Matrix,
    own: Points,
    shared: Points,
    width: float,
) -> tuple[Matrix, Points]:
    """Weighted ``JᵀJ`` and ``Jᵀr`` over all frames' and the shared parameters."""
    k, n = model.per_frame, len(H)
    A = np.zeros((n * k + model.shared, n * k + model.shared))
    g = np.zeros(n * k + model.shared)
    tail = np.arange(n * k, n * k + model.shared)
    for m, r, s in zip(matches, white, squared, strict=True):
        i, j = m.first, m.second
        weight = 1 / (1 + s / width**2)  # square root of the Geman-McClure weight
        root = m.root * weight[:, None, None]
        Pi = root @ _point_jacobian(H[i], m.p)
        Pj = root @ _point_jacobian(H[j], m.q)
        J = np.concatenate([Pi @ own[i], -Pj @ own[j], Pi @ shared[i] - Pj @ shared[j]], axis=2)
        J = J.reshape(-1, J.shape[2])
        at = np.concatenate([np.arange(i * k, i * k + k), np.arange(j * k, j * k + k), tail])
        A[np.ix_(at, at)] += J.T @ J
        g[at] += J.T @ (r * weight[:, None]).ravel()
    return A, g
