"""Which motion model a stack needs, decided by tiles held out of the fit.

Too stiff a model leaves corners behind; too free a one follows noise. The ladder is climbed from
the stiffest model; a step up must be earned on tiles that the fit has not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from focusstack.alignment.links import groups
from focusstack.alignment.models import (
    LENSES,
    MATRICES,
    MODELS,
    Model,
    nearest_similarity,
    normalisation,
)
from focusstack.alignment.solve import Matches, Solution, residuals, solve
from focusstack.alignment.tiles import checkerboard
from focusstack.geometry import transform
from focusstack.lens import STRONGEST_BEND
from focusstack.typing import Mask, Matrix, Points

FREER_SHARED, FREER_FRAME, FREER_LENS = 0.97, 0.85, 0.9
"""A freer model must bring the held-out residual below this share of the stiffer one's: the first
for a few numbers more for the whole stack, the second for more numbers for every frame, the third
for a lens, which parallax and the growth of blurred edges can look like a little."""

STEADY_GAIN, NEARLY_ALL, TELLING = 0.99, 0.9, 20
"""A freer matrix is also earned by a small gain that nearly all pairs with a telling number of
tiles share: where tiles are noisy, what they say together is far surer than any of them."""

WORTH_A_LENS = 0.9
"""Lenses are tried on a stack whose residual one with a changing bend brings below this share of
that without."""

SMALLEST_GAIN_PX = 0.004
"""A gain below this is within what tiles get wrong themselves."""

INFORMATIVE_PX = 0.15
"""Only tiles that are good to this in their weaker direction tell models apart."""


@dataclass(frozen=True)
class Held:
    """Held-out residual vectors of one pair, with their places on the canvas, proxy pixels."""

    first: int
    second: int
    places: Points
    vectors: Points


@dataclass(frozen=True)
class Choice:
    """The model chosen.

    Attributes
    ----------
    model : Model
        The stiffest one that no freer one beats clearly.
    evidence : dict of str to float
        Held-out residual of every model tried, in proxy pixels.
    held : list of Held
        Held-out residuals of the chosen model.
    """

    model: Model
    evidence: dict[str, float]
    held: list[Held]


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
    """

    def __init__(
        self, size: tuple[int, int], reference: int, start: Matrix, anchors: Sequence[Matches]
    ) -> None:
        self._size = size
        self._N = normalisation(*size)
        self._reference = reference
        self._first = np.stack([nearest_similarity(self._N, H) for H in start])
        self._anchors = list(anchors)
        self._starts: dict[str, Solution] = {}

    def fit(
        self, model: Model, tiles: Sequence[Matches], anchors: Sequence[Matches] | None = None
    ) -> Solution:
        """Solve all frames with `model`, from its last solution or the similarity's."""
        anchors = self._anchors if anchors is None else anchors
        start = self._starts.get(model.name)
        if start is not None:
            theta, common = start.theta, start.common
        else:
            theta, common = np.zeros((len(self._first), model.per_frame)), np.zeros(model.shared)
            stiff = MODELS["similarity"]
            theta[:, : stiff.per_frame] = (
                self._first if model is stiff else self.fit(stiff, tiles, anchors).theta
            )
        everything = [*anchors, *tiles]
        found = solve(model, everything, self._reference, self._N, theta, common, iterations=25)
        self._starts[model.name] = found
        return found

    def choose(self, tiles: Sequence[Matches], H: Matrix) -> Choice:
        """Climb while tiles held out of the fit say so.

        Parameters
        ----------
        tiles : sequence of Matches
            Of the last round.
        H : (n, 3, 3) ndarray
            Present matrices, to know where on the canvas a tile lies.
        """
        held: dict[str, list[Held]] = {}
        evidence: dict[str, float] = {}

        def error(model: Model) -> float:
            held[model.name] = self._held_out(model, tiles, H)
            evidence[model.name] = trimmed_rms(held[model.name])
            return evidence[model.name]

        best = MATRICES[0]
        error(best)
        for model in MATRICES[1:]:
            steady = error(model) < STEADY_GAIN * evidence[best.name] and (
                gaining_pairs(held[best.name], held[model.name]) >= NEARLY_ALL
            )
            if steady or self._earned(evidence[model.name], model, evidence[best.name], best):
                best = model
        # Most lenses need not be modelled; one look tells, at a model that follows most hands.
        if error(MODELS["changing lens, perspective"]) < WORTH_A_LENS * evidence["perspective"]:
            for model in LENSES:
                found = evidence.get(model.name) or error(model)
                earned = self._earned(found, model, evidence[best.name], best)
                if earned and self._plausible(model):
                    best = model
        return Choice(best, evidence, held[best.name])

    def _plausible(self, model: Model) -> bool:
        """Whether the last solution with `model` is one that a lens for cameras may have."""
        return float(np.abs(self._starts[model.name].bends).sum(1).max()) < STRONGEST_BEND / 2

    @staticmethod
    def _earned(error: float, model: Model, so_far: float, best: Model) -> bool:
        """Whether a model that follows `best` on the ladder gains enough by its freedom."""
        if model in LENSES:
            freer = FREER_LENS
        else:
            freer = FREER_FRAME if model.per_frame > best.per_frame else FREER_SHARED
        return error < min(so_far * freer, so_far - SMALLEST_GAIN_PX)

    def only(self, model: Model, tiles: Sequence[Matches], H: Matrix) -> Choice:
        """Take `model` without a look at others."""
        held = self._held_out(model, tiles, H)
        return Choice(model, {model.name: trimmed_rms(held)}, held)

    def judged(self, choice: Choice, tiles: Sequence[Matches], H: Matrix) -> Choice:
        """The same choice, held against tiles that were measured anew."""
        held = self._held_out(choice.model, tiles, H)
        return Choice(choice.model, choice.evidence, held)

    def halves(
        self, model: Model, tiles: Sequence[Matches], H: Matrix
    ) -> tuple[Solution, Solution]:
        """Solutions from each half of all measurements alone, feature matches included.

        Where a half does not hold all frames together, it gets all feature matches.
        """
        found = []
        for side in (False, True):
            learn, weak = self._half(tiles, H, side), self._half(self._anchors, H, side)
            if len(groups(len(H), [(m.first, m.second) for m in [*learn, *weak]])) > 1:
                weak = self._anchors
            found.append(self.fit(model, learn, weak))
        return found[0], found[1]

    def _half(self, matches: Sequence[Matches], H: Matrix, side: bool) -> list[Matches]:
        """The matches in one half of the picture."""
        parts = [m.part(self._fold(m, H) == side) for m in matches]
        return [m for m in parts if len(m.p)]

    def _held_out(self, model: Model, tiles: Sequence[Matches], H: Matrix) -> list[Held]:
        """Residuals of each half of the tiles under the fit of the other half."""
        folds = [self._fold(m, H) for m in tiles]
        held: list[Held] = []
        for side in (False, True):
            learn = [m.part(f == side) for m, f in zip(tiles, folds, strict=True)]
            found = self.fit(model, [m for m in learn if len(m.p)])
            for m, f in zip(tiles, folds, strict=True):
                weakest = np.linalg.norm(m.root, axis=(1, 2), ord=-2)
                test = m.part((f != side) & (weakest > 1 / INFORMATIVE_PX))
                if len(test.p):
                    test = test.straightened(found.bends, self._size)
                    places = transform(found.matrices[m.first], test.p)
                    held.append(Held(m.first, m.second, places, residuals(test, found.matrices)))
        return held

    def _fold(self, m: Matches, H: Matrix) -> Mask:
        """Checkerboard of 8 x 6 fields of the canvas: each half still sees every corner."""
        return checkerboard(transform(H[m.first], m.p), self._size, (8, 6))


