"""Stacks whose movement is known, built without the models, and what tiles see of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from focusstack.alignment.tiles.matches import Matches, isotropic
from focusstack.geometry.coordinates import normalised, transform, translation
from focusstack.numeric.arrays import Floats, Matrix

SIZE = (1200, 900)
CENTRE = (599.5, 449.5)
FRAMES = 6
REFERENCE = 2


def inverse(H: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(H), float)


def grid() -> Floats:
    x, y = np.meshgrid(np.linspace(0, SIZE[0] - 1, 9), np.linspace(0, SIZE[1] - 1, 7))
    return np.stack([x.ravel(), y.ravel()], 1)


def rms(A: Floats, B: Matrix) -> float:
    return float(np.sqrt(np.square(transform(A, grid()) - transform(B, grid())).sum(1).mean()))


def similarity(rng: np.random.Generator) -> Matrix:
    zoom, turn = 1 + rng.normal(0, 0.02), rng.normal(0, 0.01)
    c, s = zoom * np.cos(turn), zoom * np.sin(turn)
    about = translation(*CENTRE) @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    shift = translation(*rng.normal(0, 15, 2))
    return np.asarray(shift @ about @ translation(-CENTRE[0], -CENTRE[1]), float)


def camera(angles: tuple[float, float, float], zoom: float, focal: float) -> Matrix:
    """``K R K⁻¹`` after a zoom about the optical axis, which meets the picture's centre."""
    K = np.array([[focal, 0, CENTRE[0]], [0, focal, CENTRE[1]], [0, 0, 1]])
    R = Rotation.from_euler("zyx", angles).as_matrix()
    return normalised(K @ R @ np.diag([zoom, zoom, 1]) @ inverse(K))


def rotation(rng: np.random.Generator) -> Matrix:
    roll, pan, tilt = rng.normal(0, (0.005, 0.012, 0.012))
    return camera((roll, pan, tilt), 1 + rng.normal(0, 0.015), 1.1 * SIZE[0])


def affine(rng: np.random.Generator, much: float = 0.003) -> Matrix:
    bent = np.eye(3)
    bent[:2, :2] += rng.normal(0, much, (2, 2))
    about = translation(*CENTRE) @ bent @ translation(-CENTRE[0], -CENTRE[1])
    return np.asarray(similarity(rng) @ about, float)


def perspective(rng: np.random.Generator) -> Matrix:
    horizon = np.eye(3)
    horizon[2, :2] = rng.normal(0, 1e-5, 2)
    about = translation(*CENTRE) @ horizon @ translation(-CENTRE[0], -CENTRE[1])
    return normalised(about @ similarity(rng))


def homography(rng: np.random.Generator) -> Matrix:
    return normalised(affine(rng) @ perspective(rng))


TRUTHS: dict[str, Callable[[np.random.Generator], Matrix]] = {
    "similarity": similarity,
    "rotation": rotation,
    "affine": affine,
    "perspective": perspective,
    "homography": homography,
}


def stack_of(name: str, seed: int = 0) -> Matrix:
    """Matrices of a stack that moves as `name` says; the reference's is the identity."""
    rng = np.random.default_rng(seed)
    H = np.stack([TRUTHS[name](rng) for _ in range(FRAMES)])
    H[REFERENCE] = np.eye(3)
    return H


def matched(
    truth: Matrix,
    sigma: float = 0.0,
    outliers: float = 0.0,
    count: int = 150,
    seed: int = 1,
    offsets: Sequence[int] = (1, 2, 4),
) -> list[Matches]:
    """Points that both frames of a pair see, with errors of `sigma` pixels and wrong ones."""
    rng = np.random.default_rng(seed)
    found = []
    for i, j in [(k, k + o) for o in offsets for k in range(len(truth) - o)]:
        p = rng.uniform((0, 0), SIZE, (count, 2))
        q = transform(inverse(truth[j]), transform(truth[i], p))
        q += rng.normal(0, sigma, q.shape) if sigma else 0
        wrong = rng.random(count) < outliers
        q[wrong] += rng.uniform(-60, 60, (wrong.sum(), 2))
        found.append(Matches(i, j, p, q, isotropic(count, sigma or 0.1)))
    return found
