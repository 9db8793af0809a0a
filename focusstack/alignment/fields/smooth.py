"""Local displacement: what no matrix explains.

A hand also moves sideways, and near things then shift against far ones; leaves move in the wind.
Tiles measured on many pairs say by how much, and all frames' smooth displacement fields are solved
together: between two frames the difference of their fields must equal the measured shift. The
field is added to the matrix inside the same single warp, and only where held-out tiles prove it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from focusstack.alignment.fields.fallback import standing_in
from focusstack.alignment.fields.grid import (
    NODE_PX,
    SIZE_SIGMA,
    SLOPE_SIGMAS,
    Equations,
    Grid,
    grid_shape,
)
from focusstack.alignment.quality.held_out import HeldOut
from focusstack.alignment.tiles.measure import Round, measure_pairs
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.geometry.field import Field
from focusstack.numeric.arrays import Floats
from focusstack.runtime.threads import SideBySide, side_by_side

ROUNDS = (
    (Round(0.25, 1.0, 6.0, 48), 2 * NODE_PX),
    (Round(0.5, 1.0, 6.0, 48), NODE_PX),
    (Round(1, 1.0, 6.0, 64), NODE_PX),
    (Round(1, 1.0, 6.0, 48), NODE_PX),
)
"""How tiles are measured, and the distance of nodes in proxy pixels, coarse to fine: the first
round sees ten pixels, the last resolves what the nodes can hold (``python -m
benchmarks.alignment``)."""

PROVEN_SHARE, SHARED_SHARE, ADDED_SHARE = 0.65, 0.85, 0.94
"""A field must bring the held-out residual below the first share of the matrix's, or below the
second if nearly all pairs gain: the growth of blurred edges, which a field can follow too, helps
some and harms others. Where parallax is proven, what it leaves may be followed for the third.
Rendered stacks without displacement keep 0.96 and more, and at most 0.76 of their pairs gain; with
thin stems, which hide what is behind them, 0.93, and nearly all pairs gain
(``python -m benchmarks.alignment``)."""

LEAST_SCALE = 0.5
"""Scale of the coarsest tiles that stand in for finer ones: larger ones see many depths at once
(``python -m benchmarks.alignment``, *parallax, layers*)."""

HOPELESS_SHARE = 1.05
"""Fields that leave more than this share before the last round will not be proven by it: saves that
round (``python -m benchmarks.speed``)."""


@dataclass(frozen=True)
class Local:
    """Displacement fields of all frames.

    Attributes
    ----------
    fields : (n, rows, columns, 2) float64 ndarray
        In proxy pixels; zero for the reference and for frames left out.
    held_out : HeldOut
        What tiles that the fit has not seen say, proxy pixels.
    """

    fields: Floats
    held_out: HeldOut

    @property
    def proven(self) -> bool:
        """Whether tiles held out of the fit confirm the fields."""
        return self.held_out.share < PROVEN_SHARE or self.held_out.shared(SHARED_SHARE)

    @property
    def adds(self) -> bool:
        """Whether they do so where parallax is proven and leaves little to be followed."""
        return self.proven or self.held_out.shared(ADDED_SHARE)


def with_nodes(fields: Floats, rows: int, columns: int) -> Floats:
    """Tell fields by other nodes: linear between theirs, corners on corners."""
    for axis, count in ((1, rows), (2, columns)):
        before = fields.shape[axis]
        at = np.linspace(0, before - 1, count)
        low = np.minimum(at.astype(int), before - 2)
        share = (at - low).reshape(-1, *[1] * (3 - axis))
        fields = fields.take(low, axis) * (1 - share) + fields.take(low + 1, axis) * share
    return fields


def find_fields(
    series: Series,
    poses: Poses,
    with_parallax: Callable[[int, Field], Field | None] = lambda index, field: field,  # noqa: ARG005
    largest: float = SIZE_SIGMA,
) -> Local:
    """Measure and solve the local displacement of all frames, coarse to fine.

    Parameters
    ----------
    series, poses
        The frames and where they lie.
    with_parallax : callable, optional
        Adds what is known already to a frame's smooth field.
    largest : float, optional
        How large fields may be where no tile tells, proxy pixels.
    """
    with side_by_side(series.threads) as both:
        return _found(series, poses, with_parallax, largest, both)


def _found(
    series: Series,
    poses: Poses,
    with_parallax: Callable[[int, Field], Field | None],
    largest: float,
    both: SideBySide,
) -> Local:
    """What `find_fields` returns."""
    size, count = series.size, len(poses.matrices)
    fields = np.zeros((count, *grid_shape(*size), 2))
    local = Local(fields, HeldOut(1.0, 1.0, 0.0, 1.0))
    slopes: Sequence[float] = SLOPE_SIGMAS
    coarser: tuple[Grid, Equations] | None = None
    for how, node_px in ROUNDS:
        shape = grid_shape(*size, node_px)
        grid = Grid(*shape, size, count, series.reference, both, largest=largest)
        fields = with_nodes(fields, grid.rows, grid.columns)

        def place(index: int, fields: Floats = fields) -> Field | None:
            return with_parallax(index, Field(fields[index].astype(np.float32), *size))

        fresh = grid.equations(measure_pairs(series, poses, how, place), fields)
        series.advance()
        if fresh is None:
            break
        equations = fresh
        if coarser is not None:
            more = standing_in(coarser, (grid, fresh), how.tile / how.scale / 2)
            equations = Equations.joined([fresh, more])
        if how.scale < 1:
            fields = grid.solve(equations, fields)
        else:
            stiff, foretold = grid.stiffest(equations, fields, slopes)
            slopes = slopes[slopes.index(stiff.slope) :]
            fields = stiff.solve(equations, fields)
            found = Local(fields, stiff.held_out(fresh, foretold[: len(fresh.target)]))
            # What larger tiles prove stands where smaller ones see too little.
            local = found if found.proven or not local.proven else local
            if found.held_out.share > HOPELESS_SHARE:
                break
        coarser = (grid, equations) if how.scale >= LEAST_SCALE else None
    return local
