"""The compiled loops that share every coefficient out among the frames.

Import this module only when pixels are to be worked on: loading the compiler takes a while.
"""

from __future__ import annotations

import numba
import numpy as np

from focusstack.fusion.loops.arguments import Weight
from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import compiled, inner, named, read_only, writable
from focusstack.runtime.once import once

INVALID = np.float32(8.5e-5)
"""Stands for the quality of what is not valid: beside the least quality, 1, it weighs nothing,
as its 64th power is far below float32."""

NO_VALIDITY = np.float32(1e-3)
"""Validity, 0..1, up to which there is none at all: less than 1 of 255. Chosen, not measured."""

G1, G2, G3 = np.float32(0.01562486), np.float32(-0.00768008), np.float32(0.00495885)
G4, G5, G6 = np.float32(-0.00317787), np.float32(0.00151853), np.float32(-0.00035507)
"""Coefficients of ``(1 + r) ** (1 / 64) - 1`` as a polynomial in r = 0..1, good to 1e-7."""


@inner
def shares(
    evidence: Float32, validity: Float32, scale: np.float32, amplitude: Float32, share: Float32
) -> None:
    """Work out the share of a frame in a row, and add its weight; see :class:`SoftSelection`.

    Weights are the 64th powers of qualities: those of the frame, q, and of all before, Q. Only the
    ratio of the worse to the better is raised to the power, which cannot overflow.
    """
    width = len(share)
    for x in range(width):  # q = 1 + sqrt(EXCESS) A
        share[x] = np.float32(1) + np.sqrt(evidence[x]) * scale
    _doubt(share, validity)
    one, inverse = np.float32(1), np.float32(1) / scale
    for x in range(width):
        own, total = share[x], one + amplitude[x] * scale
        better, worse = (own if own > total else total), (total if own > total else own)
        ratio = worse / better
        for _ in range(6):  # to the power of 64
            ratio *= ratio
        # r = (worse / better) ** 64: the better's share is 1 / (1 + r), the worse's r / (1 + r).
        part = one / (one + ratio)
        share[x] = part if own >= total else ratio * part
        # Both together: better (1 + r) ** (1 / 64), by the polynomial.
        growth = G3 + ratio * (G4 + ratio * (G5 + ratio * G6))
        growth = ratio * (G1 + ratio * (G2 + ratio * growth))
        # Stored as an amplitude: quality less 1, by the scale.
        amplitude[x] = (better + better * growth - one) * inverse


@inner
def _doubt(quality: Float32, validity: Float32) -> None:
    """Let the quality of a row be less where validity is."""
    doubts = 0
    for x in range(len(validity)):
        doubts += validity[x] < 1
    if doubts == 0:
        return
    for x in range(len(validity)):
        if validity[x] <= NO_VALIDITY:
            quality[x] = INVALID
        elif validity[x] < 1:  # the weight, a 64th power, is multiplied with it
            quality[x] *= np.float32(validity[x] ** (1 / 64))


def _weigh(evidence: Float32, validity: Float32, weight: Weight, first: int, last: int) -> None:
    """Replace evidence (h, w) by shares in the rows from `first` to `last`."""
    for y in range(first, last):
        known = validity[y] if len(validity) else evidence[y][:0]
        shares(evidence[y].copy(), known, weight.scale, weight.amplitude[y], evidence[y])


_IN2, _OUT2 = read_only(np.float32, 2), writable(np.float32, 2)
_INT, _FLOAT = numba.types.int64, numba.types.float32

weigh = once(lambda: compiled(_weigh, _OUT2, _IN2, named(Weight, _OUT2, _FLOAT), _INT, _INT))
"""Returns the compiled :func:`_weigh`."""
