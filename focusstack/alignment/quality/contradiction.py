"""Tiles that contradict the alignment: parallax, or something that has moved.

A robust solve turns away from them, and medians do not see them; a verdict must. A sure tile that
lies a whole pixel off is no mishap; others can be, at the blurred ends of a sweep and where one
thing hides another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from focusstack.alignment.quality.held_out import TELLING, Held
from focusstack.numeric.arrays import Floats, Mask

APART_PX = 1.0
"""Proxy pixels from which on a sure tile contradicts: without displacement hardly any lies so far
off (``python -m benchmarks.alignment``)."""

LEAST_SHARE = 0.05
"""Share of contradicting tiles below which they are the usual mishaps: those at blurred ends of a
sweep and where one thing hides another (``python -m benchmarks.alignment``)."""


MOST_MISSING = 0.15
"""Share of the picture's detail that a frame may lack without remark; the *moved subject* of
``python -m benchmarks.alignment`` lacks a third."""

BOARD = (12, 8)
"""Parts of the picture, across and down, in which detail is looked for: each holds some tiles."""


@dataclass(frozen=True)
class Disagreement:
    """What contradicts each frame.

    Attributes
    ----------
    share : (n,) float64 ndarray
        Share of a frame's sure tiles that contradict, as in the middle one of its pairs: one bad
        partner does not count.
    px : (n,) float64 ndarray
        Root mean square over all sure tiles of what the contradicting ones contradict by, for one
        frame of the pair; 0 where they are too few to mean anything.
    missing : (n,) float64 ndarray
        Share of the picture in which frames on either side of this one in focus agree with each
        other, but not with it: something else is there, or it is blurred.
    """

    share: Floats
    px: Floats
    missing: Floats

    @property
    def contradicted(self) -> Mask:
        """Which frames more than the usual mishaps contradict."""
        return np.asarray(self.share > LEAST_SHARE)

    @property
    def lacking(self) -> Mask:
        """Which frames lack more detail than passes without remark."""
        return np.asarray(self.missing > MOST_MISSING)


def disagreement(held: Sequence[Held], count: int, size: tuple[int, int]) -> Disagreement:
    """Find what contradicts the frames.

    Parameters
    ----------
    held : sequence of Held
        Residual vectors of good tiles, in proxy pixels.
    count : int
        Number of frames, which are in focus order.
    size : tuple of int
        Width and height of the canvas.
    """
    pairs: dict[tuple[int, int], list[Floats]] = {}
    for h in held:
        length = np.linalg.norm(h.vectors[h.sure], axis=1)
        pairs.setdefault((h.first, h.second), []).append(length)
    shares: list[list[float]] = [[] for _ in range(count)]
    powers: list[list[float]] = [[] for _ in range(count)]
    for pair, found in sorted(pairs.items()):
        length = np.concatenate(found)
        if len(length) < TELLING:
            continue
        apart = length > APART_PX
        for k in pair:
            shares[k].append(float(apart.mean()))
            powers[k].append(float(np.mean(np.square(length) * apart)) / 2)
    share = np.array([np.median(s) if s else 0.0 for s in shares])
    power = np.array([np.median(p) if p else 0.0 for p in powers])
    px = np.where(share > LEAST_SHARE, np.sqrt(power), 0.0)
    return Disagreement(share, px, _missing(held, count, size))


def _missing(held: Sequence[Held], count: int, size: tuple[int, int]) -> Floats:
    """Share of the picture where pairs that skip a frame agree and pairs with it say nothing."""
    seen: dict[tuple[int, int], Mask] = {}
    for h in held:
        board = (np.clip(h.places / size, 0, 1 - 1e-9) * BOARD).astype(int)
        here = seen.setdefault((h.first, h.second), np.zeros(BOARD, bool))
        near = np.linalg.norm(h.vectors, axis=1) < APART_PX
        here[board[near, 0], board[near, 1]] = True
    nothing = np.zeros(BOARD, bool)
    found: list[list[float]] = [[] for _ in range(count)]
    for (i, j), around in seen.items():
        for k in range(i + 1, j) if around.any() else ():
            own = seen.get((i, k), nothing) | seen.get((k, j), nothing)
            linked = (i, k) in seen or (k, j) in seen
            if linked or j - i == 2:
                found[k].append(float((around & ~own).sum() / around.sum()))
    return np.array([np.median(one) if one else 0.0 for one in found])
