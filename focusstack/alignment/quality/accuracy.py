"""How far the found alignment is from the true one, estimated without knowing that.

Three independent sources, all in pixels of position:

*Precision.* The stack is solved from each half of its tiles alone. Where the two solutions put a
pixel differently, tile noise has moved them; half the difference is the standard error of the
solution from all tiles (split-half, or random-group, estimate: Wolter, Introduction to Variance
Estimation, 2007). One division of the tiles says little about one frame; the mean of several says
more.

*Structure.* What the motion model cannot follow stays in the residuals as a pattern that many
pairs agree about. All frames' residuals are solved for smooth displacements (cubic polynomials,
which hold what radial distortion leaves), twice, from tiles that do not overlap. The product of the
two has the power of the pattern as its mean, and that of the noise cancels.

*Blur.* Where blur grows unevenly across a picture, defocused detail seems to move, the same way in
all tiles and in all pairs, and no part of the measurements knows. How far it matters is told by a
solution from tiles that take differences of sharpness for shifts: what was mended is about as large
as what was not.

A movement that all frames share is no error of a stack and is taken out of the first and the last;
residuals do not contain it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.polynomial import legendre

from focusstack.alignment.quality.residual import Left
from focusstack.alignment.tiles.shifts import checkerboard
from focusstack.geometry.coordinates import transform
from focusstack.numeric.arrays import Floats, Matrix, Points
from focusstack.numeric.linear import fitted, solved_in_chain
from focusstack.numeric.robust import CUTOFF, cauchy_weight, mixed_weight, scale_of_vectors

GRID = 9
"""Points per side of a frame at which positions are compared, corners included: what is compared
is smooth, so that a few are enough."""

DEGREE = 3
"""Degree of the polynomials that structure is described by: as high as radial distortion is."""

LEFT_OF_BLUR = 0.7
"""Share of what telling blur from shifts changes that is still wrong: in strongly blurred rendered
stacks between a half and one and a half (``python -m benchmarks.alignment``, *strong blur*)."""

LOOSE_PX = 0.1
"""How large a coefficient may be where less than a tile speaks for it, in proxy pixels: about what
models leave. Chosen, not measured."""


@dataclass(frozen=True)
class Certainty:
    """Estimated error of the alignment, in proxy pixels.

    Attributes
    ----------
    precision, structure, blur : (n,) float64 ndarray
        Of each frame, root mean square over its area.
    support : (n,) float64 ndarray
        Share of the picture that lies between each frame's tiles (their convex hull): beyond, the
        alignment is the model's word.
    """

    precision: Floats
    structure: Floats
    blur: Floats
    support: Floats

    @property
    def frames(self) -> Floats:
        """All together, of each frame."""
        return np.asarray(np.hypot(np.hypot(self.precision, self.structure), self.blur))

    @property
    def stack(self) -> float:
        """Root mean square over all frames."""
        return float(np.sqrt(np.mean(np.square(self.frames))))


def certainty(
    halves: Sequence[tuple[Floats, Floats]],
    blurred: tuple[Floats, Floats],
    left: Sequence[Left],
    H: Matrix,
    size: tuple[int, int],
) -> Certainty:
    """Estimate the error of a solution.

    Parameters
    ----------
    halves : sequence of pairs of (n, P, 2) ndarray
        Where solutions from each half of the tiles alone put every frame's pixels (`probes`), of
        one or more divisions.
    blurred : pair of (n, P, 2) ndarray
        Where solutions put them from all tiles, as they are and as they would be if differences of
        sharpness were taken for shifts.
    left : sequence of Left
        What the solution from all tiles leaves of them.
    H : (n, 3, 3) ndarray
        That solution.
    size : tuple of int
        Width and height of the proxies.
    """
    squared = [np.square(split_half(*pair, size)) for pair in halves]
    return Certainty(
        np.asarray(np.sqrt(np.mean(squared, axis=0))),
        structure(left, H, size),
        LEFT_OF_BLUR * distance(*blurred, size),
        support(left, len(H), size),
    )


def split_half(a: Floats, b: Floats, size: tuple[int, int]) -> Floats:
    """Standard error ``(n,)`` of each frame's positions from two independent sets of them."""
    return distance(a, b, size) / 2


def distance(a: Floats, b: Floats, size: tuple[int, int]) -> Floats:
    """How far each frame's positions ``(n, P, 2)`` are apart ``(n,)``, root mean square."""
    apart = without_common_movement(a - b, (a + b) / 2, size)
    return np.asarray(np.sqrt(np.square(apart).sum(2).mean(1)))


