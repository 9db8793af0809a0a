"""Where compiled loops find a frame's pixels on the canvas: its lens's bend, then its matrix.

Import this module only when a stack is to be solved: loading the compiler takes a while.
"""

from __future__ import annotations

from focusstack.alignment.loops.arguments import BENDS
from focusstack.numeric.arrays import Floats, Matrix, Points
from focusstack.runtime.compiler import inlined, inner


@inlined
def straight(lens: Floats, bend: Floats, x: float, y: float) -> tuple[float, float]:
    """Where a pixel lies without the lens's bend.

    `lens` holds the picture's centre and the inverse square of its half diagonal.
    """
    dx, dy = x - lens[0], y - lens[1]
    r2 = (dx * dx + dy * dy) * lens[2]
    grown = r2 * (bend[0] + r2 * bend[1])
    return x + grown * dx, y + grown * dy


@inlined
def project(H: Matrix, x: float, y: float) -> tuple[float, float, float]:
    """Projected point and the inverse of its denominator."""
    w = 1.0 / (H[2, 0] * x + H[2, 1] * y + H[2, 2])
    u = (H[0, 0] * x + H[0, 1] * y + H[0, 2]) * w
    v = (H[1, 0] * x + H[1, 1] * y + H[1, 2]) * w
    return u, v, w


@inner
def slopes(H: Matrix, at: tuple[float, float, float], lens: Floats, p: Points, J: Floats) -> None:
    """Derivatives ``(BENDS, 2)`` of the projection ``at = (u, v, w)`` of pixel `p` by the bend."""
    u, v, w = at
    dx, dy = p[0] - lens[0], p[1] - lens[1]
    down = H[2, 0] * dx + H[2, 1] * dy
    across = (H[0, 0] * dx + H[0, 1] * dy - u * down) * w
    down = (H[1, 0] * dx + H[1, 1] * dy - v * down) * w
    r2 = (dx * dx + dy * dy) * lens[2]
    power = r2
    for b in range(BENDS):
        J[b, 0], J[b, 1] = power * across, power * down
        power *= r2
