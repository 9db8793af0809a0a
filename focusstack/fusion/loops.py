"""The compiled loops of the finest level and of the selection between frames.

Everything is done row by row with a few rows at hand, so that nothing of the size of the picture
is stored in between. Rows of a result depend on nothing but the input: the bytes are the same
however the rows are divided among threads.

Import this module only when pixels are to be worked on: loading the compiler takes a while.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

import numba
import numpy as np
from numpy.typing import NDArray

from focusstack.colour import LUMA
from focusstack.compiler import compiled, inlined, inner, read_only, writable
from focusstack.typing import Float32

UNTRUSTED = np.float32(8.5e-5)
"""Stands for the quality of what is not trusted: beside the least quality, 1, it weighs nothing."""

NO_TRUST = np.float32(1e-3)
"""Trust up to this is none at all."""

SECOND_IN_FINEST = np.float32(0.3)
"""Share of the second level's evidence that counts for the finest, which is the noisiest."""

Coded: TypeAlias = NDArray[np.float32] | NDArray[np.int16]
"""Whole multiples of a step."""

RED, GREEN, BLUE = (np.float32(part) for part in LUMA)

LEAST_STEP = np.float32(1e-6)
"""Steps above this are those of 16-bit means."""

BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


@inlined
def _reflected(i: int, n: int) -> int:
    """Index beyond an end of ``0..n-1``, mirrored at the last one."""
    if i < 0:
        i = -i
    if i >= n:
        i = 2 * n - 2 - i
    return max(i, 0)


