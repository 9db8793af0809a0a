"""Energies in half the memory: the upper halves of their float32, in order and good to 0.4 %."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from focusstack.numeric.arrays import Float32

Codes = NDArray[np.uint16]
"""Numbers that are not negative, as the upper half of their float32."""


def decoded(codes: Codes) -> Float32:
    """Return the numbers that `codes` stand for."""
    return np.left_shift(codes.astype(np.uint32), 16).view(np.float32)


def coded(values: Float32) -> Codes:
    """Return the nearest codes of `values`, which are not negative."""
    bits = np.ascontiguousarray(values).view(np.uint32)
    return np.asarray(np.right_shift(bits + np.uint32(0x8000), 16), np.uint16)
