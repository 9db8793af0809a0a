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

from focusstack.fusion.loops.codes import Codes
from focusstack.fusion.loops.finest_measure import frames_of
from focusstack.fusion.loops.rows import (
    Coded,
    above_row,
    channel_row,
    difference_row,
    doubled_row,
    luma_row,
    nearest_code,
)
from focusstack.fusion.loops.soft_selection import shares
from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import compiled, inner, read_only, writable
from focusstack.runtime.once import once

SECOND_IN_FINEST = np.float32(0.3)
"""Share of the second level's evidence that counts for the finest, which is the noisiest."""


@inner
def _blend(own: Float32, coarse: Float32, share: Float32, mean: Any, step: np.float32) -> None:
    """Blend ``own - coarse`` into a row of the mean; 16 bits hold multiples of `step`."""
    inverse = np.float32(1) / step
    for x in range(own.size):
        past = np.float32(mean[x]) * step
        now = past + share[x] * (own[x] - coarse[x] - past)
        mean[x] = nearest_code(now * inverse)


@inner
def _blend_precisely(own: Float32, coarse: Float32, share: Float32, mean: Any) -> None:
    for x in range(own.size):
        mean[x] += share[x] * (own[x] - coarse[x] - mean[x])


@inner
def blend_row(own: Float32, coarse: Float32, share: Float32, mean: Any, step: np.float32) -> None:
    """Blend ``own - coarse`` into a row of the mean: multiples of `step`, unless that is 0."""
    if step == 0:
        _blend_precisely(own, coarse, share, mean)
    else:
        _blend(own, coarse, share, mean, step)


@inner
def _any_doubt(trust: NDArray[np.uint8]) -> bool:
    least = np.uint8(255)
    for x in range(trust.size):
        least = trust[x] if trust[x] < least else least
    return bool(least < 255)


@inner
def _spread(parts: Float32, y: int, line: Float32, share: Float32) -> None:
    """Row `y` of shares at half the size, interpolated linearly."""
    h, half = parts.shape
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
    values: Coded,
    step: np.float32,
    coarse: Float32,
    colour: Float32,
    energy: Codes,
    floor: np.float32,
    second: Float32,
    trust: NDArray[np.uint8],
    scale: np.float32,
    amplitude: Float32,
    colour_shares: Float32,
    mean: Coded,
    mean_step: np.float32,
    first: int,
    last: int,
) -> None:
    """Blend the finest band of a frame into the mean so far in the rows from `first` to `last`.

    values (C, H, W), coarse (S, h, w) the signal and colour (2, h, w) the colour differences at
    half the size, energy (H, W), second (h, w), trust (H, W) in 255ths, amplitude (H, W),
    colour_shares (h, w), mean (S or S + 2, H, W), colour differences last. What is not there is
    empty. A mean of 16 bits is whole multiples of `mean_step`.
    """
    width = values.shape[2]
    signals, half = coarse.shape[0], coarse.shape[2]
    apart = signals < values.shape[0]
    evidence, share = np.empty(width, np.float32), np.empty(width, np.float32)
    own, blurred = np.empty(width, np.float32), np.empty(width, np.float32)
    difference, certain = np.empty(width, np.float32), np.empty(trust.shape[1], np.float32)
    line = np.empty(half + 2, np.float32)
    for y in range(first, last):
        out = evidence
        above_row(energy[y], floor, out)
        if second.size:
            doubled_row(second, y, line, blurred)
            for x in range(width):
                out[x] += SECOND_IN_FINEST * blurred[x]
        doubtful = len(trust) > 0 and _any_doubt(trust[y])
        for x in range(certain.size if doubtful else 0):
            certain[x] = np.float32(trust[y, x]) * np.float32(1 / 255)
        shares(evidence, certain if doubtful else certain[:0], scale, amplitude[y], share)
        for c in range(signals):
            if apart:
                luma_row(values, step, y, own)
            else:
                channel_row(values, step, y, c, own)
            doubled_row(coarse[c], y, line, blurred)
            blend_row(own, blurred, share, mean[c, y], mean_step)
        if colour.size:
            _spread(colour_shares, y, line, share)
            for c in range(2):
                difference_row(values, step, y, c, own, difference)
                doubled_row(colour[c], y, line, blurred)
                blend_row(difference, blurred, share, mean[signals + c, y], mean_step)


_IN2, _IN3, _OUT2 = read_only(np.float32, 2), read_only(np.float32, 3), writable(np.float32, 2)
_ENERGY, _TRUST = read_only(np.uint16, 2), read_only(np.uint8, 2)
_INT, _FLOAT = numba.types.int64, numba.types.float32


@once
def take(coded: bool, precise: bool) -> Callable[..., None]:
    """Return the compiled :func:`_take` for such frames, and means stored as float32 or int16."""
    mean = writable(np.float32 if precise else np.int16, 3)
    return compiled(
        _take, frames_of(coded), _FLOAT, _IN3, _IN3, _ENERGY, _FLOAT, _IN2, _TRUST, _FLOAT, _OUT2,
        _IN2, mean, _FLOAT, _INT, _INT,
    )  # fmt: skip
