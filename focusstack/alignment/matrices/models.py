"""How a frame may move: the ladder of motion models.

A model turns a few numbers per frame, and some shared by the whole stack, into matrices. All work
in normalised coordinates (origin at the image centre, half diagonal 1), where every parameter is
a displacement of about the same size and the normal equations are well conditioned.

The zero vector is always the identity, and every model contains the ones before it as special
cases closely enough that a solution of one starts the next.

A lens may bend straight lines besides, and bend them differently at every distance
(radial distortion, :mod:`focusstack.geometry.lens`): the matrices of such a model are for
straightened pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from focusstack.geometry.coordinates import normalised, transform, translation
from focusstack.numeric.arrays import Floats, Matrix

Build = Callable[[Floats, Floats], Matrix]
Bends = Callable[[Floats, Floats], Floats]


class Parameters(NamedTuple):
    """What a motion model turns into the matrices of a stack.

    Attributes
    ----------
    theta : (n, k) ndarray
        Each frame's own numbers.
    common : (s,) ndarray
        Those that all frames share.
    """

    theta: Floats
    common: Floats


def _straight(theta: Floats, common: Floats) -> Floats:  # noqa: ARG001 - same call for all
    return np.zeros((len(theta), 2))


@dataclass(frozen=True)
class Model:
    """A motion model.

    Attributes
    ----------
    name : str
        As it stands in the report.
    per_frame, shared : int
        Number of parameters of each frame and of the stack.
    build : callable
        ``(theta (n, per_frame), common (shared,)) -> (n, 3, 3)`` in normalised coordinates, up to
        a factor.
    prior : tuple of float
        Standard deviation of each shared parameter, in normalised units; it keeps a parameter
        that the stack says nothing about at zero.
    firmness : tuple of float
        Standard deviation, likewise, that every single match claims: it holds a parameter that a
        stack knows little about however many matches there are.
    bends : callable
        ``(theta, common) -> (n, 2)``: the lens's bend in each frame.
    loose : tuple of float
        Standard deviation of each of a frame's own parameters; those without one are free.
    """

    name: str
    per_frame: int
    shared: int
    build: Build
    prior: tuple[float, ...] = ()
    firmness: tuple[float, ...] = ()
    bends: Bends = _straight
    loose: tuple[float, ...] = ()

    def start(self, theta: Floats) -> Parameters:
        """Parameters to begin with: frames' own as given, nothing known of the shared ones."""
        return Parameters(theta, np.zeros(self.shared))


def _stacked(*entries: Floats | float) -> Matrix:
    """Matrices ``(n, 3, 3)`` from their entries, row by row."""
    H = np.empty((max(e.size for e in entries if isinstance(e, np.ndarray)), 9))
    for place, entry in enumerate(entries):
        H[:, place] = entry
    return H.reshape(-1, 3, 3)


def _similarity(theta: Floats, common: Floats) -> Matrix:  # noqa: ARG001 - same call for all
    a, b, x, y = theta.T
    return _stacked(1 + a, -b, x, b, 1 + a, y, 0, 0, 1)


def _rotation(theta: Floats, common: Floats) -> Matrix:
    """Camera rotation and zoom about the optical axis: ``C K R K⁻¹ Z C⁻¹``.

    `theta` is zoom, roll and the shifts that pan and tilt cause at the axis; `common` is the
    squared inverse focal length (zero is an infinitely long lens: a similarity) and the point
    where the optical axis meets the picture, which need not be its middle.
    """
    zoom, roll, x, y = theta.T
    g2, cx, cy = common
    c, s = (1 + zoom) * np.cos(roll), (1 + zoom) * np.sin(roll)
    turn = _stacked(c, -s, 0, s, c, 0, 0, 0, 1)
    # Written with g² alone, not with angles: it then passes smoothly through the similarity at 0.
    n, m = (1 / np.sqrt(1 + max(g2, 0) * t * t) for t in (x, y))
    pan = _stacked(n, 0, n * x, 0, 1, 0, -n * g2 * x, 0, n)
    tilt = _stacked(1, 0, 0, 0, m, m * y, 0, -m * g2 * y, m)
    return translation(cx, cy) @ tilt @ pan @ turn @ translation(-cx, -cy)


