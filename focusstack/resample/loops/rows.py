"""The compiled loops on a row of a tile: weights of the taps, and where the values go.

Import this module only when a picture is to be resampled: loading the compiler takes a while.
"""

from __future__ import annotations

import numpy as np

from focusstack.numeric.arrays import Float32
from focusstack.resample.loops.arguments import Box, Stretch, Target
from focusstack.resample.loops.sizes import WIDE
from focusstack.runtime.compiler import inner


@inner
def weigh(phase: Float32, n: int, kernel: Float32, w: Float32) -> None:
    """Weights ``(6, room)`` of the taps at `n` phases; see `focusstack.resample.kernel`."""
    w0, w1, w2, w3, w4, w5 = w[0], w[1], w[2], w[3], w[4], w[5]
    a0, a1, a2 = kernel[0, 0], kernel[0, 1], kernel[0, 2]
    b0, b1, b2 = kernel[1, 0], kernel[1, 1], kernel[1, 2]
    one, half = np.float32(1), np.float32(0.5)
    for i in range(n):
        t = phase[i]
        # Correction of tap k: t (1 - t) (a_k + b_k (t - 1/2)), 0 where a sample is a pixel.
        g, s = t * (one - t), t - half
        # Taps k and 1 - k mirror each other: the same a, the opposite b.
        w0[i], w5[i] = g * (a0 + s * b0), g * (a0 - s * b0)
        w1[i], w4[i] = g * (a1 + s * b1), g * (a1 - s * b1)
        # The two nearest are linear interpolation besides.
        w2[i], w3[i] = one - t + g * (a2 + s * b2), t + g * (a2 - s * b2)


@inner
def store(line: Float32, target: Target, to: Stretch) -> None:
    """Put a row of a tile into the planes; `line` holds `WIDE` values for each of them."""
    for c in range(line.size // WIDE):
        values = line[c * WIDE : c * WIDE + to.n]
        if target.step == 0:
            row = target.numbers[c, to.v, to.u : to.u + to.n]
            for i in range(to.n):
                row[i] = values[i]
        else:
            codes = target.codes[c, to.v, to.u : to.u + to.n]
            # To the nearest multiple of the step, within what 16 bits hold.
            steps, top = np.float32(1 / target.step), np.int32(32767)
            for i in range(to.n):
                code = np.int32(np.floor(values[i] * steps + np.float32(0.5)))
                code = code if code < top else top
                codes[i] = code if code > -top else -top


@inner
def leave_blank(target: Target, box: Box) -> None:
    """Put 0 into a tile that the frame does not cover."""
    for c in range(target.numbers.shape[0]):
        for v in range(box.v, box.v + box.rows):
            for u in range(box.u, box.u + box.columns):
                target.numbers[c, v, u] = 0
    for c in range(target.codes.shape[0]):
        for v in range(box.v, box.v + box.rows):
            for u in range(box.u, box.u + box.columns):
                target.codes[c, v, u] = 0
