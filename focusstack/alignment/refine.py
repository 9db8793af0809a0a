"""From a coarse alignment to a sub-pixel one, with the motion model that the stack needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from focusstack.alignment.matrices.freedom import Choice
from focusstack.alignment.matrices.ladder import BOARDS, Ladder
from focusstack.alignment.matrices.models import LENSES, MODELS
from focusstack.alignment.matrices.solve import Solution
from focusstack.alignment.quality.accuracy import Certainty, certainty, probes
from focusstack.alignment.quality.closure import Closure, closures
from focusstack.alignment.quality.contradiction import Disagreement, disagreement
from focusstack.alignment.quality.held_out import Held, lengths
from focusstack.alignment.quality.residual import Residual, left_between, residual_map, summary
from focusstack.alignment.tiles.matches import Matches, residuals
from focusstack.alignment.tiles.measure import Round, measure_pairs
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.numeric.arrays import Floats, Matrix
from focusstack.runtime.threads import side_by_side

_QUARTER, _HALF = Round(0.25, 1.0, 6.0, 64), Round(0.5, 1.0, 6.0, 64)
_FULL = Round(1, 1.0, 6.0, 96)

ROUNDS = ((_QUARTER, _HALF), (_FULL, _HALF, _QUARTER), (_FULL, _HALF, _QUARTER))
"""How tiles are measured in each round: first reduced, which sees larger displacements; then in
full where there is fine detail, and still reduced for what is soft. Information decides (``python
-m benchmarks.alignment``; Gaussians' standard deviations and tiles in pixels of the reduced
proxy)."""

SETTLED_PX = 0.15
"""One step measures displacements up to this to a few hundredths of them, in proxy pixels:
measuring again would find the same (``python -m benchmarks.alignment``, ``python -m
benchmarks.speed``)."""

ANCHORS = 150
"""Feature matches a pair keeps beside its tiles: enough to hold a frame whose tiles say nothing.
Chosen, not measured."""


@dataclass(frozen=True)
class Refined:
    """A sub-pixel alignment.

    Attributes
    ----------
    poses : Poses
        Where the frames lie.
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
    map : (rows, columns) float64 ndarray or None
        Median residual in the cells of a grid over the canvas, in proxy pixels.
    """

    poses: Poses
    model: str
    evidence: dict[str, float]
    frames: list[Residual | None]
    stack: Residual
    kept: list[int]
    certainty: Certainty
    closures: list[Closure]
    disagreement: Disagreement
    map: Floats | None = None


def refine(
    series: Series,
    coarse: Matrix,
    anchors: Sequence[Matches],
    rounds: Sequence[Sequence[Round]] = ROUNDS,
    model: str | None = None,
) -> Refined:
    """Measure tiles on many pairs and solve all frames, several times.

    Parameters
    ----------
    series : Series
        The frames and the pairs to compare.
    coarse : (n, 3, 3) ndarray
        Starting matrices in proxy pixels; NaN for frames that are not to be used.
    anchors : sequence of Matches
        Feature matches: weak, but they hold a frame whose tiles say nothing.
    rounds : sequence of sequence of Round, optional
        How tiles are measured in each round.
    model : str, optional
        Name of the motion model; what held-out tiles ask for if not given.
    """
    size = series.size
    poses = Poses.unbent(coarse, series.reference, size)
    kept = poses.kept
    row = {frame: k for k, frame in enumerate(kept)}
    weak = [_thinned(m).renumbered(row) for m in anchors]
    with side_by_side(series.threads) as both:
        ladder = Ladder(size, row[series.reference], coarse[kept], weak, both)
        return _refined(series, poses, ladder, rounds, model)


def _refined(
    series: Series,
    poses: Poses,
    ladder: Ladder,
    rounds: Sequence[Sequence[Round]],
    model: str | None,
) -> Refined:
    """Rounds of measuring and solving from `poses` on, then the choice of a model."""
    kept = poses.kept
    row = {frame: k for k, frame in enumerate(kept)}
    measurements = Measurements(series)
    for scales in rounds:
        tiles = measurements.at(poses, scales, row)
        # Until the last round, the stiffest model that can follow a hand will do.
        found = ladder.fit(MODELS["rotation"], tiles)
        poses = poses.moved(found.matrices, found.bends)
        series.advance()
    present = poses.matrices[kept]
    choice = (
        ladder.judged(MODELS[model], tiles, present) if model else ladder.choose(tiles, present)
    )
    found = ladder.fit(choice.model, tiles)
    poses = poses.moved(found.matrices, found.bends)
    if choice.model in LENSES:
        # Rounds without the lens left tiles farther apart than one step measures exactly.
        tiles = Measurements(series).at(poses, rounds[-1], row)
        choice = ladder.judged(choice.model, tiles, found.matrices, choice.evidence)
        found = ladder.fit(choice.model, tiles)
        poses = poses.moved(found.matrices, found.bends)
    return _concluded(ladder, choice, tiles, poses, found)


class Measurements:
    """Tiles of all pairs; what is known well enough is not measured again.

    Matches are places in the frames' own pixels, whatever the poses were when they were measured,
    as long as one step could measure what was left.
    """

    def __init__(self, series: Series) -> None:
        self._series = series
        self._known: dict[tuple[Round, int, int], tuple[Poses, Matches]] = {}

    def at(self, poses: Poses, scales: Sequence[Round], row: Mapping[int, int]) -> list[Matches]:
        """Matches in every way of a round; `row` numbers the frames in use."""
        for how in scales:
            todo = [pair for pair in self._series.pairs if self._is_due((how, *pair), poses)]
            for pair in todo:
                self._known.pop((how, *pair), None)
            for i, j, shifts in measure_pairs(replace(self._series, pairs=todo), poses, how):
                self._known[how, i, j] = poses, poses.matches(i, j, shifts)
        every = ((how, *pair) for how in scales for pair in self._series.pairs)
        return [self._known[key][1].renumbered(row) for key in every if key in self._known]

    def _is_due(self, key: tuple[Round, int, int], poses: Poses) -> bool:
        """Whether a pair has no tiles yet, or most would now be found elsewhere."""
        if key not in self._known:
            return True
        then, matches = self._known[key]
        here, there = (residuals(matches, p.matrices) for p in (poses, then))
        return float(np.percentile(np.abs(here - there), 90)) >= SETTLED_PX


def _concluded(
    ladder: Ladder, choice: Choice, tiles: Sequence[Matches], poses: Poses, found: Solution
) -> Refined:
    """What the chosen model leaves, and how sure it is."""
    kept, size = poses.kept, poses.size
    frames: list[Residual | None] = [None] * len(poses.matrices)
    for k, i in enumerate(kept):
        frames[i] = _summary([h for h in choice.held if k in (h.first, h.second)], size)
    stack = _summary(choice.held, size) or Residual(np.inf, np.inf, np.inf, 0)
    straight = [m.straightened(found.bends, size) for m in tiles]
    left = [left_between(m, found.matrices) for m in straight]
    reference = kept.index(poses.reference)
    divisions = (ladder.halves(choice.model, tiles, found.matrices, board) for board in BOARDS)
    at = probes(size)
    halves = [
        (a.positions(at, reference, size), b.positions(at, reference, size)) for a, b in divisions
    ]
    plain = ladder.fit(choice.model, [m.plain() for m in tiles])
    blurred = found.positions(at, reference, size), plain.positions(at, reference, size)
    sure = certainty(halves, blurred, left, found.matrices, size)
    closed = [replace(c, first=kept[c.first], second=kept[c.second]) for c in closures(left, size)]
    return Refined(
        poses,
        choice.model.name,
        choice.evidence,
        frames,
        stack,
        kept,
        sure,
        closed,
        disagreement(choice.held, len(kept), size),
        _map(choice.held, size),
    )


def _thinned(m: Matches) -> Matches:
    """An evenly spread part of a pair's feature matches."""
    return m.part(slice(None, None, max(1, -(-len(m.p) // ANCHORS))))


def _map(held: Sequence[Held], size: tuple[int, int]) -> Floats | None:
    if not held:
        return None
    return residual_map(np.concatenate([h.places for h in held]), lengths(held), size)


def _summary(held: Sequence[Held], size: tuple[int, int]) -> Residual | None:
    if not held:
        return None
    return summary(np.concatenate([h.places for h in held]), lengths(held), size)
