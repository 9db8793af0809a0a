"""From a coarse alignment to a sub-pixel one, with the motion model that the stack needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from focusstack.alignment.certainty import Certainty, certainty
from focusstack.alignment.closure import Closure, closures
from focusstack.alignment.disagreement import Disagreement, disagreement
from focusstack.alignment.ladder import Held, Ladder, lengths
from focusstack.alignment.measure import Round, as_matches, measure_pairs
from focusstack.alignment.models import MODELS
from focusstack.alignment.residual import Residual, left_between, summary
from focusstack.alignment.solve import Matches
from focusstack.proxies import Proxy
from focusstack.typing import Matrix

_HALF, _FULL = Round(0.5, 1.0, 6.0, 64), Round(1, 1.0, 6.0, 96)

ROUNDS = ((Round(0.25, 1.0, 6.0, 64), _HALF), (_FULL, _HALF), (_FULL, _HALF))
"""How tiles are measured in each round: first reduced, which sees larger displacements; then in
full where there is fine detail, and still reduced for what is soft. Information decides."""

ANCHORS = 150
"""Feature matches a pair keeps beside its tiles."""


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
    kept : list of int
        The frames that are used.
    certainty : Certainty
        Estimated error of the frames that are used, in their order.
    closures : list of Closure
        Of every pair that was measured.
    disagreement : Disagreement
        What contradicts the frames that are used, in their order.
    """

    matrices: Matrix
    model: str
    evidence: dict[str, float]
    frames: list[Residual | None]
    stack: Residual
    kept: list[int]
    certainty: Certainty
    closures: list[Closure]
    disagreement: Disagreement


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
    weak = [_thinned(m).renumbered(row) for m in anchors]
    ladder = Ladder(size, row[reference], coarse[kept], weak)
    H = coarse.copy()
    for scales in ROUNDS:
        tiles = [
            as_matches(i, j, shifts, H)
            for how in scales
            for i, j, shifts in measure_pairs(load, H, gains, pairs, how, workers=workers)
        ]
        local = [m.renumbered(row) for m in tiles]
        # Until the last round, the stiffest model that can follow a hand will do.
        H[kept] = ladder.fit(MODELS["rotation"], local).matrices
        advance()
    choice = ladder.choose(local, H[kept])
    H[kept] = ladder.fit(choice.model, local).matrices
    frames: list[Residual | None] = [None] * len(coarse)
    for i in kept:
        frames[i] = _summary([h for h in choice.held if row[i] in (h.first, h.second)], size)
    stack = _summary(choice.held, size) or Residual(np.inf, np.inf, np.inf, 0)
    left = [left_between(m, H[kept]) for m in local]
    halves = ladder.halves(choice.model, local, H[kept])
    sure = certainty(halves, left, H[kept], size)
    closed = [replace(c, first=kept[c.first], second=kept[c.second]) for c in closures(left, size)]
    return Refined(
        H,
        choice.model.name,
        choice.evidence,
        frames,
        stack,
        kept,
        sure,
        closed,
        disagreement(choice.held, len(kept), size),
    )


def _thinned(m: Matches) -> Matches:
    """An evenly spread part of a pair's feature matches."""
    return m.part(slice(None, None, max(1, -(-len(m.p) // ANCHORS))))


def _summary(held: Sequence[Held], size: tuple[int, int]) -> Residual | None:
    if not held:
        return None
    return summary(np.concatenate([h.places for h in held]), lengths(held), size)
