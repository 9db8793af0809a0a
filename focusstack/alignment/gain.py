"""Who gains by a freer model: where tiles are noisy, nearly all pairs of frames must agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from focusstack.typing import Indices, Points

TELLING = 20
"""Tiles without which a pair's median says little."""

NEARLY_ALL = 0.9
"""Share of the pairs by which a small gain is sure: what tiles say together is far surer than any
of them."""


@dataclass(frozen=True)
class HeldOut:
    """What is left of tiles that a fit has not seen.

    Attributes
    ----------
    before, after : float
        Median residual with the stiffer and with the freer model, proxy pixels.
    gained : float
        Share of the pairs whose median the freer model has lowered.
    """

    before: float
    after: float
    gained: float

    @classmethod
    def of(cls, pair: Indices, before: Points, after: Points) -> HeldOut:
        """Compare lengths of residuals ``(T,)`` of tiles of numbered pairs."""
        middle = float(np.median(before)), float(np.median(after))
        return cls(*middle, gaining_pairs(pair, before, after))

    @property
    def share(self) -> float:
        """What the freer model leaves of the residual."""
        return self.after / max(self.before, 1e-9)


def gaining_pairs(pair: Indices, before: Points, after: Points) -> float:
    """Share of the pairs with a telling number of tiles whose median falls.

    Parameters
    ----------
    pair : (T,) int ndarray
        Number of each tile's pair.
    before, after : (T,) ndarray
        Length of its residual.
    """
    order = np.argsort(pair, kind="stable")
    borders = np.flatnonzero(np.diff(pair[order])) + 1
    parts = [part for part in np.split(order, borders) if len(part) >= TELLING]
    gains = [np.median(after[part]) < np.median(before[part]) for part in parts]
    return float(np.mean(gains)) if gains else 0.0
