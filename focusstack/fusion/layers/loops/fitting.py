"""The compiled loops that move layers down.

Import this module only when pixels are to be worked on: loading the compiler takes a while.
"""

from __future__ import annotations

import numba
import numpy as np

from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import compiled, read_only, writable
from focusstack.runtime.once import once

F4 = np.float32
"""Of all that is passed."""


def _step(
    at: Float32,
    values: Float32,
    slope: Float32,
    mean: Float32,
    square: Float32,
    rates: Float32,
) -> None:
    """One step of Adam of logits `at` against a slope, all ``(N,)``.

    `rates` are what both means forget in a step, what they are short of by having begun at zero,
    and the step of the logits.
    """
    forget, forget_square, short, short_square, rate = rates
    tiny = np.float32(1e-9)
    for x in range(len(at)):
        # Along the logit, a value v between 0 and 1 changes by v (1 - v).
        own = slope[x] * values[x] * (np.float32(1) - values[x])
        mean[x] += forget * (own - mean[x])
        square[x] += forget_square * (own * own - square[x])
        at[x] -= rate * (mean[x] / short) / (np.sqrt(square[x] / short_square) + tiny)


def _outline(plane: Float32, price: Float32, tiny: np.float32, out: Float32, row: Float32) -> None:
    """Add the slope of the sum of absolute differences of neighbours, each at its price.

    Differences are rounded off where they are `tiny`. `row` is as wide as the plane, for use here.
    """
    height, width = plane.shape
    for y in range(height):
        for x in range(width - 1):
            change = plane[y, x + 1] - plane[y, x]
            row[x] = price[y, x] * change / (np.abs(change) + tiny)
        for x in range(width - 1):
            out[y, x] -= row[x]
        for x in range(1, width):
            out[y, x] += row[x - 1]
        if y + 1 < height:
            for x in range(width):
                change = plane[y + 1, x] - plane[y, x]
                change = price[y, x] * change / (np.abs(change) + tiny)
                out[y, x] -= change
                out[y + 1, x] += change


step = once(
    lambda: compiled(
        _step, writable(F4, 1), read_only(F4, 1), read_only(F4, 1),
        writable(F4, 1), writable(F4, 1), read_only(F4, 1),
    )
)  # fmt: skip
"""Returns the compiled :func:`_step`."""

outline = once(
    lambda: compiled(
        _outline, read_only(F4, 2), read_only(F4, 2), numba.float32, writable(F4, 2),
        writable(F4, 1),
    )
)  # fmt: skip
"""Returns the compiled :func:`_outline`."""
