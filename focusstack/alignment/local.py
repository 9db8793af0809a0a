"""Local displacement: what no matrix explains.

A hand also moves sideways, and near things then shift against far ones; leaves move in the wind.
Tiles measured on many pairs say by how much, and all frames' smooth displacement fields are solved
together: between two frames the difference of their fields must equal the measured shift. The
field is added to the matrix inside the same single warp, and only where held-out tiles prove it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from focusstack.alignment.gain import NEARLY_ALL, HeldOut
from focusstack.alignment.measure import Round, measure_pairs
from focusstack.alignment.normal_equations import NormalEquations
from focusstack.alignment.places import Places
from focusstack.alignment.poses import Poses, Series
from focusstack.alignment.tiles import TileShifts, checkerboard, softened
from focusstack.resample import Field
from focusstack.threads import SideBySide, in_turn, side_by_side
from focusstack.typing import Float32, Mask, Points

NODE_PX = 32
"""Distance of a field's nodes in proxy pixels; `SIZE_SIGMA` holds for it."""

ROUNDS = (
    (Round(0.25, 1.0, 6.0, 48), 2 * NODE_PX),
    (Round(0.5, 1.0, 6.0, 48), NODE_PX),
    (Round(1, 1.0, 6.0, 64), NODE_PX),
    (Round(1, 1.0, 6.0, 48), NODE_PX),
)
"""How tiles are measured, and the distance of nodes in proxy pixels, coarse to fine: the first
round sees ten pixels, the last resolves what the nodes can hold."""

SLOPE_SIGMA = 1.0
"""How much the displacement may differ between neighbouring nodes, in pixels."""

SIZE_SIGMA = 10.0
"""How large it may be, in pixels."""

REWEIGHTINGS = (1e-2, 1e-2, 1e-3)
"""Robust least-squares solves per round, and how exact each has to be."""

PROVEN_SHARE, SHARED_SHARE = 0.75, 0.8
"""A field must bring the held-out residual below the first share of the matrix's, or below the
second if nearly all pairs gain: the growth of blurred edges, which a field can follow too, helps
some and harms others."""

HOPELESS_SHARE = 0.85
"""Fields that leave more before the last round will not be proven by it."""

Measurement = tuple[int, int, TileShifts]


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

    fields: Points
    held_out: HeldOut

    @property
    def proven(self) -> bool:
        """Whether tiles held out of the fit confirm the fields."""
        held = self.held_out
        return held.share < (SHARED_SHARE if held.gained >= NEARLY_ALL else PROVEN_SHARE)


def grid_shape(width: int, height: int, node_px: float = NODE_PX) -> tuple[int, int]:
    """Rows and columns of a field's nodes for a canvas."""
    return max(3, round(height / node_px) + 1), max(3, round(width / node_px) + 1)


def with_nodes(fields: Points, rows: int, columns: int) -> Points:
    """The same fields with other nodes: linear between theirs, corners on corners."""
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
) -> Local:
    """Measure and solve the local displacement of all frames, coarse to fine.

    Parameters
    ----------
    series, poses
        The frames and where they lie.
    with_parallax : callable, optional
        Adds what is known already to a frame's smooth field.
    """
    with side_by_side(series.workers) as both:
        return _found(series, poses, with_parallax, both)


def _found(
    series: Series,
    poses: Poses,
    with_parallax: Callable[[int, Field], Field | None],
    both: SideBySide,
) -> Local:
    """What `find_fields` returns."""
    size, count = series.size, len(poses.matrices)
    fields = np.zeros((count, *grid_shape(*size), 2))
    local = Local(fields, HeldOut(1.0, 1.0, 0.0))
    for how, node_px in ROUNDS:
        grid = Grid(*grid_shape(*size, node_px), size, count, series.reference, both)
        fields = with_nodes(fields, grid.rows, grid.columns)

        def place(index: int, fields: Points = fields) -> Field | None:
            return with_parallax(index, Field(fields[index].astype(np.float32), *size))

        equations = grid.equations(measure_pairs(series, poses, how, place), fields)
        if equations is None:
            break
        fields = grid.solve(equations, fields)
        series.advance()
        if how.scale == 1:
            found = Local(fields, grid.held_out(equations, fields))
            # What larger tiles prove stands where smaller ones see too little.
            local = found if found.proven or not local.proven else local
            if found.held_out.share > HOPELESS_SHARE:
                break
    return local