def gaining_pairs(before: Sequence[Held], after: Sequence[Held]) -> float:
    """Share of the pairs whose median held-out residual is lower after than before."""
    a, b = _medians(before), _medians(after)
    both = sorted(a.keys() & b.keys())
    return float(np.mean([b[pair] < a[pair] for pair in both])) if both else 0.0


def _medians(held: Sequence[Held]) -> dict[tuple[int, int], float]:
    """Median residual of each pair with enough tiles to tell."""
    pairs: dict[tuple[int, int], list[Held]] = {}
    for h in held:
        pairs.setdefault((h.first, h.second), []).append(h)
    found = {pair: lengths(parts) for pair, parts in pairs.items()}
    return {pair: float(np.median(far)) for pair, far in found.items() if len(far) >= TELLING}


def lengths(held: Sequence[Held]) -> Points:
    """Lengths of all held-out residual vectors."""
    return np.asarray(np.linalg.norm(np.concatenate([h.vectors for h in held]), axis=1))


def trimmed_rms(held: Sequence[Held]) -> float:
    """Root mean square of all but the largest tenth: moved things do not choose the model."""
    if not held:
        return float("inf")
    length = np.sort(lengths(held))
    return float(np.sqrt(np.mean(np.square(length[: max(1, int(0.9 * len(length)))]))))
