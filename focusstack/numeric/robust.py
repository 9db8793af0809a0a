"""Robust statistics: the scale of residuals, and weights that outliers lose.

Weights take squared residuals over the squared width of the kernel, and divide what a residual
weighs without outliers.
"""

from __future__ import annotations

import numpy as np

from focusstack.numeric.arrays import Floats

NORMAL_FROM_MEDIAN = 1.4826
"""Standard deviation of normal residuals over the median of their lengths: 1 / 0.6745."""

RAYLEIGH_MEDIAN = 1.1774
"""Median length of 2-D normal vectors over their standard deviation: the root of 2 ln 2."""

CUTOFF = 2.5
"""Width of the kernel that matrices are solved with, in standard deviations. Chosen, not measured:
one in eighty normal residuals lies beyond."""

WIDE_CUTOFF = 3.0
"""Width of the kernel for displacement fields and parallax, in standard deviations, whose tiles
scatter more than they claim. Chosen, not measured: hardly any normal residual lies beyond."""

CAUCHY_SHARE = 0.05
"""Share of Cauchy's kernel in `mixed_weight`. Chosen small, not tuned: the pull of what is far off
must be weak, but not nothing (``python -m benchmarks.alignment``, *parallax, layers*)."""


def scale_of_values(residuals: Floats, axis: int | None = None) -> Floats:
    """Standard deviation of residuals, told from the median of their lengths.

    With an `axis`, along that one, which is kept.
    """
    median = np.median(np.abs(residuals), axis=axis, keepdims=axis is not None)
    return np.asarray(NORMAL_FROM_MEDIAN * median)


def scale_of_vectors(squared: Floats) -> float:
    """Standard deviation of each component of 2-D residuals from their squared lengths."""
    return float(np.sqrt(np.median(squared)) / RAYLEIGH_MEDIAN)


def cauchy_weight(squared: Floats, weight: Floats | float = 1.0) -> Floats:
    """Weight by Cauchy's kernel: the pull of outliers never vanishes.

    It is the root of `geman_mcclure_weight`, for what multiplies residuals rather than squares.
    """
    return np.asarray(weight / (1 + squared))


def geman_mcclure_weight(squared: Floats, weight: Floats | float = 1.0) -> Floats:
    """Weight by Geman's and McClure's kernel, which all but removes outliers."""
    return np.asarray(weight / np.square(1 + squared))


def mixed_weight(squared: Floats) -> Floats:
    """Weight by Geman's and McClure's kernel with a little of Cauchy's.

    The pull of the latter never vanishes: without it a stack can come apart where near and far
    disagree about a link.
    """
    # The square of the quotient: its last digit is not that of `geman_mcclure_weight`.
    cauchy = cauchy_weight(squared)
    return np.asarray((1 - CAUCHY_SHARE) * cauchy**2 + CAUCHY_SHARE * cauchy)


def mixed_cost(squared: Floats) -> float:
    """Sum over residuals of the cost whose derivative by the squared residual is `mixed_weight`."""
    of_each = (1 - CAUCHY_SHARE) * squared / (1 + squared) + CAUCHY_SHARE * np.log1p(squared)
    return float(np.sum(of_each))
