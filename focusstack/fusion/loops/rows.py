"""The compiled operations on rows of pictures that fusion is made of.

Loops are written so that the compiler vectorises them: values beside each other, borders apart
from the inside, whatever is doubled or halved in pairs.

Import this module only when pixels are to be worked on: loading the compiler takes a while.
"""

from __future__ import annotations

import numpy as np

from focusstack.fusion.loops.arguments import Scaled, Values
from focusstack.fusion.loops.codes import Codes
from focusstack.images.colour import LUMA
from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import inlined, inner

RED, GREEN, BLUE = (np.float32(part) for part in LUMA)
"""Parts of the channels in the luma."""

OUTER, NEAR, MIDDLE = np.float32(1 / 16), np.float32(4 / 16), np.float32(6 / 16)
"""The binomial kernel that pyramids are made with."""

NONE = np.float32(0)
"""A sixth tap of it: values are taken in pairs, which the compiler reads side by side; a lone one
it would gather, in twice the time."""

MOST = np.int32(32767)
"""Largest code of 16 bits."""


@inlined
def nearest_code(value: np.float32) -> np.int32:
    """Return the whole number nearest to `value`, within 16 bits."""
    # Halves are rounded up; what lies beyond 16 bits is held at their end.
    code = np.int32(np.floor(value + np.float32(0.5)))
    code = code if code < MOST else MOST
    return code if code > -MOST else -MOST


@inlined
def reflected(i: int, n: int) -> int:
    """Return an index beyond an end of ``0..n-1`` mirrored at the last one."""
    if i < 0:
        i = -i  # -1 is 1
    if i >= n:
        i = 2 * n - 2 - i  # n is n - 2
    return max(i, 0)  # a single row mirrors itself


@inner
def luma_row(frame: Scaled, y: int, out: Float32) -> None:
    """Work out the luma of row `y` of a frame."""
    values, step = frame
    if values.shape[0] == 1:
        grey = values[0, y]
        for x in range(out.size):
            out[x] = np.float32(grey[x]) * step
        return
    red, green, blue = values[0, y], values[1, y], values[2, y]
    # The step is put into the weights: one product a channel instead of two.
    r, g, b = RED * step, GREEN * step, BLUE * step
    for x in range(out.size):
        out[x] = r * np.float32(red[x]) + g * np.float32(green[x]) + b * np.float32(blue[x])


@inner
def difference_row(frame: Scaled, y: int, which: int, luma: Float32, out: Float32) -> None:
    """Work out what red (`which` 0) or blue (1) of row `y` differ from the row's luma by."""
    values, step = frame
    colour = values[2 * which, y]
    for x in range(out.size):
        out[x] = np.float32(colour[x]) * step - luma[x]


@inner
def channel_row(frame: Scaled, y: int, channel: int, out: Float32) -> None:
    """Copy row `y` of one plane, as float32."""
    values, step = frame
    row = values[channel, y]
    for x in range(out.size):
        out[x] = np.float32(row[x]) * step


@inner
def _between(coarse: Float32, y: int, line: Float32) -> None:
    """Interpolate values of `coarse` ``(h, w)`` at the height of row `y` of twice its size."""
    h, w = coarse.shape
    i = y // 2
    after = min(i + 1, h - 1)
    here, below, above = coarse[i], coarse[after], coarse[i - 1 if i else after]
    # Of the kernel 1 4 6 4 1 over 8, an odd row meets the taps 4 4, an even one 1 6 1.
    half, eighth, most = np.float32(0.5), np.float32(0.125), np.float32(0.75)
    if y % 2:
        for x in range(w):
            line[x] = half * (here[x] + below[x])
    else:
        for x in range(w):
            line[x] = eighth * (above[x] + below[x]) + most * here[x]


