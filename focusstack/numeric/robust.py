"""Robust statistics: the scale of residuals, and weights that outliers lose."""

from __future__ import annotations

import numpy as np

from focusstack.numeric.arrays import Points


def robust_scale(squared: Points) -> float:
    """Scale of 2-D residuals from their squared lengths: the median of a Rayleigh is 1.177."""
    return float(np.sqrt(np.median(squared)) / 1.1774)


def robust_weight(squared: Points) -> Points:
    """Weight of residuals from their squares over the squared kernel width.

    Geman-McClure, which all but removes outliers, with a little of Cauchy's kernel, whose pull
    never vanishes: without it a stack can come apart where near and far disagree about a link.
    """
    cauchy = 1 / (1 + squared)
    return np.asarray(0.95 * cauchy**2 + 0.05 * cauchy)
