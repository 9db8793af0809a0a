"""Six by six taps for eight neighbouring pixels at once.

The loop that this stands for is not vectorised by the compiler wherever a run of pixels is short,
as it is wherever the frame is zoomed or displaced; so the vector operations are spelled out.

Import this module only when a picture is to be resampled: loading the compiler takes a while.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numba
from llvmlite import ir
from numba.extending import intrinsic

LANES = 8
"""Pixels computed at once; so many more may be read and written behind the last one."""

_ADD = ("contract",)
"""A product may be fused into a sum; nothing is reordered, as everywhere."""


def _sum(builder: Any, terms: list[tuple[Any, Any]]) -> Any:
    """Sum of products of vectors, from the first to the last."""
    total = None
    for a, b in terms:
        product = builder.fmul(a, b, flags=_ADD)
        total = product if total is None else builder.fadd(total, product, flags=_ADD)
    return total


def _sum_taps(
    typing: Any,  # noqa: ARG001
    tile: Any,
    at: Any,
    stride: Any,
    wx: Any,
    wy: Any,
    first: Any,
    room: Any,
    out: Any,
    to: Any,
) -> Any:
    """Put sums over six by six values of a tile into eight places of `out` from `to` on.

    Parameters
    ----------
    tile : (N,) float32 ndarray
        Rows of `stride` values; that of the first tap of the first pixel is at `at`.
    wx, wy : (6 * room,) float32 ndarray
        Weights of the taps across and down; those of the first pixel are at `first` of each
        sixth.
    """
    signature = numba.types.void(tile, at, stride, wx, wy, first, room, out, to)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(ir.FloatType(), LANES).as_pointer()
        integer = arguments[1].type

        def address(array: int, *index: Any) -> Any:
            data = context.make_array(signature.args[array])(context, builder, arguments[array])
            place = index[0]
            for more in index[1:]:
                place = builder.add(place, more)
            return builder.bitcast(builder.gep(data.data, [place]), vector)

        def load(array: int, *index: Any) -> Any:
            value = builder.load(address(array, *index))
            value.align = 4
            return value

        def times(value: Any, factor: int) -> Any:
            return builder.mul(value, ir.Constant(integer, factor))

        _, at, stride, _, _, first, room, _, to = arguments
        across = [load(3, first, times(room, k)) for k in range(6)]
        lines = []
        for k in range(6):
            row = builder.add(at, times(stride, k))
            values = [load(0, row, ir.Constant(integer, n)) for n in range(6)]
            line = _sum(builder, list(zip(across, values, strict=True)))
            lines.append((load(4, first, times(room, k)), line))
        halves = _sum(builder, lines[:3]), _sum(builder, lines[3:])
        stored = builder.store(builder.fadd(*halves, flags=_ADD), address(7, to))
        stored.align = 4
        return context.get_dummy_value()

    return signature, generate


sum_taps = cast("Callable[..., None]", intrinsic(_sum_taps))
"""Compiled code calls this; see `_sum_taps`."""
