"""What is proven in squares that overlap, as one change of the composite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.base import Change
from focusstack.fusion.layers.borne_out import Finding
from focusstack.fusion.layers.near_steps import Place, fade
from focusstack.numeric.arrays import Float32


@dataclass(frozen=True, eq=False)
class Proven:
    """What is adopted in a square.

    Attributes
    ----------
    place : Place
        The square.
    finding : Finding or None
        None if nothing was found.
    """

    place: Place
    finding: Finding | None


SHOWN_PX, SHOWN = 120, 3
"""Pixels across a place that is kept as it was, and how many places: to be shown at twice their
size. Chosen, not measured."""


def largest_changes(image: Float32, found: Sequence[Proven]) -> tuple[Change, ...]:
    """Keep the places that are to be changed most, as they are.

    Parameters
    ----------
    image : (H, W[, C]) float32 ndarray
        Composite, before :func:`blend`.
    found : sequence of Proven
        All squares.
    """
    sizes = []
    for k, proven in enumerate(found):
        if proven.finding is not None and proven.finding.adopted.any():
            size = np.abs(proven.finding.change).sum(0) * proven.finding.adopted
            sizes.append((-float((size * fade(proven.place, image.shape[:2])).sum()), k))
    changes: list[Change] = []
    for _, k in sorted(sizes):
        inset = (found[k].place.side - SHOWN_PX) // 2
        x, y = found[k].place.x + inset, found[k].place.y + inset
        apart = (max(abs(x - other.x), abs(y - other.y)) >= SHOWN_PX for other in changes)
        if all(apart):
            changes.append(Change(x, y, image[y : y + SHOWN_PX, x : x + SHOWN_PX].copy()))
        if len(changes) == SHOWN:
            break
    return tuple(changes)


def outside_share(found: Sequence[Proven], adopted: NDArray[np.uint8]) -> float:
    """Share of the picture's pixels that were changed to what no frame shows."""
    outside = np.zeros(adopted.shape, np.bool_)
    for proven in found:
        if proven.finding is not None:
            inner = fade(proven.place, adopted.shape) > 0
            outside[proven.place.here] |= proven.finding.outside & inner
    return float(np.count_nonzero(outside & (adopted > 0))) / adopted.size


def blend(image: Float32, found: Sequence[Proven]) -> NDArray[np.uint8]:
    """Change a composite where something is proven, in place; the rest stays as it is to the bit.

    Parameters
    ----------
    image : (H, W[, C]) float32 ndarray
        Composite.
    found : sequence of Proven
        All squares, also those in which nothing was found: their neighbours end towards them.

    Returns
    -------
    (H, W) uint8 ndarray
        Where it was changed, and how far, in 255ths.
    """
    shape = (image.shape[0], image.shape[1])
    total = np.zeros(shape, np.float32)
    for proven in found:
        total[proven.place.here] += fade(proven.place, shape)
    adopted = np.zeros(shape, np.float32)
    for proven in found:
        if proven.finding is None:
            continue
        here = proven.place.here
        share = proven.finding.adopted * fade(proven.place, shape)
        share /= np.maximum(total[here], 1)
        changed = share > 0
        adopted[here] += share
        part = image[here] if image.ndim == 3 else image[here][..., None]
        more = np.moveaxis(proven.finding.change, 0, -1) * share[..., None]
        part[changed] += more[changed]
    return np.asarray(np.ceil(np.minimum(adopted, 1) * 255), np.uint8)