@inner
def doubled_row(coarse: Float32, y: int, line: Float32, out: Float32) -> None:
    """Make row `y` of `coarse` ``(h, w)`` at twice the size, as ``cv2.pyrUp`` does.

    `line` has room for one value more than a row of `coarse`.
    """
    _between(coarse, y, line)
    w, width = coarse.shape[1], out.size
    line[w] = line[w - 1]  # beyond the end, the last one
    half, eighth, most = np.float32(0.5), np.float32(0.125), np.float32(0.75)
    # Before the start, the second one: 1 6 1 over 8 becomes 6 2.
    out[0] = np.float32(0.25) * line[min(1, w - 1)] + most * line[0]
    if width > 1:
        out[1] = half * (line[0] + line[1])
    before, after, to = line, line[2:], out[2:]
    here = line[1:]
    # In pairs: 1 6 1 over 8 on a value, 4 4 over 8 between two.
    for x in range((width - 2) // 2):
        to[2 * x] = eighth * (before[x] + after[x]) + most * here[x]
        to[2 * x + 1] = half * (here[x] + after[x])
    if width > 2 and width % 2:  # the last value of an odd width has no partner
        x = width // 2
        out[2 * x] = eighth * (line[x - 1] + line[x + 1]) + most * line[x]


@inner
def halved_row(row: Float32, out: Float32) -> None:
    """Bring `row` to half the size, as ``cv2.pyrDown`` does."""
    width = row.size
    inside = max((width - 4) // 2, 0)
    a, b, c, to = row, row[2:], row[4:], out[1:]
    # 1 4 6 4 1 over 16 around every second value that has two on either side.
    for i in range(inside):
        ends = OUTER * (a[2 * i] + c[2 * i]) + NONE * c[2 * i + 1]
        to[i] = ends + NEAR * (a[2 * i + 1] + b[2 * i + 1]) + MIDDLE * b[2 * i]
    # The first value, and those behind the inside: taps beyond the ends are mirrored.
    for k in range(out.size - inside):
        i = k + inside if k else 0
        ends = row[reflected(2 * i - 2, width)] + row[reflected(2 * i + 2, width)]
        near = row[reflected(2 * i - 1, width)] + row[reflected(2 * i + 1, width)]
        out[i] = OUTER * ends + NEAR * near + MIDDLE * row[2 * i]


@inner
def average_row(padded: Float32, taps: Float32, width: int, out: Float32) -> None:
    """Take the mean, weighted by `taps`, of a row of `width` whose ends are filled in here."""
    reach = taps.size // 2
    # The values lie in `padded` from `reach` on; before and behind them come their mirror images.
    for i in range(1, reach + 1):
        padded[reach - i] = padded[reach + reflected(i, width)]
        padded[reach + width - 1 + i] = padded[reach + reflected(width - 1 + i, width)]
    if taps.size == 7:  # the window of the finest level, in one go; taps mirror
        w0, w1, w2, w3 = taps[0], taps[1], taps[2], taps[3]
        for x in range(width):
            ends = w0 * (padded[x] + padded[x + 6]) + w1 * (padded[x + 1] + padded[x + 5])
            out[x] = ends + w2 * (padded[x + 2] + padded[x + 4]) + w3 * padded[x + 3]
        return
    _start(padded, padded[reach:], padded[2 * reach :], taps, out)
    for k in range(reach % 2, reach, 2):
        ends, near = (
            (padded[k:], padded[2 * reach - k :]),
            (padded[k + 1 :], padded[2 * reach - k - 1 :]),
        )
        _add_pairs(ends, near, taps[k], taps[k + 1], out)


@inner
def _start(first: Float32, middle: Float32, last: Float32, taps: Float32, out: Float32) -> None:
    """Put down what the middle one of the taps adds; if pairs are odd, the outer ones too."""
    reach = taps.size // 2
    centre, outer = taps[reach], taps[0]
    if reach % 2:
        for x in range(out.size):
            out[x] = centre * middle[x] + outer * (first[x] + last[x])
    else:
        for x in range(out.size):
            out[x] = centre * middle[x]


@inner
def _add_pairs(
    ends: tuple[Float32, Float32],
    near: tuple[Float32, Float32],
    outer: np.float32,
    inner_one: np.float32,
    out: Float32,
) -> None:
    """Add two pairs of rows, each of which shares a tap."""
    (a, d), (b, c) = ends, near
    for x in range(out.size):
        out[x] += outer * (a[x] + d[x]) + inner_one * (b[x] + c[x])


@inner
def average_down(ring: Float32, taps: Float32, y: int, height: int, out: Float32) -> None:
    """Take the mean, weighted by `taps`, of the rows around `y`, each in its place of the ring."""
    side, reach = taps.size, taps.size // 2
    if side == 7:
        a, b = ring[reflected(y - 3, height) % 7], ring[reflected(y - 2, height) % 7]
        c, d = ring[reflected(y - 1, height) % 7], ring[y % 7]
        e, f = ring[reflected(y + 1, height) % 7], ring[reflected(y + 2, height) % 7]
        g = ring[reflected(y + 3, height) % 7]
        w0, w1, w2, w3 = taps[0], taps[1], taps[2], taps[3]
        for x in range(out.size):
            ends = w0 * (a[x] + g[x]) + w1 * (b[x] + f[x])
            out[x] = ends + w2 * (c[x] + e[x]) + w3 * d[x]
        return
    rows = ring[reflected(y - reach, height) % side], ring[reflected(y + reach, height) % side]
    _start(rows[0], ring[y % side], rows[1], taps, out)
    for k in range(reach % 2, reach, 2):
        far, next_one = reach - k, reach - k - 1
        a, d = ring[reflected(y - far, height) % side], ring[reflected(y + far, height) % side]
        b = ring[reflected(y - next_one, height) % side]
        c = ring[reflected(y + next_one, height) % side]
        _add_pairs((a, d), (b, c), taps[k], taps[k + 1], out)


@inner
def code_row(values: Float32, codes: Codes) -> None:
    """Keep the upper halves of a row of energies; see :mod:`focusstack.fusion.loops.codes`."""
    bits = values.view(np.uint32)
    # Half of what is cut off is added first, so that the upper half is rounded.
    for x in range(codes.size):
        codes[x] = np.uint32(bits[x] + np.uint32(0x8000)) >> np.uint32(16)


@inner
def above_row(codes: Codes, floor: np.float32, out: Float32) -> None:
    """Work out by how much the energies of a row exceed `floor`."""
    bits = out.view(np.uint32)
    # A code is the upper half of a float32 whose lower half is 0.
    for x in range(codes.size):
        bits[x] = np.uint32(codes[x]) << np.uint32(16)
    for x in range(codes.size):
        above = out[x] - floor
        out[x] = above if above > 0 else np.float32(0)


@inner
def round_row(values: Float32, step: np.float32, out: Values) -> None:
    """Copy a row as whole multiples of `step`, or as it is if that is 0."""
    if step == 0:
        for x in range(out.size):
            out[x] = values[x]
        return
    inverse = np.float32(1) / step
    for x in range(out.size):
        out[x] = nearest_code(values[x] * inverse)


@inner
def keep_extremes(luma: Values, low: Values, high: Values) -> None:
    """Take every second pixel of a row and its two neighbours into the least and the most."""
    width, last = luma.size, low.size - 1
    # The two ends, whose neighbours may be missing.
    for i in range(0, last + 1, max(last, 1)):
        for x in range(max(2 * i - 1, 0), min(2 * i + 2, width)):
            low[i], high[i] = min(low[i], luma[x]), max(high[i], luma[x])
    after, here = luma[2:], luma[1:]
    inner_low, inner_high = low[1:], high[1:]
    # All between: pixel 2 (i + 1) and its neighbours begin at 2 i + 1.
    for i in range(last - 1):
        a, b, c = here[2 * i], after[2 * i], after[2 * i + 1]
        least, most = (a if a < b else b), (a if a > b else b)
        least, most = (c if c < least else least), (c if c > most else most)
        inner_low[i] = least if least < inner_low[i] else inner_low[i]
        inner_high[i] = most if most > inner_high[i] else inner_high[i]
