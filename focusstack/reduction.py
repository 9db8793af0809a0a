"""The compiled loops that make a frame small: table, mean over area and clipping in one go.

A frame is read once, row by row, and nothing of its size is written; with arrays between the steps
the same takes five times as long.

Import this module only when a frame is to be reduced: loading the compiler takes a while.
"""

from __future__ import annotations

from functools import lru_cache

import numba
import numpy as np

from focusstack.compiler import compiled, inner, read_only, writable
from focusstack.typing import Float32, Image, Indices

NEARLY = 1e-6
"""Less of a pixel than this is rounding, not area."""


@inner
def _add_row(row: Image, table: Float32, sums: Float32) -> None:
    """Add a row's light to the sums ``(C, W)`` of its columns."""
    if sums.shape[0] == 3:  # one look at each pixel for all three
        red, green, blue = table[0], table[1], table[2]
        first, second, third = sums[0], sums[1], sums[2]
        for x in range(row.shape[0]):
            first[x] += red[row[x, 0]]
            second[x] += green[row[x, 1]]
            third[x] += blue[row[x, 2]]
        return
    for c in range(sums.shape[0]):
        values, line = table[c], sums[c]
        for x in range(row.shape[0]):
            line[x] += values[row[x, c]]


@inner
def _share_row(row: Image, table: Float32, share: float, sums: Float32, rest: Float32) -> None:
    """Add `share` of a row's light to the sums; the rest begins the next ones."""
    here, there = np.float32(share), np.float32(1 - share)
    for c in range(sums.shape[0]):
        values, line, following = table[c], sums[c], rest[c]
        for x in range(row.shape[0]):
            light = values[row[x, c]]
            line[x] += here * light
            following[x] = there * light


@inner
def _add_brightest(row: Image, brightest: Image) -> None:
    """Keep the greatest code of each channel and column, channels interleaved."""
    codes = row.reshape(-1)
    for x in range(codes.size):
        brightest[x] = max(brightest[x], codes[x])


@inner
def _weights(width: int, count: int, scale: float) -> tuple[Indices, Float32]:
    """First pixel, and how much of it and each that follows, lies beneath each of `count` results.

    Weights ``(count, taps)`` are multiplied by `scale`.
    """
    step = width / count
    first = np.empty(count, np.int64)
    weights = np.zeros((count, max(4, int(np.ceil(step)) + 1)), np.float32)
    for j in range(count):
        left, right = j * step, min((j + 1) * step, float(width))
        first[j] = int(left + NEARLY)
        for k in range(weights.shape[1]):
            x = first[j] + k
            share = min(x + 1.0, right) - max(float(x), left)
            if share > NEARLY:
                weights[j, k] = share * scale
    return first, weights


@inner
def _gather(line: Float32, first: Indices, weights: Float32, whole: int, out: Float32) -> None:
    """Weighted sums of the pixels beneath each result; `line` goes on beyond its last pixel.

    `whole` is how many there are, if that is a whole number, else 0.
    """
    if whole == 2:
        share = weights[0, 0]
        for j in range(out.size):
            out[j] = share * (line[2 * j] + line[2 * j + 1])
        return
    if weights.shape[1] == 4:  # by up to three, as from 24 megapixels
        for j in range(out.size):
            at, w = first[j], weights[j]
            left = w[0] * line[at] + w[1] * line[at + 1]
            out[j] = left + (w[2] * line[at + 2] + w[3] * line[at + 3])
        return
    for j in range(out.size):
        at = first[j]
        total = np.float32(0)
        for k in range(weights.shape[1]):
            total += weights[j, k] * line[at + k]
        out[j] = total


@inner
def _reaches(
    codes: Image, limit: int, channels: int, first: Indices, weights: Float32, out: Image
) -> None:
    """Whether any code beneath each result reaches `limit`."""
    found = codes[0] * 0
    for x in range(codes.size):
        found = max(found, codes[x])
    out[:] = 0
    if found < limit:
        return
    for j in range(out.size):
        for k in range(weights.shape[1]):
            if weights[j, k] > 0:
                for c in range(channels):
                    out[j] |= np.uint8(codes[(first[j] + k) * channels + c] >= limit)


def _reduce(image: Image, table: Float32, limit: int, light: Float32, clipped: Image) -> None:
    height, width, channels = image.shape
    rows, columns = clipped.shape
    down = height / rows
    first, weights = _weights(width, columns, 1 / down / (width / columns))
    whole = width // columns if width % columns == 0 else 0
    room = width + weights.shape[1]
    sums, rest = np.zeros((channels, room), np.float32), np.zeros((channels, room), np.float32)
    brightest = np.zeros(room * channels, image.dtype)
    begin = 0
    for i in range(rows):
        end = min(int((i + 1) * down + NEARLY), height)
        for y in range(begin, end):
            _add_row(image[y], table, sums)
            _add_brightest(image[y], brightest)
        share = (i + 1) * down - end
        shared = share > NEARLY and end < height
        if shared:
            _share_row(image[end], table, share, sums, rest)
            _add_brightest(image[end], brightest)
        for c in range(channels):
            _gather(sums[c], first, weights, whole, light[c, i])
        _reaches(brightest, limit, channels, first, weights, clipped[i])
        begin = end
        sums[:], rest[:], brightest[:] = rest, 0, 0
        if shared:
            _add_brightest(image[end], brightest)
            begin = end + 1


@lru_cache
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
