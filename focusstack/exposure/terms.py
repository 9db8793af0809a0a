"""Whether frames differ by more than a gain: shading, or an exponent, each only if it is earned.

Vignetting changes with focus, aperture and breathing; a lamp or a cloud moves; a frame may have
been developed with another tone curve. Each adds a few numbers a frame to the gain, all linear in
the logarithm of light, fitted to the registered block means of all pairs at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from focusstack.exposure.areas import areas_of
from focusstack.exposure.fit import (
    CELLS,
    EXPONENT,
    TERMS,
    Fit,
    Sums,
    coefficients,
    from_reference,
    gathered,
    residuals,
    rms,
    robust_weights,
    summed,
)
from focusstack.exposure.gains import RegisteredBlocks
from focusstack.exposure.shading import EVEN, Shading, even_blocks
from focusstack.exposure.trial import HALVES, TONES, Columns, LightChoice, Trial, held_out, named
from focusstack.frames.proxies.proxy import BLOCK, Statistics
from focusstack.numeric.arrays import Floats, Matrix

RADIAL, STEEP, PLANAR = (0,), (0, 1), (2, 3)

STEPS: tuple[tuple[Columns, Columns], ...] = (
    ((), RADIAL),
    ((), PLANAR),
    ((), RADIAL + PLANAR),
    (RADIAL, STEEP),
    (RADIAL, RADIAL + PLANAR),
    (STEEP, STEEP + PLANAR),
    (PLANAR, RADIAL + PLANAR),
)
"""Shadings in the order in which they are tried: from which one a stack may come, and to which."""

WORTH_A_TRIAL = 0.95
"""All terms at once, fitted to everything, must bring the residual below this share. Noise
alone leaves 0.97 and more; trials are then spared. Chosen, not swept;
``python -m benchmarks.alignment`` holds it against known faults of light."""

LEAST_TONES = float(np.log(2))
"""An exponent is told from a gain only where most areas span more than a stop (logarithm of light,
10th to 90th percentile): below, it changes light by less than a gain does. Chosen."""

NEGLIGIBLE_EV = 0.002
"""Stops, over a single frame: of the order of the worst error of a gain
(``python -m benchmarks.alignment``). Chosen."""


@dataclass(frozen=True)
class Terms:
    """By what frames differ besides their gains.

    Attributes
    ----------
    shadings : list of Shading
        Of each frame.
    exponents : list of float
        Of each frame's linear light.
    choice : LightChoice
        Which terms these are, and why.
    """

    shadings: list[Shading]
    exponents: list[float]
    choice: LightChoice

    @property
    def any(self) -> bool:
        """Whether any frame needs more than a gain."""
        return any(not s.is_even for s in self.shadings) or any(e != 1 for e in self.exponents)


def choose_terms(
    blocks: Sequence[RegisteredBlocks | None],
    matrices: Matrix,
    pairs: Sequence[tuple[int, int]],
    reference: int,
    size: tuple[int, int],
) -> Terms:
    """Fit what light needs besides gains, and keep what proves itself.

    Parameters
    ----------
    blocks : sequence of RegisteredBlocks or None
        Of each frame that is used.
    matrices : (n, 3, 3) ndarray
        Proxy pixel to canvas proxy pixel.
    pairs : sequence of (int, int)
        Frames that are compared.
    reference : int
        Frame to which all others are brought.
    size : tuple of int
        Width and height of the proxies.
    """
    seen = [
        None if b is None else areas_of(b, H, size, max(len(pairs), 1))
        for b, H in zip(blocks, matrices, strict=True)
    ]
    none = Terms([EVEN] * len(seen), [1.0] * len(seen), LightChoice())
    fit = gathered(seen, pairs, reference)
    if fit is None:
        return none
    fit = replace(fit, weight=robust_weights(fit))
    sums = summed(fit)
    left = _left_by_all(fit, sums)
    trials: list[Trial] = []
    columns: Columns = ()
    if left < WORTH_A_TRIAL:
        columns = _best(fit, sums, trials)
    choice = LightChoice(named(columns), left, tuple(trials))
    if not columns:
        return replace(none, choice=choice)
    theta = from_reference(coefficients(sums, fit, columns, CELLS), fit)
    return Terms(*terms_of_frames(fit, theta, size), choice)


def _left_by_all(fit: Fit, sums: Sums) -> float:
    """Share of the residual that all terms together leave of what they were fitted to."""
    before, after = (
        rms(fit, residuals(fit, coefficients(sums, fit, columns, CELLS), columns)[0])
        for columns in ((), tuple(range(TERMS)))
    )
    return after / max(before, 1e-12)


def _best(fit: Fit, sums: Sums, trials: list[Trial]) -> Columns:
    """The stiffest terms that no freer ones beat."""
    shading = _best_shading(fit, sums, (), trials)
    both = _with_exponent(fit, sums, shading, trials)
    # What is bright lies somewhere: an exponent may have been taken for shading, or hidden it.
    if both == shading or (shading and not _with_exponent(fit, sums, (), trials)):
        return both
    return _best_shading(fit, sums, (EXPONENT,), trials)


def _best_shading(fit: Fit, sums: Sums, start: Columns, trials: list[Trial]) -> Columns:
    """Climb to the stiffest shading that no freer one beats, beside the terms at the `start`."""
    best = start
    for stiff, freer in STEPS:
        if best != _joined(stiff, start):
            continue
        tried = _joined(freer, start)
        trials.append(held_out(fit, sums, best, tried, HALVES))
        if trials[-1].earned:
            best = tried
    return best


def _joined(first: Columns, second: Columns) -> Columns:
    return tuple(sorted({*first, *second}))


def _with_exponent(fit: Fit, sums: Sums, start: Columns, trials: list[Trial]) -> Columns:
    """Add an exponent if halves of the tones and halves of the picture agree about it."""
    tried = (*start, EXPONENT)
    if fit.tones < LEAST_TONES:
        return start
    for folds in (TONES, HALVES):
        trials.append(held_out(fit, sums, start, tried, folds))
        if not trials[-1].earned:
            return start
    return tried


def terms_of_frames(
    fit: Fit, theta: Floats, size: tuple[int, int]
) -> tuple[list[Shading], list[float]]:
    """Shading and exponent of each frame; what changes nothing to speak of is left out.

    Parameters
    ----------
    fit : Fit
        From which light ranges as it does.
    theta : (count, 1 + TERMS) ndarray
        From `from_reference`.
    size : tuple of int
        Width and height of the frames.
    """
    x, y = np.meshgrid(np.linspace(0, size[0] - 1, 9), np.linspace(0, size[1] - 1, 9))
    grid = np.asarray(np.stack([x.ravel(), y.ravel()], 1), float)
    shadings, exponents = [EVEN] * len(theta), [1.0] * len(theta)
    for k, row in enumerate(theta.round(6)):
        shading = Shading(*(float(v) for v in row[1 : EXPONENT + 1]))
        if np.ptp(shading.logarithm(grid, size)) > NEGLIGIBLE_EV * np.log(2):
            shadings[k] = shading
        exponent = float(row[EXPONENT + 1])
        if abs(exponent) * fit.tones > NEGLIGIBLE_EV * np.log(2):
            exponents[k] = 1 + exponent
    return shadings, exponents


def evened(
    statistics: Statistics, shading: Shading, exponent: float, size: tuple[int, int]
) -> Statistics:
    """Statistics as of a frame that pass 2 has evened out, but for its gain.

    Where the highlights lie is not known: they are taken to be where the factor is largest.

    Parameters
    ----------
    statistics : Statistics
        Of the frame as it is; not modified.
    shading, exponent
        What evens it out.
    size : tuple of int
        Width and height of the proxies.
    """
    if shading.is_even and exponent == 1:
        return statistics
    return replace(
        statistics,
        blocks=even_blocks(statistics.blocks, shading, exponent, BLOCK, size),
        peak=statistics.peak**exponent * shading.highest(size),
    )
