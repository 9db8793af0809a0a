"""Who gains by a freer model: where tiles are noisy, nearly all pairs of frames must agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from focusstack.numeric.arrays import Float32, Floats, Indices, Mask


@dataclass(frozen=True)
class Held:
    """Held-out residual vectors of one pair, with their places on the canvas, proxy pixels.

    And which tiles are good to `SURE_PX`. Single precision: there are many.
    """

    first: int
    second: int
    places: Float32
    vectors: Float32
    sure: Mask


def lengths(held: Sequence[Held]) -> Floats:
    """Lengths of all held-out residual vectors."""
    return np.asarray(np.linalg.norm(np.concatenate([h.vectors for h in held]), axis=1), float)


def trimmed_rms(held: Sequence[Held]) -> float:
    """Root mean square of all but the largest tenth: moved things do not choose the model."""
    if not held:
        return float("inf")
    length = np.sort(lengths(held))
    return float(np.sqrt(np.mean(np.square(length[: max(1, int(0.9 * len(length)))]))))


TELLING = 20
"""Tiles without which a pair's median says little. Chosen, not measured: with twenty it scatters by
a quarter of what one tile does."""


NEARLY_ALL = 0.9
"""Share of the pairs by which a small gain is sure: what tiles say together is far surer than any
of them. Rendered stacks without parallax stay below 0.76, hand-held ones in depth above 0.91
(``python -m benchmarks.alignment``)."""


@dataclass(frozen=True)
class HeldOut:
    """What is left of tiles that a fit has not seen.

    Attributes
    ----------
    before, after : float
        Median residual with the stiffer and with the freer model, proxy pixels.
    gained : float
        Share of the pairs whose median the freer model has lowered.
    share : float
        What the freer model leaves of the residual where tiles are sure.
    """

    before: float
    after: float
    gained: float
    share: float

    @classmethod
    def of(
        cls, pair: Indices, before: Floats, after: Floats, weight: Floats | None = None
    ) -> HeldOut:
        """Compare lengths of residuals ``(T,)`` of tiles of numbered pairs.

        With the `weight` of each tile, unsure ones, which say little, do not hide what sure ones
        say.
        """
        middle = float(np.median(before)), float(np.median(after))
        sure = middle
        if weight is not None:
            sure = weighted_quantile(before, weight), weighted_quantile(after, weight)
        return cls(*middle, gaining_pairs(pair, before, after), sure[1] / max(sure[0], 1e-9))

    def shared(self, share: float) -> bool:
        """Whether nearly all pairs of frames gain, and less than a share is left."""
        return self.share < share and self.gained >= NEARLY_ALL


def weighted_quantile(values: Floats, weight: Floats, share: float = 0.5) -> float:
    """The value ``(T,)`` below which this share of the `weight` ``(T,)`` lies."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(reached, share * reached[-1])])


def gaining_pairs(pair: Indices, before: Floats, after: Floats) -> float:
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
