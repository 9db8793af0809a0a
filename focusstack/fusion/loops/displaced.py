"""The compiled loops that follow detail to where it is in another frame, and back.

Import this module only when pixels are to be worked on: loading the compiler takes a while.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.loops.arguments import Limits
from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import compiled, inlined, named, read_only, writable
from focusstack.runtime.once import once

Flags = NDArray[np.uint8]

SURE, SLIGHT, FAR = np.uint8(1), np.uint8(2), np.uint8(4)
"""Bits of a flag: detail is surely elsewhere, may be elsewhere, is far away."""


@inlined
def _seen(plane: Float32, y: int, x: int, v: np.float32, u: np.float32) -> np.float32:
    """Interpolate `plane` between (`y`, `x`) and the next ones, `v` down and `u` across."""
    over, under = plane[y], plane[min(y + 1, plane.shape[0] - 1)]
    z = min(x + 1, plane.shape[1] - 1)
    top = over[x] + u * (over[z] - over[x])
    bottom = under[x] + u * (under[z] - under[x])
    return np.float32(top + v * (bottom - top))


def _follow(
    way: Float32,
    back: Float32,
    own: Float32,
    other: Float32,
    limits: Limits,
    left: Float32,
    flags: Flags,
) -> None:
    """Follow every cell's detail of one frame to another; say how alike it is there.

    Parameters
    ----------
    way, back : (h, w, 2) float32 ndarray
        From the one to the other, and from that to the one.
    own, other : (4, h, w) float32 ndarray
        Luma, detail, fine and wide energy of both.
    limits : Limits
        What counts as displaced.
    left : (h, w) float32 ndarray
        Receives the squared difference of luma; its own where the way leads out of the frame.
    flags : (h, w) uint8 ndarray
        Receives bits.
    """
    height, width = left.shape
    for y in range(height):
        for x in range(width):
            dx, dy = way[y, x, 0], way[y, x, 1]
            far = np.sqrt(dx * dx + dy * dy)
            bits = SLIGHT if far > limits.least_shift else np.uint8(0)
            to_x, to_y = np.float32(x) + dx, np.float32(y) + dy
            inside = to_x >= 0 and to_y >= 0 and to_x <= width - 1 and to_y <= height - 1
            luma = own[0, y, x]
            if not inside:  # nothing is explained
                left[y, x], flags[y, x] = luma * luma, bits
                continue
            i, j = int(to_y), int(to_x)
            v, u = to_y - np.float32(i), to_x - np.float32(j)
            apart = luma - _seen(other[0], i, j, v, u)
            left[y, x] = apart * apart
            if far <= limits.alike_shift and far <= limits.far_shift:  # as nearly everywhere
                flags[y, x] = bits
                continue
            ex = dx + _seen(back[:, :, 0], i, j, v, u)
            ey = dy + _seen(back[:, :, 1], i, j, v, u)
            # There and back again, the ways must cancel.
            astray = np.sqrt(ex * ex + ey * ey)
            returned = astray < limits.astray + limits.astray_part * far
            # Detail must be of about the same strength in both, and more than noise.
            here, there = own[1, y, x], _seen(other[1], i, j, v, u)
            weak, strong = min(here, there), max(here, there)
            sure = (
                returned and weak > limits.equally_sharp * strong and strong > limits.least_detail
            )
            if sure:
                # Sharp in both frames: much of the energy is finer than the grid.
                fine = own[2, y, x] > limits.in_focus * here * here
                fine = fine and _seen(other[2], i, j, v, u) > limits.in_focus * there * there
                # About equally sharp: else an edge that widens would look displaced.
                a = own[3, y, x] + limits.least_energy
                b = _seen(other[3], i, j, v, u) + limits.least_energy
                alike = a * limits.alike < b and b * limits.alike < a
                sharp = fine and alike and far > limits.alike_shift
                sure = sharp or (far > limits.far_shift and weak > limits.equally_blurred * strong)
            bits |= SURE if sure else np.uint8(0)
            bits |= FAR if far > limits.far_shift else np.uint8(0)
            flags[y, x] = bits


_IN3 = read_only(np.float32, 3)
_ARGUMENTS = (
    *(_IN3, _IN3, _IN3, _IN3, named(Limits, *([numba.types.float32] * len(Limits._fields)))),
    *(writable(np.float32, 2), writable(np.uint8, 2)),
)

follow = once(lambda: compiled(_follow, *_ARGUMENTS))
"""Returns the compiled :func:`_follow`."""