def _affine(theta: Floats, common: Floats) -> Matrix:  # noqa: ARG001
    a, b, x, y, stretch, shear = theta.T
    return _stacked(1 + a + stretch, shear - b, x, shear + b, 1 + a - stretch, y, 0, 0, 1)


def _perspective(theta: Floats, common: Floats) -> Matrix:  # noqa: ARG001
    a, b, x, y, u, v = theta.T
    return _stacked(1 + a, -b, x, b, 1 + a, y, u, v, 1)


def _homography(theta: Floats, common: Floats) -> Matrix:  # noqa: ARG001
    a, b, x, y, stretch, shear, u, v = theta.T
    return _stacked(1 + a + stretch, shear - b, x, shear + b, 1 + a - stretch, y, u, v, 1)


def _with_lens(name: str, base: Model, changing: bool) -> Model:
    """`base` seen through a lens with one bend, or with one that changes from frame to frame."""
    own = base.per_frame

    def build(theta: Floats, common: Floats) -> Matrix:
        return base.build(theta[:, :own], common[:-1])

    def bends(theta: Floats, common: Floats) -> Floats:
        change = theta[:, own:] if changing else np.zeros((len(theta), 2))
        return np.asarray(change + (common[-1], 0), float)

    return Model(
        name,
        own + 2 * changing,
        base.shared + 1,
        build,
        (*base.prior, np.inf),
        (*(np.inf for _ in base.prior), LENS_BEND),
        bends,
        (*(np.inf for _ in range(own)), CHANGE_OF_BEND, CHANGE_OF_BEND) if changing else (),
    )


LENS_BEND, CHANGE_OF_BEND = 0.2, 0.01
"""How much lenses bend, and by how much that changes with focus: standard deviations, as shares of
the half diagonal at the corners (``python -m benchmarks.alignment``, *lens*)."""

MATRICES = (
    Model("similarity", 4, 0, _similarity),
    Model("rotation", 4, 3, _rotation, (1.0, 0.5, 0.5)),
    Model("perspective", 6, 0, _perspective),
    Model("affine", 6, 0, _affine),
    Model("homography", 8, 0, _homography),
)
"""The ladder without a lens, stiffest first."""

LENSES = (
    _with_lens("lens", MATRICES[1], changing=False),
    _with_lens("changing lens", MATRICES[1], changing=True),
    _with_lens("changing lens, perspective", MATRICES[2], changing=True),
    _with_lens("changing lens, homography", MATRICES[4], changing=True),
)
"""The ladder with a lens that bends straight lines, stiffest first."""

MODELS: dict[str, Model] = {model.name: model for model in (*MATRICES, *LENSES)}
"""The whole ladder."""


def normalisation(width: int, height: int) -> Matrix:
    """Return the matrix from pixels to normalised coordinates."""
    r = 0.5 * float(np.hypot(width, height))
    return np.array(
        [[1 / r, 0, -(width - 1) / 2 / r], [0, 1 / r, -(height - 1) / 2 / r], [0, 0, 1]]
    )


def matrices(model: Model, theta: Floats, common: Floats, N: Matrix) -> Matrix:
    """Pixel matrices ``(n, 3, 3)`` of all frames."""
    H = _inverse(N.tobytes()) @ model.build(theta, common) @ N
    return np.asarray(H / H[:, 2:, 2:])


@lru_cache
def _inverse(entries: bytes) -> Matrix:
    """Inverse of a matrix, which is asked for thousands of times."""
    return np.asarray(np.linalg.inv(np.frombuffer(entries).reshape(3, 3)), float)


def nearest_similarity(N: Matrix, H: Matrix | None) -> Floats:
    """Parameters of the similarity nearest to pixel matrix `H` at the image centre; zeros for None.

    The first parameters of every model are those of a similarity, so this starts any of them.
    """
    if H is None:
        return np.zeros(4)
    M = normalised(N @ H @ np.linalg.inv(N))
    p = transform(M, np.array([[0.0, 0], [0.5, 0], [0, 0.5]]))
    across, down = (p[1] - p[0]) / 0.5, (p[2] - p[0]) / 0.5
    a, b = (across[0] + down[1]) / 2, (across[1] - down[0]) / 2
    return np.array([a - 1, b, p[0, 0], p[0, 1]])