@dataclass(frozen=True)
class Equations:
    """What the fields of the two frames of each tile should differ by.

    Stacks have hundreds of thousands of tiles: numbers of each are as short as they may be.

    Attributes
    ----------
    places : Places
        Of T tiles.
    target : (T, 2) float32 ndarray
        What the second frame's minus the first frame's field should be there, proxy pixels.
    info : (T, 2, 2) float32 ndarray
        Information (inverse covariance) of the target.
    fold : (T,) bool ndarray
        Which half of the tiles it belongs to.
    """

    places: Places
    target: Float32
    info: Float32
    fold: Mask

    @classmethod
    def joined(cls, parts: Sequence[Equations]) -> Equations:
        """Those of some tiles and of others."""
        return cls(
            Places.joined([part.places for part in parts]),
            np.concatenate([part.target for part in parts]),
            np.concatenate([part.info for part in parts]),
            np.concatenate([part.fold for part in parts]),
        )

    def part(self, which: Mask) -> Equations:
        """The equations of some tiles."""
        return Equations(
            self.places.part(which), self.target[which], self.info[which], self.fold[which]
        )

    def left(self, fields: Points) -> Points:
        """What the equations lack with `fields`, ``(T, 2)``."""
        return self.target - self.places.seen(fields.reshape(-1, 2))


@dataclass(frozen=True)
class Grid:
    """Nodes of all frames' fields, and the least squares over them."""

    rows: int
    columns: int
    size: tuple[int, int]
    count: int
    reference: int
    both: SideBySide = in_turn

    @property
    def nodes(self) -> int:
        """Nodes of one frame."""
        return self.rows * self.columns

    def equations(self, found: Iterable[Measurement], fields: Points) -> Equations | None:
        """Turn what is left between frames, with present `fields`, into equations, if any."""
        parts = [self._of_pair(i, j, shifts) for i, j, shifts in found]
        if not parts:
            return None
        left = Equations.joined(parts)
        target = left.target + left.places.seen(fields.reshape(-1, 2))
        return replace(left, target=target.astype(np.float32))

    def _of_pair(self, first: int, second: int, shifts: TileShifts) -> Equations:
        """What is left between two frames."""
        root = softened(shifts.root)
        return Equations(
            self._places((first, second), shifts.centres),
            shifts.shifts.astype(np.float32),
            (root @ root).astype(np.float32),
            checkerboard(shifts.centres, self.size),
        )

    def _places(self, frames: tuple[int, int], centres: Points) -> Places:
        """Cells in which tiles lie in both frames, and where in these."""
        width, height = self.size
        x = np.clip(centres[:, 0] / (width - 1), 0, 1) * (self.columns - 1)
        y = np.clip(centres[:, 1] / (height - 1), 0, 1) * (self.rows - 1)
        j = np.minimum(x.astype(int), self.columns - 2)
        i = np.minimum(y.astype(int), self.rows - 2)
        cells = (i * self.columns + j)[:, None] + np.array(frames) * self.nodes
        within = np.stack([x - j, y - i], 1).astype(np.float32)
        return Places(cells.astype(np.uint32), within, self.columns)

    def solve(self, equations: Equations, start: Points) -> Points:
        """Fields of all frames from all equations: reweighted least squares."""
        fields = start.reshape(-1, 2)
        # The fewer the nodes, the more each counts; differences grow with their distance.
        share = float(np.prod(grid_shape(*self.size))) / self.nodes
        for exact in REWEIGHTINGS:
            off = equations.left(fields)
            squared = np.einsum("ti,ti->t", off, np.einsum("tij,tj->ti", equations.info, off))
            weight = (1 / np.square(1 + squared / 9)).astype(np.float32)
            normal = NormalEquations(
                equations.places,
                equations.info * weight[:, None, None],
                (self.count, self.rows, self.columns),
                1 / SLOPE_SIGMA**2,
                share / SIZE_SIGMA**2,
                slice(self.reference * self.nodes, (self.reference + 1) * self.nodes),
                self.both,
            )
            fields = normal.solved(equations.target, fields, exact)
        return fields.reshape(start.shape)

    def held_out(self, equations: Equations, fields: Points) -> HeldOut:
        """Residual of each half of the tiles without fields, and with those of the other half."""
        alone = replace(self, both=in_turn)  # while one half is solved, so is the other
        sides = equations.fold, ~equations.fold
        halves = [equations.part(side) for side in sides]
        after = np.empty(len(equations.target))
        fits = self.both(
            lambda: alone.solve(halves[0], fields), lambda: alone.solve(halves[1], fields)
        )
        for side, half, fit in zip(sides[::-1], halves[::-1], fits, strict=True):
            after[side] = np.linalg.norm(half.left(fit), axis=1)
        before = np.linalg.norm(equations.target, axis=1)
        pair = equations.places.cells // self.nodes @ np.array([self.count, 1])
        return HeldOut.of(pair, before, after)
