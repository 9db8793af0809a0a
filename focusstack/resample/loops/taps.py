"""Taps for eight neighbouring pixels at once: six by six, or six in a line.

The loops that these stand for are not vectorised by the compiler wherever a run of pixels is short,
as it is wherever the frame is zoomed or displaced; so the vector operations are spelled out.

Their arguments stay positional: an intrinsic addresses each array by its place among them.

Import this module only when a picture is to be resampled: loading the compiler takes a while.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numba
from llvmlite import ir
from numba.extending import intrinsic

from focusstack.resample.loops.sizes import LANES

_ADD = ("contract",)
"""A product may be fused into a sum; nothing is reordered, as everywhere."""


def _sum(builder: Any, terms: list[tuple[Any, Any]]) -> Any:
    """Sum of products of vectors, from the first to the last."""
    total = None
    for a, b in terms:
        product = builder.fmul(a, b, flags=_ADD)
        total = product if total is None else builder.fadd(total, product, flags=_ADD)
    return total


class _Vectors:
    """Loads and stores of eight neighbouring values of arrays that are arguments."""

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        self.builder, self._arguments = builder, arguments
        self._data = {
            i: context.make_array(kind)(context, builder, arguments[i]).data
            for i, kind in enumerate(signature.args)
            if isinstance(kind, numba.types.Array)
        }
        self._integer = arguments[1].type
        self._vector = ir.VectorType(ir.FloatType(), LANES).as_pointer()

    def times(self, value: Any, factor: int) -> Any:
        return self.builder.mul(value, ir.Constant(self._integer, factor))

    def constant(self, value: int) -> Any:
        return ir.Constant(self._integer, value)

    def _address(self, array: int, index: tuple[Any, ...]) -> Any:
        place = index[0]
        for more in index[1:]:
            place = self.builder.add(place, more)
        return self.builder.bitcast(self.builder.gep(self._data[array], [place]), self._vector)

    def load(self, array: int, *index: Any) -> Any:
        value = self.builder.load(self._address(array, index))
        value.align = 4
        return value

    def store(self, value: Any, array: int, *index: Any) -> None:
        stored = self.builder.store(value, self._address(array, index))
        stored.align = 4


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
        on = _Vectors(context, builder, signature, arguments)
        _, at, stride, _, _, first, room, _, to = arguments
        across = [on.load(3, first, on.times(room, k)) for k in range(6)]
        lines = []
        for k in range(6):
            row = builder.add(at, on.times(stride, k))
            values = [on.load(0, row, on.constant(n)) for n in range(6)]
            line = _sum(builder, list(zip(across, values, strict=True)))
            lines.append((on.load(4, first, on.times(room, k)), line))
        halves = _sum(builder, lines[:3]), _sum(builder, lines[3:])
        on.store(builder.fadd(*halves, flags=_ADD), 7, to)
        return context.get_dummy_value()

    return signature, generate


def _sum_line(channels: int) -> Callable[..., Any]:
    """Make `sum_line` for so many planes."""

    def typed(
        typing: Any,  # noqa: ARG001
        values: Any,
        at: Any,
        step: Any,
        plane: Any,
        w: Any,
        first: Any,
        room: Any,
        out: Any,
        to: Any,
        out_plane: Any,
    ) -> Any:
        signature = numba.types.void(values, at, step, plane, w, first, room, out, to, out_plane)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            on = _Vectors(context, builder, signature, arguments)
            _, at, step, plane, _, first, room, _, to, out_plane = arguments
            weights = [on.load(4, first, on.times(room, k)) for k in range(6)]
            for c in range(channels):
                start = builder.add(at, on.times(plane, c))
                taps = [(weights[k], on.load(0, start, on.times(step, k))) for k in range(6)]
                halves = _sum(builder, taps[:3]), _sum(builder, taps[3:])
                on.store(builder.fadd(*halves, flags=_ADD), 7, to, on.times(out_plane, c))
            return context.get_dummy_value()

        return signature, generate

    return typed


sum_taps = cast("Callable[..., None]", intrinsic(_sum_taps))
"""Compiled code calls this; see `_sum_taps`."""

sum_line = cast("Callable[..., None]", intrinsic(_sum_line(1)))
"""Put sums over six values, `step` apart, into eight places of `out` from `to` on.

The first value of the first pixel is at `at` of `values`; its weights are at `first` of each sixth
of `w`, which are `room` apart."""

sum_lines = cast("Callable[..., None]", intrinsic(_sum_line(3)))
"""Put such sums for three planes, `plane` apart in `values` and `out_plane` in `out`."""
