"""Levels and light terms of all frames from all pairs of areas: weighted least squares.

Of an area that two frames ``i`` and ``j`` show, the logarithms obey
``log L_i + g_i + t_i f_i = log L_j + g_j + t_j f_j``, with ``L`` its linear light in a frame,
``f = (r², r⁴, u, v, log L)`` with its place in that frame, ``t`` the frame's terms, and ``g`` what
is left for its gain to do. The reference has neither.

Exponents are fitted so that their sum is zero, and only then brought to the reference's. Were they
fitted relative to it, the exponents of all others could shrink together, which makes everything
alike, noise and all, but for the few pairs with the reference; robust weights then give those up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from focusstack.exposure.areas import Areas
from focusstack.numeric.arrays import Floats, Indices
from focusstack.numeric.graph import connected_to
from focusstack.numeric.linear import MANY, solved, solved_in_bands
from focusstack.numeric.robust import geman_mcclure_weight, scale_of_values

TERMS = 5
"""Two radial, two planar, the exponent."""

EXPONENT = 4
"""Number of the term that is an exponent, from 0."""

CELLS = tuple(range(8))
"""Quarters of the picture, by their dark and bright areas: right 1, bottom 2, bright 4."""

FEWEST = 60
"""Areas in common without which a pair tells gains apart, not terms: twelve for each of the five
terms. Chosen, not measured."""

ACCURACY = 0.003
"""Spread of the logarithm of an area's mean that nothing explains. Chosen, not measured; only its
proportion to the next two matters, as weights are scaled by what is left in the end."""

BLURRED = 0.05
"""Share of the contrast around an area by which blur may change its mean. Chosen, not swept;
``python -m benchmarks.alignment`` holds it against frames whose light is known."""

ROUNDING = 1.5e-4
"""Linear light by which an area's mean may be off through rounding: half a step of 8 bits in the
shadows, 1 / (2 · 255 · 12.92)."""

LARGEST = 1.0
"""Standard deviation that terms are expected to have: a hint that only silence listens to."""


@dataclass(frozen=True)
class Fit:
    """All areas of all pairs, one after the other.

    Attributes
    ----------
    pairs : (P, 2) int ndarray
        Frames of each pair.
    pair : (R,) int ndarray
        To which pair a row belongs; rising.
    cell : (R,) int ndarray
        Number of the cell, see `CELLS`.
    ratio : (R,) float64 ndarray
        Logarithm of the second frame's light less that of the first's.
    first, second : (R, TERMS) float64 ndarray
        Features of the area in both frames.
    weight : (R,) float64 ndarray
        Inverse variance.
    frames : (F,) int ndarray
        Frames that are linked to the reference, without it.
    count : int
        Of all frames.
    reference : int
        Frame to which the others are brought.
    tones : float
        Range of the logarithm of light, from the 10th to the 90th percentile.
    """

    pairs: Indices
    pair: Indices
    cell: Indices
    ratio: Floats
    first: Floats
    second: Floats
    weight: Floats
    frames: Indices
    count: int
    reference: int
    tones: float

    def slices(self) -> list[slice]:
        """Rows of each pair."""
        ends = np.cumsum(np.bincount(self.pair, minlength=len(self.pairs)))
        return [slice(int(a), int(b)) for a, b in zip(np.r_[0, ends[:-1]], ends, strict=True)]


Sums = tuple[Floats, Floats]
"""Normal matrices ``(P, cells, 2 + 2 TERMS, 2 + 2 TERMS)`` and right sides of each pair."""


def gathered(
    seen: Sequence[Areas | None], pairs: Sequence[tuple[int, int]], reference: int
) -> Fit | None:
    """Put the areas of all pairs together; None where nothing links to the reference.

    Parameters
    ----------
    seen : sequence of Areas or None
        Of each frame.
    pairs : sequence of (int, int)
        Frames that are compared, where they share areas enough.
    reference : int
        Frame to which all others are brought.
    """
    kept, parts = [], []
    for i, j in pairs:
        a, b = seen[i], seen[j]
        if a is None or b is None:
            continue
        both = np.flatnonzero(a.usable & b.usable)
        if len(both) >= FEWEST:
            kept.append((i, j))
            parts.append((a, b, both))
    linked = connected_to(reference, len(seen), kept)
    used = [k for k, (i, _) in enumerate(kept) if i in linked]
    if not used:
        return None
    rows = [_rows(*parts[k]) for k in used]
    cell, ratio, first, second, weight = (np.concatenate(part) for part in zip(*rows, strict=True))
    return Fit(
        np.array([kept[k] for k in used]),
        np.repeat(np.arange(len(used)), [len(r[0]) for r in rows]),
        cell,
        ratio,
        first,
        second,
        weight,
        np.array(sorted(linked - {reference})),
        len(seen),
        reference,
        float(np.ptp(np.percentile(first[:, EXPONENT], (10, 90)))),
    )


def _rows(a: Areas, b: Areas, both: Indices) -> tuple[Indices, Floats, Floats, Floats, Floats]:
    light = a.log[both] + b.log[both]
    bright = light > np.median(light)
    cell = a.right[both] + 2 * a.bottom[both] + 4 * bright
    variance = (
        ACCURACY**2
        + np.square(BLURRED * np.maximum(a.contrast, b.contrast)[both])
        + np.square(ROUNDING / a.darkest[both])
        + np.square(ROUNDING / b.darkest[both])
    )
    ratio = b.log[both] - a.log[both]
    return cell, ratio, a.features[both], b.features[both], 1 / variance


def robust_weights(fit: Fit, rounds: int = 4) -> Floats:
    """Weights ``(R,)`` in which areas that even all terms together leave far off count little.

    They are inverse variances, scaled so that what is left has a standard deviation of about 1.
    """
    every = tuple(range(TERMS))
    weight = fit.weight
    whole = replace(fit, cell=np.zeros_like(fit.cell))  # which takes fewer sums
    for _ in range(rounds):
        sums = summed(replace(whole, weight=weight), CELLS[:1])
        left, _ = residuals(fit, coefficients(sums, fit, every, CELLS[:1]), every)
        off = left * np.sqrt(fit.weight)
        scale = float(scale_of_values(off))
        weight = geman_mcclure_weight(np.square(off / max(2 * scale, 1e-9)), fit.weight)
    return np.asarray(weight / max(scale, 1e-9) ** 2, float)


def summed(fit: Fit, cells: Sequence[int] = CELLS) -> Sums:
    """Normal equations of every cell of every pair, in all terms."""
    width = 2 + 2 * TERMS
    N = np.zeros((len(fit.pairs), len(cells), width, width))
    b = np.zeros((len(fit.pairs), len(cells), width))
    for p, rows in enumerate(fit.slices()):
        one = np.ones((rows.stop - rows.start, 1))
        X = np.concatenate([one, fit.first[rows], -one, -fit.second[rows]], axis=1)
        wX, ratio = X * fit.weight[rows, None], fit.ratio[rows]
        for c in cells:
            inside = fit.cell[rows] == c
            N[p, c] = wX[inside].T @ X[inside]
            b[p, c] = wX[inside].T @ ratio[inside]
    return N, b


def coefficients(sums: Sums, fit: Fit, columns: tuple[int, ...], cells: Sequence[int]) -> Floats:
    """Levels and terms that fit some cells best, in some of the terms.

    Parameters
    ----------
    sums : Sums
        Of all cells, from `summed`.
    fit : Fit
        What they are of.
    columns : tuple of int
        Terms that are free; the others are 0.
    cells : sequence of int
        Cells to fit to.

    Returns
    -------
    (count, 1 + TERMS) float64 ndarray
        Level and terms of each frame; 0 for what is not linked to the reference, and for the
        reference, but for its exponent: the sum of all exponents is 0, see `from_reference`.
    """
    N, b = sums[0][:, list(cells)].sum(1), sums[1][:, list(cells)].sum(1)
    own = [0, *(1 + c for c in columns)]
    both = np.array([*own, *(1 + TERMS + c for c in own)])
    width = len(own)
    A, right = np.zeros((fit.count * width,) * 2), np.zeros(fit.count * width)
    for p, (i, j) in enumerate(fit.pairs):
        at = np.r_[i * width : (i + 1) * width, j * width : (j + 1) * width]
        A[np.ix_(at, at)] += N[p][np.ix_(both, both)]
        right[at] += b[p][both]
    prior = np.full(fit.count * width, 1 / LARGEST**2)
    prior[::width] = 1e-6
    A[np.diag_indices_from(A)] += prior
    free = (fit.frames[:, None] * width + np.arange(width)).ravel()
    held, strength = np.zeros(len(A)), 0.0
    if EXPONENT in columns:
        exponents = own.index(1 + EXPONENT) + width * np.r_[fit.frames, fit.reference]
        free = np.union1d(free, exponents)
        held[exponents], strength = 1, float(A.diagonal()[exponents].max())
    found = np.zeros(fit.count * width)
    found[free] = _solved_with_sum(A[np.ix_(free, free)], right[free], held[free], strength)
    theta = np.zeros((fit.count, 1 + TERMS))
    theta[:, own] = found.reshape(fit.count, width)
    return theta


def _solved_with_sum(A: Floats, b: Floats, held: Floats, strength: float) -> Floats:
    """Solve normal equations that also hold the sum of some unknowns at zero, so strongly.

    That sum ties each of them to all others. Of many frames, whose own equations lie in bands, it
    is put in afterwards (Sherman and Morrison, Annals of Mathematical Statistics 21, 1950).
    """
    if len(A) <= MANY:
        return solved(A + strength * np.outer(held, held), b)
    alone, along = solved_in_bands(A, b, 0), solved_in_bands(A, held, 0)
    return alone - along * (strength * (held @ alone) / (1 + strength * (held @ along)))


def from_reference(theta: Floats, fit: Fit) -> Floats:
    """Levels and terms of all frames once the reference has an exponent of 1.

    The equations hold as well with both sides multiplied by anything.
    """
    exponent = 1 + theta[fit.reference, 1 + EXPONENT]
    brought = theta / exponent
    linked = np.r_[fit.frames, fit.reference]
    brought[linked, 1 + EXPONENT] = (1 + theta[linked, 1 + EXPONENT]) / exponent - 1
    return np.asarray(brought, float)


def residuals(fit: Fit, theta: Floats, columns: tuple[int, ...]) -> tuple[Floats, Floats]:
    """What levels and terms leave of every ratio, and what the terms say of it.

    The latter is taken without its mean over each pair, which is a gain's.
    """
    (i, j), count = fit.pairs.T, np.bincount(fit.pair, minlength=len(fit.pairs))
    says = np.zeros(len(fit.ratio))
    for c in columns:
        says += np.repeat(theta[i, 1 + c], count) * fit.first[:, c]
        says -= np.repeat(theta[j, 1 + c], count) * fit.second[:, c]
    left = fit.ratio - np.repeat(theta[i, 0] - theta[j, 0], count) - says
    total = np.bincount(fit.pair, fit.weight)
    mean = np.bincount(fit.pair, fit.weight * says) / np.maximum(total, 1e-12)
    return left, says - mean[fit.pair]


def rms(fit: Fit, left: Floats) -> float:
    """Root mean square of what is left of every ratio."""
    return float(np.sqrt((fit.weight * left * left).sum() / fit.weight.sum()))
