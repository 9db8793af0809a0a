"""The compiled loops that interpolate a displacement field.

Import this module only when positions are to be worked on: loading the compiler takes a while.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from focusstack.numeric.arrays import Floats, Points
from focusstack.runtime.compiler import compiled as compiled_for
from focusstack.runtime.compiler import inlined, read_only, writable
from focusstack.runtime.once import once


@once
def interpolation() -> Callable[..., None]:
    """Return `interpolate`, compiled."""
    nodes, points = read_only(np.float64, 3), read_only(np.float64, 2)
    return compiled_for(
        interpolate, nodes, read_only(np.float64, 1), points, writable(np.float64, 2)
    )


@inlined
def cell_of(position: float, cells: int) -> tuple[int, float, float, float, float]:
    """Cell of a grid coordinate and its four Catmull-Rom weights."""
    position = min(max(position, 0.0), float(cells))
    cell = min(int(position), cells - 1)
    t = position - cell
    a = t * (-0.5 + t * (1.0 - 0.5 * t))
    b = 1.0 + t * t * (-2.5 + 1.5 * t)
    c = t * (0.5 + t * (2.0 - 1.5 * t))
    d = t * t * (-0.5 + 0.5 * t)
    return cell, a, b, c, d


def interpolate(nodes: Floats, scale: Floats, points: Points, out: Floats) -> None:
    """Displacement ``(N, 2)`` at reference points; `nodes` has one ghost all round."""
    rows, cols = nodes.shape[0] - 3, nodes.shape[1] - 3
    for n in range(points.shape[0]):
        q, a, b, c, d = cell_of(points[n, 0] * scale[0], cols)
        r, e, f, g, h = cell_of(points[n, 1] * scale[1], rows)
        for k in range(2):
            total = 0.0
            for i, down in enumerate((e, f, g, h)):
                line = nodes[r + i]
                near = b * line[q + 1, k] + c * line[q + 2, k]
                total += down * (a * line[q, k] + near + d * line[q + 3, k])
            out[n, k] = total
