"""The compiled loops that share every coefficient out among the frames.

Import this module only when pixels are to be worked on: loading the compiler takes a while.
"""

from __future__ import annotations

import numba
import numpy as np

from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import compiled, inner, read_only, writable
from focusstack.runtime.once import once

UNTRUSTED = np.float32(8.5e-5)
"""Stands for the quality of what is not trusted: beside the least quality, 1, it weighs nothing."""

NO_TRUST = np.float32(1e-3)
"""Trust up to this is none at all."""


G1, G2, G3 = np.float32(0.01562486), np.float32(-0.00768008), np.float32(0.00495885)
G4, G5, G6 = np.float32(-0.00317787), np.float32(0.00151853), np.float32(-0.00035507)
"""Of ``(1 + r) ** (1 / 64) - 1`` as a polynomial for r = 0..1, good to 1e-7 of a whole."""


@inner
def shares(
    evidence: Float32, trust: Float32, scale: np.float32, amplitude: Float32, share: Float32
) -> None:
    """Share of a frame in a row, and its weight added; see :class:`SoftSelection`.

    Qualities are powers' bases: only ratios of the worse to the better are raised to the power.
    """
    width = len(share)
    for x in range(width):
        share[x] = np.float32(1) + np.sqrt(evidence[x]) * scale
    _doubt(share, trust)
    one, inverse = np.float32(1), np.float32(1) / scale
    for x in range(width):
        own, total = share[x], one + amplitude[x] * scale
        better, worse = (own if own > total else total), (total if own > total else own)
        ratio = worse / better
        for _ in range(6):
            ratio *= ratio
        part = one / (one + ratio)
        share[x] = part if own >= total else ratio * part
        growth = G3 + ratio * (G4 + ratio * (G5 + ratio * G6))
        growth = ratio * (G1 + ratio * (G2 + ratio * growth))
        amplitude[x] = (better + better * growth - one) * inverse


@inner
def _doubt(quality: Float32, trust: Float32) -> None:
    """Let the quality of a row be less where trust is."""
    doubts = 0
    for x in range(len(trust)):
        doubts += trust[x] < 1
    if doubts == 0:
        return
    for x in range(len(trust)):
        if trust[x] <= NO_TRUST:
            quality[x] = UNTRUSTED
        elif trust[x] < 1:
            quality[x] *= np.float32(trust[x] ** (1 / 64))


def _weigh(
    evidence: Float32, trust: Float32, scale: np.float32, amplitude: Float32, first: int, last: int
) -> None:
    """Replace evidence (h, w) by shares in the rows from `first` to `last`."""
    for y in range(first, last):
        certain = trust[y] if len(trust) else trust[0:0, 0]
        shares(evidence[y].copy(), certain, scale, amplitude[y], evidence[y])


_IN2, _OUT2 = read_only(np.float32, 2), writable(np.float32, 2)
_INT, _FLOAT = numba.types.int64, numba.types.float32

weigh = once(lambda: compiled(_weigh, _OUT2, _IN2, _FLOAT, _OUT2, _INT, _INT))
"""Returns the compiled :func:`_weigh`."""
