"""The compiled loops that make a frame small: table, mean over area and clipping in one go.

A frame is read once, row by row, and nothing of its size is written; with arrays between the steps
the same takes five times as long.

Import this module only when a frame is to be reduced: loading the compiler takes a while.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from focusstack.numeric.arrays import Float32, Image
from focusstack.runtime.compiler import compiled, inlined, inner, read_only, writable
from focusstack.runtime.once import once

NEARLY = 1e-6
"""Less of a pixel than this is rounding, not area."""


@inner
def _add_brightest(row: Image, brightest: Image) -> None:
    """Keep the greatest code of each channel and column, channels interleaved."""
    codes = row.reshape(-1)
    for x in range(codes.size):
        brightest[x] = max(brightest[x], codes[x])


@inner
def _weights(width: int, count: int) -> tuple[NDArray[np.uint64], Float32]:
    """First pixel beneath each of `count` results, and the share of it and each that follows.

    Shares ``(count, taps)`` of a result sum to one; no tap lies outside.
    """
    step = width / count
    taps = min(max(2, int(np.ceil(step - NEARLY)) + (width % count > 0)), width)
    first = np.empty(count, np.uint64)  # the compiler need not expect negative ones
    weights = np.zeros((count, taps), np.float32)
    for j in range(count):
        left, right = j * step, min((j + 1) * step, float(width))
        first[j] = min(int(left + NEARLY), width - taps)
        for k in range(taps):
            x = first[j] + k
            share = min(x + 1.0, right) - max(float(x), left)
            if share > NEARLY:
                weights[j, k] = share / step
    return first, weights


@inlined
def _mixed(
    codes: Image,
    table: Float32,
    first: NDArray[np.uint64],
    weights: Float32,
    taps: int,
    out: Float32,
) -> None:
    """Mean light ``(3, w)`` of the pixels of a row: one look at each for all channels."""
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)
    reds, greens, blues = table[0], table[1], table[2]
    for j in range(out.shape[1]):
        at = three * first[j]
        red = green = blue = np.float32(0)
        for k in range(taps):
            w = weights[j, k]
            red += w * reds[codes[at]]
            green += w * greens[codes[at + one]]
            blue += w * blues[codes[at + two]]
            at += three
        out[0, j], out[1, j], out[2, j] = red, green, blue


@inner
def _along(
    codes: Image, table: Float32, first: NDArray[np.uint64], weights: Float32, out: Float32
) -> None:
    """Mean light ``(C, w)`` of the pixels of a row, channels interleaved, beneath each result."""
    taps, channels = weights.shape[1], np.uint64(out.shape[0])
    if channels == 3:
        if taps == 2:  # a number that is known when this is compiled saves a quarter of the time
            _mixed(codes, table, first, weights, 2, out)
        elif taps == 3:
            _mixed(codes, table, first, weights, 3, out)
        else:
            _mixed(codes, table, first, weights, taps, out)
        return
    for c in range(channels):
        values, line = table[c], out[c]
        for j in range(out.shape[1]):
            at = channels * first[j] + c
            total = np.float32(0)
            for k in range(taps):
                total += weights[j, k] * values[codes[at]]
                at += channels
            line[j] = total


@inner
def _reaches(
    codes: Image,
    limit: int,
    first: NDArray[np.uint64],
    weights: Float32,
    hits: Image,
    out: Image,
) -> None:
    """Whether any code beneath each result reaches `limit`; `hits` has room for a row's pixels."""
    found = codes[0]
    for x in range(codes.size):
        found = max(found, codes[x])
    for j in range(out.size):
        out[j] = 0
    if found < limit:
        return
    channels = codes.size // hits.size
    for x in range(hits.size):
        hits[x] = 0
    for c in range(channels):
        some = codes[c:]
        for x in range(hits.size):
            hits[x] |= np.uint8(some[x * channels] >= limit)
    for j in range(out.size):
        for k in range(weights.shape[1]):
            if weights[j, k] > 0:
                out[j] |= hits[first[j] + np.uint64(k)]


def _reduce(image: Image, table: Float32, limit: int, light: Float32, clipped: Image) -> None:
    height, width, channels = image.shape
    rows, columns = clipped.shape
    first, across = _weights(width, columns)
    top, down = _weights(height, rows)
    line = np.empty((channels, columns), np.float32)
    brightest, hits = np.empty(width * channels, image.dtype), np.empty(width, np.uint8)
    done = -1
    for i in range(rows):
        for x in range(brightest.size):
            brightest[x] = 0
        for c in range(channels):
            for j in range(columns):
                light[c, i, j] = 0
        for k in range(down.shape[1]):
            y, share = top[i] + k, down[i, k]
            if share == 0:
                continue
            if y != done:  # the row between two results is kept
                _along(image[y].reshape(-1), table, first, across, line)
                done = y
            for c in range(channels):
                into, values = light[c, i], line[c]
                for j in range(columns):
                    into[j] += share * values[j]
            _add_brightest(image[y], brightest)
        _reaches(brightest, limit, first, across, hits, clipped[i])


@once
def _loops(dtype: np.dtype[np.generic]):  # type: ignore[no-untyped-def]
    return compiled(
        _reduce,
        read_only(dtype, 3),
        read_only(np.float32, 2),
        numba.types.int64,
        writable(np.float32, 3),
        writable(np.uint8, 2),
    )


def reduce_light(
    image: Image, table: Float32, limit: int, size: tuple[int, int]
) -> tuple[Float32, Image]:
    """Mean light over the area of every pixel of a smaller picture.

    Parameters
    ----------
    image : (H, W[, C]) uint8 or uint16 ndarray
        Not modified.
    table : (1 or C, codes) float32 ndarray
        Linear light of each code.
    limit : int
        Code from which on a channel counts as clipped.
    size : tuple of int
        Width and height of the result, at most those of the image.

    Returns
    -------
    light : (C, h, w) float32 ndarray
    clipped : (h, w) uint8 ndarray
        1 where any channel is clipped in any of the pixels beneath.
    """
    planes = np.ascontiguousarray(image if image.ndim == 3 else image[..., None])
    width, height = size
    channels = planes.shape[2]
    light = np.empty((channels, height, width), np.float32)
    clipped = np.empty((height, width), np.uint8)
    each = np.broadcast_to(table[:channels], (channels, table.shape[1]))
    _loops(planes.dtype)(planes, np.ascontiguousarray(each), limit, light, clipped)
    return light, clipped