@inner
def _up(coarse: Float32, channel: int, y: int, line: Float32, out: Float32) -> None:
    """Row `y` of a channel of `coarse` at twice the size, as ``cv2.pyrUp`` has it."""
    h, w = coarse.shape[:2]
    i = y // 2
    after = min(i + 1, h - 1)
    if y % 2:
        for x in range(w):
            line[x] = np.float32(0.5) * (coarse[i, x, channel] + coarse[after, x, channel])
    else:
        before = i - 1 if i else after
        for x in range(w):
            ends = coarse[before, x, channel] + coarse[after, x, channel]
            line[x] = np.float32(0.125) * ends + np.float32(0.75) * coarse[i, x, channel]
    line[w] = line[w - 1]
    first = line[min(1, w - 1)]
    width = len(out)
    out[0] = np.float32(0.25) * first + np.float32(0.75) * line[0]
    for x in range(1, (width + 1) // 2):
        ends = line[x - 1] + line[x + 1]
        out[2 * x] = np.float32(0.125) * ends + np.float32(0.75) * line[x]
    for x in range(width // 2):
        out[2 * x + 1] = np.float32(0.5) * (line[x] + line[x + 1])


@inner
def _signal(frame: Float32, y: int, channel: int, out: Float32) -> None:
    """Row of a channel of the frame; -1 is luma, 3 and 4 are what red and blue differ by."""
    width = len(out)
    if channel >= 0 and channel < 3:
        for x in range(width):
            out[x] = frame[y, x, channel]
        return
    for x in range(width):
        r, g, b = frame[y, x, 0], frame[y, x, 1], frame[y, x, 2]
        out[x] = RED * r + GREEN * g + BLUE * b
    if channel == 3:
        for x in range(width):
            out[x] = frame[y, x, 0] - out[x]
    elif channel == 4:
        for x in range(width):
            out[x] = frame[y, x, 2] - out[x]


@inner
def _average(padded: Float32, taps: Float32, out: Float32) -> None:
    """Weighted mean over `taps` of a row whose ends are filled in here."""
    reach = len(taps) // 2
    width = len(out)
    for i in range(1, reach + 1):
        padded[reach - i] = padded[reach + _reflected(i, width)]
        padded[reach + width - 1 + i] = padded[reach + _reflected(width - 1 + i, width)]
    for x in range(width):
        out[x] = taps[0] * padded[x]
    for k in range(1, len(taps)):
        for x in range(width):
            out[x] += taps[k] * padded[x + k]


@inner
def _extremes(luma: Float32, low: Float32, high: Float32) -> None:
    """Least and most of every second pixel of a row and its two neighbours."""
    width = len(luma)
    for i in range(len(low)):
        x = 2 * i
        here, left, right = luma[x], luma[max(x - 1, 0)], luma[min(x + 1, width - 1)]
        low[i] = min(here, min(left, right))
        high[i] = max(here, max(left, right))


@inner
def _halved(square: Float32, out: Float32) -> None:
    """Row at half the size, as ``cv2.pyrDown`` has it."""
    width = len(square)
    for i in range(len(out)):
        total = np.float32(0)
        for k in range(5):
            total += np.float32(BINOMIAL[k]) * square[_reflected(2 * i + k - 2, width)]
        out[i] = total


def _measure(
    frame: Float32,
    coarse: Float32,
    colour: Float32,
    taps: Float32,
    first: int,
    last: int,
    energy: Float32,
    colour_energy: Float32,
    low: Float32,
    high: Float32,
) -> None:
    """Energy of the finest band, and the range of luma, in the rows from `first` to `last`.

    frame (H, W, C), coarse (h, w, 1) its luma and colour (h, w, 2) its colour differences at half
    the size, energy (H, W); colour_energy, low and high (h, w). Without colour: no rows of it.
    """
    height, width = frame.shape[:2]
    half = coarse.shape[1]
    reach = len(taps) // 2
    around = max(reach, 4)
    count = last - first + 2 * around
    luma, blurred, line = (
        np.empty(width, np.float32),
        np.empty(width, np.float32),
        np.empty(half + 1, np.float32),
    )
    padded = np.empty(width + 2 * reach, np.float32)
    rows = np.empty((count, width), np.float32)
    lows, highs = np.empty((count, half), np.float32), np.empty((count, half), np.float32)
    halves = np.empty((count if len(colour) else 0, half), np.float32)
    base = first - around
    for y in range(max(base, 0), min(last + around, height)):
        _signal(frame, y, 0 if frame.shape[2] == 1 else -1, luma)
        _up(coarse, 0, y, line, blurred)
        for x in range(width):
            band = luma[x] - blurred[x]
            padded[reach + x] = band * band
        _average(padded, taps, rows[y - base])
        _extremes(luma, lows[y - base], highs[y - base])
        if len(colour):
            for x in range(width):
                padded[x] = 0
            for c in range(2):
                _signal(frame, y, 3 + c, luma)
                _up(colour, c, y, line, blurred)
                for x in range(width):
                    band = luma[x] - blurred[x]
                    padded[x] += band * band
            _halved(padded[:width], halves[y - base])
    for y in range(first, last):
        out = energy[y]
        for k in range(len(taps)):
            row = rows[_reflected(y + k - reach, height) - base]
            if k == 0:
                for x in range(width):
                    out[x] = taps[0] * row[x]
            else:
                for x in range(width):
                    out[x] += taps[k] * row[x]
    for i in range(first // 2, (last + 1) // 2):
        for k in range(-1, 2):
            y = min(max(2 * i + k, 0), height - 1) - base
            for x in range(half):
                low[i, x] = min(low[i, x], lows[y, x])
                high[i, x] = max(high[i, x], highs[y, x])
    if len(colour):
        _colour_energy(halves, first, last, height, base, colour_energy)


@inner
def _colour_energy(
    halves: Float32, first: int, last: int, height: int, base: int, out: Float32
) -> None:
    """Reduce the other way too, and average over 3 x 3."""
    h, half = out.shape
    start, stop = first // 2 - 1, (last + 1) // 2 + 1
    reduced = np.zeros((stop - start, half), np.float32)
    for i in range(max(start, 0), min(stop, h)):
        for k in range(5):
            row = halves[_reflected(2 * i + k - 2, height) - base]
            for x in range(half):
                reduced[i - start, x] += np.float32(BINOMIAL[k]) * row[x]
    total = np.empty(half, np.float32)
    for i in range(first // 2, (last + 1) // 2):
        above = reduced[_reflected(i - 1, h) - start]
        here = reduced[i - start]
        below = reduced[_reflected(i + 1, h) - start]
        for x in range(half):
            total[x] = above[x] + here[x] + below[x]
        for x in range(half):
            around = total[_reflected(x - 1, half)] + total[x] + total[_reflected(x + 1, half)]
            out[i, x] = around * np.float32(1 / 9)


@inner
def _shares(
    evidence: Float32, trust: Float32, scale: np.float32, amplitude: Float32, share: Float32
) -> None:
    """Share of a frame in a row, and its weight added; see :class:`SoftSelection`.

    Qualities are powers' bases: only ratios of the worse to the better are raised to the power.
    """
    width = len(share)
    for x in range(width):
        share[x] = np.float32(1) + np.sqrt(evidence[x]) * scale
    for x in range(len(trust)):
        if trust[x] <= NO_TRUST:
            share[x] = UNTRUSTED
        elif trust[x] < 1:
            share[x] *= np.float32(trust[x] ** (1 / 64))
    one = np.float32(1)
    for x in range(width):
        own, total = share[x], one + amplitude[x] * scale
        better = max(own, total)
        ratio = min(own, total) / better
        for _ in range(6):
            ratio *= ratio
        part = one / (one + ratio)
        share[x] = part if own >= total else ratio * part
        # log(1 + ratio) / 64 by the series of artanh, and its exponential
        u = ratio / (np.float32(2) + ratio)
        v = u * u
        series = one + v * (
            np.float32(1 / 3)
            + v * (np.float32(1 / 5) + v * (np.float32(1 / 7) + v / np.float32(9)))
        )
        z = np.float32(1 / 32) * u * series
        grown = better + better * z * (one + z * (np.float32(0.5) + z * np.float32(1 / 6)))
        amplitude[x] = (grown - one) / scale


def _weigh(
    evidence: Float32, trust: Float32, scale: np.float32, amplitude: Float32, first: int, last: int
) -> None:
    """Replace evidence (h, w) by shares in the rows from `first` to `last`."""
    for y in range(first, last):
        certain = trust[y] if len(trust) else trust[0:0, 0]
        _shares(evidence[y].copy(), certain, scale, amplitude[y], evidence[y])


def _select(
    band: Float32,
    evidence: Float32,
    trust: Float32,
    scale: np.float32,
    amplitude: Float32,
    mean: Float32,
) -> None:
    """Blend a level (h, w, C) into the mean so far."""
    h, w, channels = band.shape
    share = np.empty(w, np.float32)
    for y in range(h):
        certain = trust[y] if len(trust) else trust[0:0, 0]
        _shares(evidence[y], certain, scale, amplitude[y], share)
        for c in range(channels):
            for x in range(w):
                mean[y, x, c] += share[x] * (band[y, x, c] - mean[y, x, c])


def _take(
    frame: Float32,
    coarse: Float32,
    colour: Float32,
    energy: Float32,
    floor: np.float32,
    second: Float32,
    trust: Float32,
    scale: np.float32,
    amplitude: Float32,
    mean: Coded,
    colour_shares: Float32,
    colour_mean: Coded,
    step: np.float32,
    first: int,
    last: int,
) -> None:
    """Blend the finest band of a frame into the mean so far in the rows from `first` to `last`.

    frame (H, W, C), coarse (h, w, S) the signal and colour (h, w, 2) the colour differences at
    half the size, energy (H, W), second (h, w, 1), trust and amplitude (H, W), mean (H, W, S),
    colour_shares (h, w), colour_mean (H, W, 2). What is not there has no rows. The means are
    whole multiples of `step`, a power of two.
    """
    inverse = np.float32(1) / step
    most = np.float32(32767) if step > LEAST_STEP else np.float32(3e38)
    width = frame.shape[1]
    h, half = coarse.shape[:2]
    signals = coarse.shape[2]
    evidence, share = np.empty(width, np.float32), np.empty(width, np.float32)
    own, blurred = np.empty(width, np.float32), np.empty(width, np.float32)
    line = np.empty(half + 1, np.float32)
    for y in range(first, last):
        for x in range(width):
            evidence[x] = max(energy[y, x] - floor, np.float32(0))
        if len(second):
            _up(second, 0, y, line, blurred)
            for x in range(width):
                evidence[x] += SECOND_IN_FINEST * blurred[x]
        certain = trust[y] if len(trust) else trust[0:0, 0]
        _shares(evidence, certain, scale, amplitude[y], share)
        for c in range(signals):
            _signal(frame, y, c if signals == frame.shape[2] else -1, own)
            _up(coarse, c, y, line, blurred)
            for x in range(width):
                past = mean[y, x, c] * step
                now = past + share[x] * (own[x] - blurred[x] - past)
                mean[y, x, c] = np.rint(min(max(now * inverse, -most), most))
        if len(colour):
            i = y // 2
            other = min(i + 1, h - 1) if y % 2 else max(i - 1, 0)
            for x in range(half):
                near = np.float32(0.75) * colour_shares[i, x]
                line[x] = near + np.float32(0.25) * colour_shares[other, x]
            for x in range(width):
                j = x // 2
                k = min(j + 1, half - 1) if x % 2 else max(j - 1, 0)
                share[x] = np.float32(0.75) * line[j] + np.float32(0.25) * line[k]
            for c in range(2):
                _signal(frame, y, 3 + c, own)
                _up(colour, c, y, line, blurred)
                for x in range(width):
                    past = colour_mean[y, x, c] * step
                    now = past + share[x] * (own[x] - blurred[x] - past)
                    colour_mean[y, x, c] = np.rint(min(max(now * inverse, -most), most))


def _track(
    bits: NDArray[np.uint32],
    focus: Float32,
    frame: int,
    peak: NDArray[np.uint16],
    before: NDArray[np.uint16],
    after: NDArray[np.uint16],
    last: NDArray[np.uint16],
    index: NDArray[np.uint16],
    total: Float32,
) -> None:
    """Keep the largest measure, that before and that after it; all (H, W)."""
    for y in range(focus.shape[0]):
        for x in range(focus.shape[1]):
            code = np.uint16((bits[y, x] + np.uint32(0x8000)) >> np.uint32(16))
            if index[y, x] == frame - 1:
                after[y, x] = code
            if code > peak[y, x] or frame == 0:
                peak[y, x], before[y, x], after[y, x] = code, last[y, x], 0
                index[y, x] = frame
            last[y, x] = code
            total[y, x] += focus[y, x]


_IN1, _IN2, _IN3 = (read_only(np.float32, n) for n in (1, 2, 3))
_OUT2, _OUT3 = (writable(np.float32, n) for n in (2, 3))
_INT, _FLOAT = numba.types.int64, numba.types.float32

measure = lru_cache(
    lambda: compiled(_measure, _IN3, _IN3, _IN3, _IN1, _INT, _INT, _OUT2, _OUT2, _OUT2, _OUT2)
)
"""Returns the compiled :func:`_measure`; so do the following theirs."""


@lru_cache
def take(precise: bool) -> Callable[..., None]:
    """Return the compiled :func:`_take` for means stored as float32, else as int16."""
    mean = writable(np.float32 if precise else np.int16, 3)
    return compiled(
        _take, _IN3, _IN3, _IN3, _IN2, _FLOAT, _IN3, _IN2, _FLOAT, _OUT2, mean, _IN2, mean,
        _FLOAT, _INT, _INT,
    )  # fmt: skip


select = lru_cache(lambda: compiled(_select, _IN3, _IN2, _IN2, _FLOAT, _OUT2, _OUT3))
weigh = lru_cache(lambda: compiled(_weigh, _OUT2, _IN2, _FLOAT, _OUT2, _INT, _INT))
_CODES = writable(np.uint16, 2)
track = lru_cache(
    lambda: compiled(
        _track, read_only(np.uint32, 2), _IN2, _INT, _CODES, _CODES, _CODES, _CODES, _CODES, _OUT2
    )
)