def without_common_movement(apart: Floats, places: Points, size: tuple[int, int]) -> Floats:
    """What is left of displacements ``(n, P, 2)`` at `places` after the best common movement.

    The movement is any small homography: eight ways to move a plane, fitted by least squares.
    """
    half = np.array(size) / 2
    u, v = np.moveaxis((places - half) / half.max(), 2, 0)
    one, none = np.ones_like(u), np.zeros_like(u)
    x = [one, u, v, none, none, none, u * u, u * v]
    y = [none, none, none, one, u, v, u * v, v * v]
    ways = np.stack([np.stack(x, -1), np.stack(y, -1)], 2)
    weight = np.ones(len(apart))
    for _ in range(10):
        rows = (ways * weight[:, None, None, None]).reshape(-1, 8)
        found = fitted(rows, (apart * weight[:, None, None]).ravel())
        rest = apart - ways @ found
        # A frame that strays must not be made up for by moving all others.
        length = np.sqrt(np.square(rest).sum(2).mean(1))
        weight = cauchy_weight(np.square(length / (3 * np.median(length) + 1e-9)))
    return np.asarray(rest)


def structure(left: Sequence[Left], H: Matrix, size: tuple[int, int]) -> Floats:
    """Displacement ``(n,)`` left in each frame that tiles agree about, root mean square."""
    if not left:
        return np.zeros(len(H))
    squared = [np.square(np.einsum("nij,nj->ni", m.root, m.vectors)).sum(1) for m in left]
    width = CUTOFF * max(scale_of_vectors(np.concatenate(squared)), 1e-6)
    # The weaker direction's information, for both.
    weights = [
        np.linalg.norm(m.root, axis=(1, 2), ord=-2) ** 2 * mixed_weight(s / width**2)
        for m, s in zip(left, squared, strict=True)
    ]
    dark, light = (_smooth(left, weights, len(H), size, colour) for colour in (0, 1))
    power = np.zeros(len(H))
    for k, M in enumerate(H):
        # Beyond the canvas no tile has been: the value at its border stands for what lies there.
        at = np.clip(transform(M, probes(size)), 0, np.array(size) - 1)
        terms = _polynomials(at, size)
        power[k] = ((terms @ dark[k]) * (terms @ light[k])).sum(1).mean()
    return np.asarray(np.sqrt(np.maximum(power, 0)))


def _smooth(
    left: Sequence[Left],
    weights: Sequence[Floats],
    count: int,
    size: tuple[int, int],
    colour: int,
) -> Floats:
    """Coefficients ``(n, terms, 2)`` of all frames' displacements from one colour's tiles."""
    terms = (DEGREE + 1) * (DEGREE + 2) // 2
    # So many frames in a row make a block that none is compared beyond the next one from.
    reach = min(count, max(abs(m.first - m.second) for m in left))
    blocks = -(-count // reach)
    squares: Floats = np.zeros((blocks, reach, terms, reach, terms))
    ties: Floats = np.zeros((blocks - 1, reach, terms, reach, terms))
    right = np.zeros((blocks, reach, terms, 2))
    for m, weight in zip(left, weights, strict=True):
        here = checkerboard(m.places, size) == colour
        B = _polynomials(m.places[here], size)
        weighted = B * weight[here, None]
        own, pull = weighted.T @ B, weighted.T @ m.vectors[here]
        (a, i), (b, j) = sorted(divmod(k, reach) for k in (m.first, m.second))
        squares[a, i, :, i] += own
        squares[b, j, :, j] += own
        if a == b:
            squares[a, i, :, j] -= own
            squares[a, j, :, i] -= own
        else:
            ties[a, j, :, i] -= own
        for k, sign in ((m.first, 1), (m.second, -1)):
            right[divmod(k, reach)] += sign * pull
    unknowns = reach * terms
    squares = squares.reshape(blocks, unknowns, unknowns)
    squares[:, range(unknowns), range(unknowns)] += 1 / LOOSE_PX**2
    ties = ties.reshape(blocks - 1, unknowns, unknowns)
    found = solved_in_chain(squares, ties, right.reshape(blocks, unknowns, 2))
    return np.asarray(found.reshape(blocks * reach, terms, 2)[:count])


def _polynomials(places: Points, size: tuple[int, int]) -> Floats:
    """Products ``(N, terms)`` of Legendre polynomials over the canvas, up to `DEGREE`."""
    u = (2 * places - size) / np.array(size)
    x, y = (legendre.legvander(u[:, k], DEGREE) for k in (0, 1))
    return np.stack(
        [x[:, a] * y[:, b] for a in range(DEGREE + 1) for b in range(DEGREE + 1 - a)], 1
    )


def support(left: Sequence[Left], count: int, size: tuple[int, int]) -> Floats:
    """Share ``(count,)`` of the picture inside the convex hull of each frame's tiles."""
    shares = np.zeros(count)
    for k in range(count):
        places = [m.places for m in left if k in (m.first, m.second)]
        if places:
            hull = cv2.convexHull(np.concatenate(places).astype(np.float32))
            shares[k] = cv2.contourArea(hull) / (size[0] * size[1])
    return shares


def probes(size: tuple[int, int]) -> Points:
    """Pixels ``(P, 2)`` at which positions are compared, the corners included."""
    x, y = np.meshgrid(np.linspace(0, size[0] - 1, GRID), np.linspace(0, size[1] - 1, GRID))
    return np.stack([x.ravel(), y.ravel()], 1)
