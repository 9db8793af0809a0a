"""Which motion model a stack needs, decided by tiles held out of the fit.

Too stiff a model leaves corners behind; too free a one follows noise. The ladder is climbed from
the stiffest model; a step up must be earned on tiles that the fit has not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

import numpy as np

from focusstack.alignment.matrices.freedom import Choice, gains_enough, moves_beyond_doubt
from focusstack.alignment.matrices.models import (
    LENSES,
    MATRICES,
    MODELS,
    Model,
    nearest_similarity,
    normalisation,
)
from focusstack.alignment.matrices.solve import Solution, solve
from focusstack.alignment.quality.accuracy import distance, probes, split_half
from focusstack.alignment.quality.held_out import Held, trimmed_rms
from focusstack.alignment.tiles.matches import Matches, residuals
from focusstack.alignment.tiles.shifts import checkerboard, weakest
from focusstack.geometry.coordinates import transform
from focusstack.geometry.lens import STRONGEST_BEND
from focusstack.numeric.arrays import Mask, Matrix, Points
from focusstack.numeric.graph import connected_parts
from focusstack.runtime.prefetch import prefetch
from focusstack.runtime.threads import SideBySide, in_turn

WORTH_A_LENS = 0.9
"""Lenses are tried on a stack whose residual one with a changing bend brings below this share of
that without: they take their time (``python -m benchmarks.alignment``, *lens*)."""


INFORMATIVE_PX, SURE_PX = 0.15, 0.07
"""Only tiles that are good to the first in their weaker direction tell models apart, and those that
are good to the second contradict what is off by a pixel: without displacement hardly any is
(``python -m benchmarks.alignment``; standard deviations in proxy pixels)."""


HALVES = (0, 1)
"""Numbers of the two halves of the tiles: light and dark fields of a checkerboard."""


BOARDS = (8, 6), (6, 5), (5, 4)
"""Fields of the boards. On the first models are held against each other; on all of them both halves
still see every corner."""


_Half = list[tuple[Matches, Mask, Mask]]
"""Tiles to learn from, pair by pair; which tell models apart when others learn; which are sure."""


class Ladder:
    """The frames of a stack, solvable with any model.

    Parameters
    ----------
    size : tuple of int
        Width and height of the proxies.
    reference : int
        The frame that does not move.
    start : (n, 3, 3) ndarray
        Matrices to begin with.
    anchors : sequence of Matches
        Feature matches: weak, but they hold a frame whose tiles say nothing.
    both : callable, optional
        Does two things, at once if it can; one after the other if not given.
    """

    def __init__(
        self,
        size: tuple[int, int],
        reference: int,
        start: Matrix,
        anchors: Sequence[Matches],
        both: SideBySide = in_turn,
    ) -> None:
        self._size = size
        self._N = normalisation(*size)
        self._reference = reference
        self._first = np.stack([nearest_similarity(self._N, H) for H in start])
        self._anchors = list(anchors)
        self._both = both
        self._starts: dict[tuple[str, int | None], Solution] = {}

    def fit(
        self,
        model: Model,
        tiles: Sequence[Matches],
        anchors: Sequence[Matches] | None = None,
        half: int | None = None,
    ) -> Solution:
        """Solve all frames with `model`, from its last solution or the similarity's.

        `half` tells which half of the tiles these are, if they are one: it has solutions of its
        own to begin with, so that both halves may be solved at once.
        """
        anchors = self._anchors if anchors is None else anchors
        start = self._starts.get((model.name, half)) or self._starts.get((model.name, None))
        if start is not None:
            at = start.parameters
        else:
            at = model.start(np.zeros((len(self._first), model.per_frame)))
            stiff = MODELS["similarity"]
            at.theta[:, : stiff.per_frame] = (
                self._first
                if model is stiff
                else self._stiffest(tiles, anchors, half).parameters.theta
            )
        everything, most = [*anchors, *tiles], 25
        # While one half is solved, so is the other.
        both = self._both if half is None else in_turn
        found = solve(model, everything, self._reference, self._N, at, most, both)
        self._starts[model.name, half] = found
        return found

    def _stiffest(
        self, tiles: Sequence[Matches], anchors: Sequence[Matches], half: int | None
    ) -> Solution:
        """A solution to begin with; that of a half stands while its other models are solved."""
        stiff = MODELS["similarity"]
        found = None if half is None else self._starts.get((stiff.name, half))
        return found or self.fit(stiff, tiles, anchors, half)

    def choose(self, tiles: Sequence[Matches], H: Matrix) -> Choice:
        """Climb while tiles held out of the fit say so.

        Parameters
        ----------
        tiles : sequence of Matches
            Of the last round.
        H : (n, 3, 3) ndarray
            Present matrices, to know where on the canvas a tile lies.
        """
        halves = self._divided(tiles, H)
        evidence: dict[str, float] = {}

        def tried(models: Sequence[Model]) -> Iterator[Choice]:
            for model, held in zip(models, self._held_out(models, halves), strict=True):
                evidence[model.name] = trimmed_rms(held)
                yield Choice(model, evidence, held)

        (best,) = tried(MATRICES[:1])  # from which all others begin
        for freer in tried(MATRICES[1:]):
            if self._earned(freer, best, tiles):
                best = freer
        # Most lenses need not be modelled; one look tells, at a model that follows most hands.
        looked_at = MODELS["changing lens, perspective"]
        (changing,) = tried([looked_at])
        if evidence[looked_at.name] < WORTH_A_LENS * evidence["perspective"]:
            others = tried([model for model in LENSES if model is not looked_at])
            for model in LENSES:
                freer = changing if model is looked_at else next(others)
                if self._earned(freer, best, tiles):
                    best = freer
        return best

    def _earned(self, freer: Choice, best: Choice, tiles: Sequence[Matches]) -> bool:
        """Whether a model that follows `best` on the ladder gains enough by its freedom."""
        if not gains_enough(freer, best):
            return False
        if freer.model in LENSES and not self._plausible(freer.model):
            return False
        return self._sure(freer.model, best.model, tiles)

    def _sure(self, freer: Model, stiffer: Model, tiles: Sequence[Matches]) -> bool:
        """Whether a freer model moves the frames by more than it is unsure of itself.

        Unsure is what either half of the tiles alone, or tiles that take the growth of blurred
        edges for shifts, would have it do instead.
        """
        places, size = self._places, self._size
        without = places(self.fit(stiffer, tiles))
        as_if_sharp = places(self.fit(freer, [m.plain() for m in tiles]))
        found = places(self.fit(freer, tiles))
        one, other = (places(self._starts[freer.name, half]) for half in HALVES)
        unsure = np.hypot(split_half(one, other, size), distance(found, as_if_sharp, size))
        return moves_beyond_doubt(distance(found, without, size), unsure)

    def _places(self, found: Solution) -> Points:
        """Where a solution puts the probes of every frame, ``(n, P, 2)``."""
        return found.positions(probes(self._size), self._reference, self._size)

    def _plausible(self, model: Model) -> bool:
        """Whether the last solution with `model` is one that a lens for cameras may have."""
        bends = [self._starts[model.name, half].bends for half in HALVES]
        return float(np.abs(bends).sum(2).max()) < STRONGEST_BEND / 2

    def judged(
        self,
        model: Model,
        tiles: Sequence[Matches],
        H: Matrix,
        evidence: Mapping[str, float] | None = None,
    ) -> Choice:
        """Take `model` without a look at others, or with what is known of them."""
        (held,) = self._held_out([model], self._divided(tiles, H))
        return Choice(model, dict(evidence or {model.name: trimmed_rms(held)}), held)

    def halves(
        self,
        model: Model,
        tiles: Sequence[Matches],
        H: Matrix,
        board: tuple[int, int] = BOARDS[0],
    ) -> tuple[Solution, Solution]:
        """Solutions from each half of all measurements alone, feature matches included.

        Where a half does not hold all frames together, it gets all feature matches.
        """

        def one(half: int) -> Solution:
            learn = self._half(tiles, H, board, half)
            weak = self._half(self._anchors, H, board, half)
            if len(connected_parts(len(H), [(m.first, m.second) for m in [*learn, *weak]])) > 1:
                weak = self._anchors
            return self.fit(model, learn, weak, half)

        return self._both(lambda: one(0), lambda: one(1))

    def _half(
        self, matches: Sequence[Matches], H: Matrix, board: tuple[int, int], half: int
    ) -> list[Matches]:
        """The matches in one half of the picture."""
        parts = [m.part(self._fold(m, H, board) == half) for m in matches]
        return [m for m in parts if len(m.p)]

    def _divided(self, tiles: Sequence[Matches], H: Matrix) -> list[_Half]:
        """Both halves of the tiles."""
        halves: list[_Half] = [[], []]
        for m in tiles:
            fold, root = self._fold(m, H), weakest(m.root)
            telling, sure = root > 1 / INFORMATIVE_PX, root > 1 / SURE_PX
            for number, half in enumerate(halves):
                here = fold == number
                if here.any():
                    half.append((m.part(here), telling[here], sure[here]))
        return halves

    def _held_out(self, models: Sequence[Model], halves: Sequence[_Half]) -> Iterator[list[Held]]:
        """For each model, residuals of each half of the tiles under the fit of the other half."""

        def one(half: int, model: Model) -> list[Held]:
            found = self.fit(model, [m for m, *_ in halves[half]], half=half)
            held = []
            for tiles, telling, sure in halves[1 - half]:
                if not telling.any():
                    continue
                m = tiles.part(telling)
                straight = m.straightened(found.bends, self._size)
                places = transform(found.matrices[m.first], straight.p).astype(np.float32)
                vectors = residuals(straight, found.matrices).astype(np.float32)
                held.append(Held(m.first, m.second, places, vectors, sure[telling]))
            return held

        tasks = [(half, model) for model in models for half in HALVES]
        # Of large stacks there is not room for the residuals of all models.
        each = prefetch(lambda k: one(*tasks[k]), range(len(tasks)), len(HALVES) + 1, len(HALVES))
        with closing(each):
            for first in each:
                yield [*first, *next(each)]

    def _fold(self, m: Matches, H: Matrix, board: tuple[int, int] = BOARDS[0]) -> Mask:
        """Which half of a pair's matches is in light fields of a board over the canvas."""
        return checkerboard(transform(H[m.first], m.p), self._size, board)
