"""Smooth displacement over the reference canvas, and its value at any point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from focusstack.numeric.arrays import Float32, Floats, Points


@dataclass(frozen=True)
class Field:
    """A smooth local displacement over the reference canvas.

    Node ``(i, j)`` lies at reference pixel ``(j * (canvas_width - 1) / (cols - 1),
    i * (canvas_height - 1) / (rows - 1))``. Between nodes the displacement is Catmull-Rom cubic
    in x and y: continuous in slope, exact at the nodes and for fields linear in x and y. Beyond
    the canvas it keeps the value at the edge.

    Attributes
    ----------
    grid : (rows, cols, 2) float32 ndarray
        Displacement ``(x, y)`` in reference pixels; at least two nodes along each axis.
    canvas_width, canvas_height : int
        Size of the reference frame.
    """

    grid: Float32
    canvas_width: int
    canvas_height: int

    def __post_init__(self) -> None:
        shape = self.grid.shape
        if len(shape) != 3 or shape[2] != 2 or min(shape[:2]) < 2:
            raise ValueError(f"a field needs a grid (rows >= 2, cols >= 2, 2), not {shape}")

    def reduced(self, scale: float, width: int, height: int) -> Field:
        """Return the field of a canvas resized by `scale` to `width` x `height`."""
        return Field(self.grid * np.float32(scale), width, height)

    def at(self, points: Points) -> Points:
        """Displacement ``(N, 2)`` at reference points ``(N, 2)``, as `resample` interpolates it."""
        # Loads the compiler, which takes a while.
        from focusstack.geometry.loops.field import interpolation

        out = np.empty((len(points), 2))
        interpolation()(*self.nodes, np.ascontiguousarray(points, float), out)
        return out

    @cached_property
    def nodes(self) -> tuple[Floats, Floats]:
        """Grid with ghost nodes extrapolated linearly all round, and cells per reference pixel."""
        rows, cols = self.grid.shape[:2]
        padded = np.pad(
            self.grid.astype(float), ((1, 1), (1, 1), (0, 0)), mode="reflect", reflect_type="odd"
        )
        extent = np.array([max(self.canvas_width - 1, 1), max(self.canvas_height - 1, 1)])
        return np.ascontiguousarray(padded), np.array([cols - 1, rows - 1]) / extent


Fields: TypeAlias = Callable[[int], Field | None]
"""What is displaced of each frame index; None where nothing is."""


def undisplaced(_: int) -> Field | None:
    """Nothing is displaced, of any frame.

    Examples
    --------
    >>> undisplaced(3) is None
    True
    """
    return None
