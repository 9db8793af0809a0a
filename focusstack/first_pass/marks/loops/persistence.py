"""The compiled loop that adds up what stays at one place of the sensor, frame by frame.

Import this module only when a stack is measured: loading the compiler takes a while.
"""

from __future__ import annotations

import numpy as np

from focusstack.frames.proxies.loops.bands import Codes
from focusstack.numeric.arrays import Float32
from focusstack.runtime.compiler import compiled, read_only, writable
from focusstack.runtime.once import once


def _add(
    codes: Codes, luma: Float32, step: float, floor: float, least: float, sums: Float32
) -> None:
    steps, dark, limit = np.float32(step), np.float32(floor), np.float32(least)
    for y in range(codes.shape[0]):
        row, light = codes[y], luma[y]
        total, square, alike, whole = sums[0, y], sums[1, y], sums[2, y], sums[3, y]
        for x in range(row.size):
            detail = np.float32(row[x]) * steps
            # As a share of the light: the same in all frames, whatever their exposure. What is
            # darker than its surroundings is a share of theirs.
            around = light[x] - min(detail, np.float32(0))
            value = detail / (around + dark)
            total[x] += value
            whole[x] += light[x]
            square[x] += value * value
            # Bright marks count up, dark ones down.
            sign = np.float32(1) if value > limit else np.float32(0)
            alike[x] += sign - (np.float32(1) if value < -limit else np.float32(0))


_loop = once(
    lambda: compiled(
        _add,
        read_only(np.int16, 2),
        read_only(np.float32, 2),
        *3 * (_float64(),),
        writable(np.float32, 3),
    )
)


def _float64() -> object:
    import numba

    return numba.types.float64


def add_frame(
    codes: Codes, luma: Float32, sums: Float32, *, step: float, floor: float, least: float
) -> None:
    """Add a frame's detail to the sums at each place of the sensor.

    Parameters
    ----------
    codes : (H, W) int16 ndarray
        Band-passed linear luma.
    luma : (H, W) float32 ndarray
        Linear luma.
    sums : (4, H, W) float32 ndarray
        Sum of the detail as a share of the light, sum of its squares, how many more frames are
        brighter than `least` than darker, and sum of the light; added to.
    step : float
        Light of one code.
    floor : float
        Light that is added to the luma: in the dark, noise is no detail.
    least : float
        Share of the light from which on a frame counts.
    """
    _loop()(np.ascontiguousarray(codes), np.ascontiguousarray(luma), step, floor, least, sums)
