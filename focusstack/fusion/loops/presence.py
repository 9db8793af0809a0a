"""The compiled loop that brings linear light to half the size.

Import this module only when pixels are to be worked on: loading the compiler takes a while.
"""

from __future__ import annotations

import numpy as np

from focusstack.fusion.loops.rows import MIDDLE, NEAR, OUTER, halved_row, reflected
from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import compiled, read_only, writable
from focusstack.runtime.once import once


def _halve_light(signal: Float32, out: Float32) -> None:
    """Square the signal ``(H, W)``, keeping its sign, and bring it to half the size."""
    height, width = signal.shape
    total = np.empty(width, np.float32)
    for i in range(out.shape[0]):
        above, below = signal[reflected(2 * i - 2, height)], signal[reflected(2 * i + 2, height)]
        over, under = signal[reflected(2 * i - 1, height)], signal[reflected(2 * i + 1, height)]
        here = signal[2 * i]
        for x in range(width):
            ends = OUTER * (above[x] * abs(above[x]) + below[x] * abs(below[x]))
            near = NEAR * (over[x] * abs(over[x]) + under[x] * abs(under[x]))
            total[x] = ends + near + MIDDLE * (here[x] * abs(here[x]))
        halved_row(total, out[i])


halve_light = once(
    lambda: compiled(_halve_light, read_only(np.float32, 2), writable(np.float32, 2))
)
"""Returns the compiled :func:`_halve_light`."""
