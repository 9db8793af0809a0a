"""From a coarse alignment to a sub-pixel one, with the motion model that the stack needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from focusstack.alignment.measure import COARSE, FINE, as_matches, measure_pairs
from focusstack.alignment.models import MODELS, Model, normalisation
from focusstack.alignment.solve import Matches, Solution, residuals, solve
from focusstack.geometry import transform
from focusstack.proxies import Proxy
from focusstack.typing import Mask, Matrix, Points

BANDS = (COARSE, FINE, FINE)
"""Pass band of each round of measuring and solving."""

FREER_SHARED, FREER_FRAME = 0.97, 0.85
"""A freer model must bring the held-out residual below this share of the stiffer one's: the first
for a few numbers more for the whole stack, the second for more numbers for every frame."""

SMALLEST_GAIN_PX = 0.004
"""A gain below this is within what tiles get wrong themselves."""

INFORMATIVE_PX = 0.15
"""Only tiles that are good to this in their weaker direction tell models apart."""


@dataclass(frozen=True)
class Residual:
    """Disagreement of tiles held out of the fit, in pixels."""

    median: float
    p95: float
    edge_p95: float
    tiles: int


@dataclass(frozen=True)
class Refined:
    """A sub-pixel alignment.

    Attributes
    ----------
    matrices : (n, 3, 3) float64 ndarray
        Proxy pixel to reference proxy pixel; NaN for frames left out.
    model : str
        The motion model chosen.
    evidence : dict of str to float
        Held-out residual of every model tried, in proxy pixels.
    frames : list of Residual or None
        For each frame, in proxy pixels.
    stack : Residual
        Of all tiles, in proxy pixels.
    matches : list of Matches
        The tiles of the last round.
    """

    matrices: Matrix
    model: str
    evidence: dict[str, float]
    frames: list[Residual | None]
    stack: Residual
    matches: list[Matches]


def refine(
    load: Callable[[int], Proxy],
    coarse: Matrix,
    reference: int,
    anchors: Sequence[Matches],
    pairs: Sequence[tuple[int, int]],
    gains: Sequence[float],
    size: tuple[int, int],
    workers: int = 2,
    advance: Callable[[], None] = lambda: None,
) -> Refined:
    """Measure tiles on many pairs and solve all frames, several times.

    Parameters
    ----------
    load : callable
        Proxy of a frame index.
    coarse : (n, 3, 3) ndarray
        Starting matrices in proxy pixels; NaN for frames that are not to be used.
    reference : int
        The frame that does not move.
    anchors : sequence of Matches
        Feature matches: weak, but they hold a frame whose tiles say nothing.
    pairs : sequence of (int, int)
        What to compare.
    gains : sequence of float
        Exposure factor of each frame on linear luma.
    size : tuple of int
        Width and height of the proxies.
    workers : int, optional
        Threads.
    advance : callable, optional
        Called after each round.
    """
    kept = [i for i in range(len(coarse)) if np.isfinite(coarse[i]).all()]
    row = {frame: k for k, frame in enumerate(kept)}
    weak = [Matches(row[m.first], row[m.second], m.p, m.q, m.root) for m in anchors]
    problem = _Problem(normalisation(*size), row[reference], len(kept), weak, size)
    H = coarse.copy()
    for band in BANDS:
        tiles = [
            as_matches(i, j, shifts, H)
            for i, j, shifts in measure_pairs(load, H, gains, pairs, band, workers=workers)
        ]
        local = [Matches(row[m.first], row[m.second], m.p, m.q, m.root) for m in tiles]
        model, evidence, held = problem.choose(local, H[kept])
        H[kept] = problem.fit(model, local).matrices
        advance()
    frames: list[Residual | None] = [None] * len(coarse)
    for i in kept:
        frames[i] = _summary([h for h in held if row[i] in (h.first, h.second)], size)
    stack = _summary(held, size) or Residual(np.inf, np.inf, np.inf, 0)
    return Refined(H, model.name, evidence, frames, stack, tiles)


@dataclass(frozen=True)
class _Held:
    """Held-out residual vectors of one pair, with their places on the canvas."""

    first: int
    second: int
    places: Points
    vectors: Points


@dataclass(frozen=True)
class _Problem:
    N: Matrix
    reference: int
    count: int
    anchors: list[Matches]
    size: tuple[int, int]

    def fit(self, model: Model, tiles: Sequence[Matches]) -> Solution:
        """Solve all frames with `model`, the similarity first as a start."""
        start = np.zeros((self.count, MODELS["similarity"].per_frame))
        everything = [*self.anchors, *tiles]
        first = solve(MODELS["similarity"], everything, self.reference, self.N, start, iterations=25)
        if model.name == "similarity":
            return first
        theta = np.zeros((self.count, model.per_frame))
        theta[:, :4] = first.theta
        return solve(model, everything, self.reference, self.N, theta, iterations=25)

    def choose(
        self, tiles: Sequence[Matches], H: Matrix
    ) -> tuple[Model, dict[str, float], list[_Held]]:
        """Climb the ladder while tiles held out of the fit say so."""
        best: tuple[Model, float, list[_Held]] | None = None
        evidence: dict[str, float] = {}
        for model in MODELS.values():
            held = self._held_out(model, tiles, H)
            error = _trimmed_rms(held)
            evidence[model.name] = error
            if best is None:
                best = (model, error, held)
                continue
            more = model.per_frame > best[0].per_frame
            limit = best[1] * (FREER_FRAME if more else FREER_SHARED)
            if error < min(limit, best[1] - SMALLEST_GAIN_PX):
                best = (model, error, held)
        assert best is not None
        return best[0], evidence, best[2]

    def _held_out(self, model: Model, tiles: Sequence[Matches], H: Matrix) -> list[_Held]:
        """Residuals of each half of the tiles under the fit of the other half."""
        folds = [self._fold(m, H) for m in tiles]
        held: list[_Held] = []
        for side in (False, True):
            learn = [_select(m, f == side) for m, f in zip(tiles, folds, strict=True)]
            solution = self.fit(model, [m for m in learn if len(m.p)])
            for m, f in zip(tiles, folds, strict=True):
                weakest = np.linalg.norm(m.root, axis=(1, 2), ord=-2)
                test = _select(m, (f != side) & (weakest > 1 / INFORMATIVE_PX))
                if len(test.p):
                    places = transform(solution.matrices[m.first], test.p)
                    vectors = residuals(test, solution.matrices)
                    held.append(_Held(m.first, m.second, places, vectors))
        return held

    def _fold(self, m: Matches, H: Matrix) -> Mask:
        """Checkerboard of 8 x 6 fields of the canvas: each half still sees every corner."""
        cell = (transform(H[m.first], m.p) / self.size * (8, 6)).astype(int)
        return np.asarray(cell.sum(1) % 2 == 1)


def _select(m: Matches, which: Mask) -> Matches:
    return Matches(m.first, m.second, m.p[which], m.q[which], m.root[which])


def _lengths(held: Sequence[_Held]) -> Points:
    return np.linalg.norm(np.concatenate([h.vectors for h in held]), axis=1)


def _trimmed_rms(held: Sequence[_Held]) -> float:
    """Root mean square of all but the largest tenth: moved things do not choose the model."""
    if not held:
        return float("inf")
    length = np.sort(_lengths(held))
    return float(np.sqrt(np.mean(np.square(length[: max(1, int(0.9 * len(length)))]))))


def _summary(held: Sequence[_Held], size: tuple[int, int]) -> Residual | None:
    if not held:
        return None
    length = _lengths(held)
    place = np.concatenate([h.places for h in held]) / size
    edge = length[((place < 0.15) | (place > 0.85)).any(1)]
    return Residual(
        float(np.median(length)),
        float(np.percentile(length, 95)),
        float(np.percentile(edge if len(edge) else length, 95)),
        len(length),
    )
