"""The compiled loop that blends the finest level of a frame into the mean so far.

Rows of a result depend on nothing but the input: the bytes are the same however the rows are
divided among threads.

Import this module only when pixels are to be worked on: loading the compiler takes a while.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.loops.arguments import Coarse, Evidence, Scaled, Weight
from focusstack.fusion.loops.finest_measure import frames_of
from focusstack.fusion.loops.rows import (
    above_row,
    channel_row,
    difference_row,
    doubled_row,
    luma_row,
    nearest_code,
)
from focusstack.fusion.loops.soft_selection import shares
from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import compiled, inner, named, read_only, writable
from focusstack.runtime.once import once

SECOND_IN_FINEST = np.float32(0.3)
"""Share of the second level's evidence that counts for the finest, which is the noisiest.
Benchmark: ``python -m benchmarks.fusion``, PSNR in noise and at edges."""


@inner
def _blend_steps(
    own: Float32, coarse: Float32, share: Float32, mean: Any, step: np.float32
) -> None:
    """Blend ``own - coarse`` into a row of the mean, which holds multiples of `step`."""
    inverse = np.float32(1) / step
    for x in range(own.size):
        past = np.float32(mean[x]) * step
        # A mean moves towards what is new by the share that this has of all so far.
        now = past + share[x] * (own[x] - coarse[x] - past)
        mean[x] = nearest_code(now * inverse)


@inner
def _blend_deep(own: Float32, coarse: Float32, share: Float32, mean: Any) -> None:
    """Blend ``own - coarse`` into a row of the mean, which is float32."""
    for x in range(own.size):
        mean[x] += share[x] * (own[x] - coarse[x] - mean[x])


@inner
def blend_row(own: Float32, coarse: Float32, share: Float32, mean: Any, step: np.float32) -> None:
    """Blend ``own - coarse`` into a row of the mean: multiples of `step`, unless that is 0."""
    if step == 0:
        _blend_deep(own, coarse, share, mean)
    else:
        _blend_steps(own, coarse, share, mean, step)


@inner
def _any_doubt(validity: NDArray[np.uint8]) -> bool:
    """Return whether anything in a row is less than fully valid."""
    least = np.uint8(255)
    for x in range(validity.size):
        least = validity[x] if validity[x] < least else least
    return bool(least < 255)


@inner
def _spread(parts: Float32, y: int, line: Float32, share: Float32) -> None:
    """Interpolate row `y` linearly from shares at half the size."""
    h, half = parts.shape
    # A pixel lies a quarter of the way from the middle of its cell to the next one's.
    i = y // 2
    other = min(i + 1, h - 1) if y % 2 else max(i - 1, 0)
    near, far = np.float32(0.75), np.float32(0.25)
    here, there = parts[i], parts[other]
    for x in range(half):
        line[x + 1] = near * here[x] + far * there[x]
    line[0], line[half + 1] = line[1], line[half]
    before, middle, after = line, line[1:], line[2:]
    for x in range(share.size // 2):
        share[2 * x] = near * middle[x] + far * before[x]
        share[2 * x + 1] = near * middle[x] + far * after[x]
    if share.size % 2:
        x = share.size // 2
        share[2 * x] = near * middle[x] + far * before[x]


def _take(
    frame: Scaled,
    coarse: Coarse,
    evidence: Evidence,
    weight: Weight,
    mean: Scaled,
    first: int,
    last: int,
) -> None:
    """Blend the finest band of a frame into the mean so far, in the rows from `first` to `last`.

    Parameters
    ----------
    frame : Scaled
        Its planes ``(C, H, W)``.
    coarse : Coarse
        What it is at half the size.
    evidence : Evidence
        How sharp it is.
    weight : Weight
        Of all frames so far, at full size; that of this one is added.
    mean : Scaled
        Of all frames so far: the signal's planes, then those of the colour differences.
    """
    energy, floor, second, validity = evidence
    colour = coarse.colour
    width = frame.values.shape[2]
    signals, half = coarse.signal.shape[0], coarse.signal.shape[2]
    apart = signals < frame.values.shape[0]
    above, share = np.empty(width, np.float32), np.empty(width, np.float32)
    own, blurred = np.empty(width, np.float32), np.empty(width, np.float32)
    difference, known = np.empty(width, np.float32), np.empty(validity.shape[1], np.float32)
    line = np.empty(half + 2, np.float32)
    for y in range(first, last):
        # Evidence: energy above the noise, and some of that of the second level.
        above_row(energy[y], floor, above)
        if second.size:
            doubled_row(second, y, line, blurred)
            for x in range(width):
                above[x] += SECOND_IN_FINEST * blurred[x]
        doubtful = len(validity) > 0 and _any_doubt(validity[y])
        for x in range(known.size if doubtful else 0):
            known[x] = np.float32(validity[y, x]) * np.float32(1 / 255)
        row = weight.amplitude[y]
        shares(above, known if doubtful else known[:0], weight.scale, row, share)
        # The band of each plane: what it is, less its half at twice the size.
        for c in range(signals):
            if apart:
                luma_row(frame, y, own)
            else:
                channel_row(frame, y, c, own)
            doubled_row(coarse.signal[c], y, line, blurred)
            blend_row(own, blurred, share, mean.values[c, y], mean.step)
        if colour.size:  # the luma is in `own`
            _spread(coarse.colour_shares, y, line, share)
            for c in range(2):
                difference_row(frame, y, c, own, difference)
                doubled_row(colour[c], y, line, blurred)
                blend_row(difference, blurred, share, mean.values[signals + c, y], mean.step)


_IN2, _IN3 = read_only(np.float32, 2), read_only(np.float32, 3)
_INT, _FLOAT = numba.types.int64, numba.types.float32

_COARSE = named(Coarse, _IN3, _IN3, _IN2)
_EVIDENCE = named(Evidence, read_only(np.uint16, 2), _FLOAT, _IN2, read_only(np.uint8, 2))
WEIGHT = named(Weight, writable(np.float32, 2), _FLOAT)
"""Type of a :class:`Weight`."""


def means_of(dtype: np.dtype[Any]) -> Any:
    """Type of a mean whose values are of `dtype`."""
    return named(Scaled, writable(dtype, 3), _FLOAT)


@once
def take(frame: np.dtype[Any], mean: np.dtype[Any]) -> Callable[..., None]:
    """Return the compiled :func:`_take` for values of a frame, and of the mean, so stored."""
    return compiled(_take, frames_of(frame), _COARSE, _EVIDENCE, WEIGHT, means_of(mean), _INT, _INT)
