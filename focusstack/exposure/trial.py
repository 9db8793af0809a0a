"""Terms of light held against areas that their fit has not seen.

A defocused, veiled or moved subject leaves residuals that a few numbers can follow a little, too.
So terms must foretell what they have not seen: shading fitted to one half of the picture the other
half, an exponent fitted to the dark areas the bright ones as well. What has been fitted to
different halves must agree, and most pairs of frames must gain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from focusstack.exposure.fit import CELLS, EXPONENT, Fit, Sums, coefficients, residuals
from focusstack.numeric.arrays import Floats, Mask

Columns = tuple[int, ...]
"""Which of the terms are used."""

VISIBLE_EV = 0.01
"""Stops: what changes no pair of frames by more, almost anywhere, is left alone. Half a step
of 8 bits in mid-grey is 0.013. Chosen."""

SHADING_SHARE, EXPONENT_SHARE = 0.9, 0.8
"""Terms must bring the residual of what they have not seen below this share. Where blur has moved
light about, an exponent seems to explain much. Chosen, not swept;
``python -m benchmarks.alignment`` holds both against vignetting, a lamp, a tone curve."""

MOST_PAIRS = 0.8
"""Share of the pairs that must gain: by chance half of them would. Chosen, not swept;
``python -m benchmarks.alignment`` holds it against known faults."""

LARGEST_SPREAD = 0.3
"""By how much, as a share of what they say together, different halves may differ. Up to 0.26 where
pictures of the differences show the terms plainly; where they do not, either this or the share is
larger (``python -m benchmarks.alignment``, and photographs that were looked at)."""

HALVES = tuple(
    tuple(c for c in CELLS if bool(c & bit) == side) for bit in (1, 2) for side in (False, True)
)
"""Left, right, top and bottom, each as the cells to learn from."""

TONES = tuple(tuple(c for c in CELLS if bool(c & 4) == side) for side in (False, True))
"""Dark and bright areas."""


@dataclass(frozen=True)
class Trial:
    """What came of a kind of terms.

    Attributes
    ----------
    terms : str
        Their names.
    before_ev, after_ev : float
        Root mean square, in stops, of what areas that the fit has not seen differ by without and
        with these terms, over the pairs of frames that they change.
    gaining : float
        Share of these pairs for which it falls.
    spread : float
        How far fits to different halves disagree, as a share of what they say together.
    earned : bool
        Whether that is enough.
    """

    terms: str
    before_ev: float
    after_ev: float
    gaining: float
    spread: float
    earned: bool


@dataclass(frozen=True)
class LightChoice:
    """By what a stack's frames differ, and how that is known.

    Attributes
    ----------
    terms : str
        What they need besides gains: kinds of shading, an exponent; ``gain`` for nothing.
    left_by_all : float or None
        What all terms together, fitted to everything, leave of what areas differ by; None if
        there was nothing to compare. Where it is near 1, nothing is tried.
    trials : tuple of Trial
        What was tried.
    """

    terms: str = "gain"
    left_by_all: float | None = None
    trials: tuple[Trial, ...] = ()


def named(columns: Sequence[int]) -> str:
    """Names of terms; ``gain`` for none."""
    radial = "steep radial" if 1 in columns else "radial"
    names = {0: radial, 2: "planar", EXPONENT: "exponent"}
    return ", ".join(name for c, name in names.items() if c in columns) or "gain"


def held_out(
    fit: Fit, sums: Sums, stiff: Columns, freer: Columns, folds: Sequence[tuple[int, ...]]
) -> Trial:
    """Hold `freer` terms against `stiff` ones.

    Parameters
    ----------
    fit : Fit
        All areas.
    sums : Sums
        Their normal equations.
    stiff, freer : tuple of int
        Terms without and with what is tried.
    folds : sequence of tuple of int
        Cells to learn from, each time; all others are the test.
    """
    unseen = np.stack([~np.isin(fit.cell, learn) for learn in folds])
    said = residuals(fit, coefficients(sums, fit, stiff, CELLS), stiff)[1]
    before, after, told = [], [], []
    for learn in folds:
        before.append(residuals(fit, coefficients(sums, fit, stiff, learn), stiff)[0])
        left, says = residuals(fit, coefficients(sums, fit, freer, learn), freer)
        after.append(left)
        told.append(says - said)  # what the added terms do
    added = np.stack(told)
    changed = _changed_pairs(fit, added.mean(0))
    if not changed.any():
        return Trial(named(freer), 0.0, 0.0, 0.0, 0.0, False)
    weight = _by_pair(fit, unseen.sum(0))[changed]
    squares = [
        _by_pair(fit, (np.square(np.stack(left)) * unseen).sum(0))[changed]
        for left in (before, after)
    ]
    before_ev, after_ev = (
        float(np.sqrt(part.sum() / max(weight.sum(), 1e-12)) / np.log(2)) for part in squares
    )
    gaining, spread = (
        float(np.mean(squares[1] < squares[0])),
        _spread(fit, added, changed[fit.pair]),
    )
    exponent = set(freer) - set(stiff) == {EXPONENT}
    earned = before_ev > 0 and is_earned(after_ev / before_ev, gaining, spread, exponent=exponent)
    return Trial(named(freer), before_ev, after_ev, gaining, spread, earned)


def is_earned(left: float, gaining: float, spread: float, *, exponent: bool) -> bool:
    """Whether terms foretell enough.

    Parameters
    ----------
    left : float
        Share of the residual, of what they have not seen, that they leave.
    gaining : float
        Share of the pairs of frames for which it falls.
    spread : float
        How far fits to different halves disagree, as a share of what they say together.
    exponent : bool
        Whether they are an exponent.
    """
    share = EXPONENT_SHARE if exponent else SHADING_SHARE
    return left < share and gaining >= MOST_PAIRS and spread <= LARGEST_SPREAD


def _by_pair(fit: Fit, values: Floats) -> Floats:
    """Weighted sum over the areas of each pair."""
    return np.asarray(np.bincount(fit.pair, fit.weight * values, len(fit.pairs)), float)


def _changed_pairs(fit: Fit, says: Floats) -> Mask:
    """Pairs of frames whose light the terms change visibly."""
    power = _by_pair(fit, says * says) / np.maximum(_by_pair(fit, np.ones(len(says))), 1e-12)
    # What reaches an amount at the ends of a range has half of it on the average.
    return np.asarray(np.sqrt(power) > VISIBLE_EV * np.log(2) / 2)


def _spread(fit: Fit, said: Floats, rows: Mask) -> float:
    """How far folds differ in what terms do to the changed pairs, against what they do."""
    weight, together = fit.weight[rows], said[:, rows].mean(0)
    apart = np.square(said[:, rows] - together).mean(0)
    return float(np.sqrt((apart * weight).sum() / max((together**2 * weight).sum(), 1e-12)))
