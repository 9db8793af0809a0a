"""How sure a figure is that comes from many places: leave out one after the other.

J. W. Tukey, "Bias and confidence in not quite large samples", Ann. Math. Stat. 29, 1958.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from focusstack.numeric.arrays import Floats

FEWEST = 12
"""Places without which nothing is sure: with fewer, what they have in common shows nowhere
(``pytest tests/alignment/parallax/test_nearer_end.py``)."""


def standard_deviations(sums: Floats, figure: Callable[[Floats], Floats]) -> float:
    """Return how many standard deviations a figure lies away from zero.

    Parameters
    ----------
    sums : (places, ...) float64 ndarray
        What every place adds; one that adds nothing is no place.
    figure : callable
        Of sums over places ``(..., the rest of the axes)``, the figure ``(...)``.

    Returns
    -------
    float
        0 where there are fewer places than `FEWEST`.

    Examples
    --------
    >>> measured = np.array([[1.0], [1.2], [0.8], [1.1]] * 6)
    >>> round(standard_deviations(measured, lambda sums: sums[..., 0]))
    35
    """
    used = sums[sums.any(tuple(range(1, sums.ndim)))]
    if len(used) < FEWEST:
        return 0.0
    whole = used.sum(0)
    without = figure(whole - used)
    spread = float(np.sqrt((len(used) - 1) * np.var(without)))
    return float(figure(whole)) / max(spread, 1e-12)
