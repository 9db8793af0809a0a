"""The least squares behind displacement fields: nodes of all frames, and what tiles ask of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from focusstack.alignment.fields.conjugate_gradients import NormalEquations
from focusstack.alignment.fields.interpolation import Places
from focusstack.alignment.quality.held_out import NEARLY_ALL, HeldOut, weighted_quantile
from focusstack.alignment.tiles.shifts import TileShifts, checkerboard, softened
from focusstack.numeric.arrays import Float32, Floats, Indices, Mask, Points
from focusstack.numeric.robust import WIDE_CUTOFF, geman_mcclure_weight
from focusstack.runtime.threads import SideBySide, in_turn

NODE_PX = 32
"""Distance of a field's nodes in proxy pixels: as fine as the smallest tiles, half of 48 pixels
apart, can tell; `SIZE_SIGMA` holds for it (``python -m benchmarks.alignment``, *parallax*)."""

SLOPE_SIGMAS = (1.0, 0.3, 0.1)
"""How much the displacement may differ between neighbouring nodes, in pixels: what lies deeper
shifts smoothly, leaves in the wind move each on its own. Held-out tiles choose
(``python -m benchmarks.alignment``, *parallax*)."""

SIZE_SIGMA, REST_SIGMA = 10.0, 1.0
"""How large it may be, in pixels, alone and on top of proven parallax: where no tile tells, what
parallax leaves is nothing (``python -m benchmarks.alignment``, *parallax, layers*)."""

UNLIKE, LEAST_PX = 2.3, 0.06
"""By how much tiles that overlap, and so tell the same again, are less sure than each by itself,
and what none is better than, in proxy pixels: what moves on its own is no mishap of a tile. As
serves rendered stacks best, those with strong blur too (``python -m benchmarks.alignment``)."""

REWEIGHTINGS = (1e-2, 1e-2, 1e-3)
"""Robust least-squares solves per round, and what each may leave of the right side's length:
weights change more from one to the next (``python -m benchmarks.speed``)."""

Measurement = tuple[int, int, TileShifts]


def grid_shape(width: int, height: int, node_px: float = NODE_PX) -> tuple[int, int]:
    """Rows and columns of a field's nodes for a canvas."""
    return max(3, round(height / node_px) + 1), max(3, round(width / node_px) + 1)


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
        """Join the equations of some tiles and of others."""
        return cls(
            Places.joined([part.places for part in parts]),
            np.concatenate([part.target for part in parts]),
            np.concatenate([part.info for part in parts]),
            np.concatenate([part.fold for part in parts]),
        )

    @property
    def weight(self) -> Floats:
        """How sure each tile is ``(T,)``."""
        return np.asarray(np.trace(self.info, axis1=1, axis2=2), float)

    def part(self, which: Mask) -> Equations:
        """The equations of some tiles."""
        return Equations(
            self.places.part(which), self.target[which], self.info[which], self.fold[which]
        )

    def left(self, fields: Floats) -> Floats:
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
    slope: float = SLOPE_SIGMAS[0]
    largest: float = SIZE_SIGMA

    @property
    def nodes(self) -> int:
        """Nodes of one frame."""
        return self.rows * self.columns

    def equations(self, found: Iterable[Measurement], fields: Floats) -> Equations | None:
        """Turn what is left between frames, with present `fields`, into equations, if any."""
        parts = [self._of_pair(i, j, shifts) for i, j, shifts in found]
        if not parts:
            return None
        left = Equations.joined(parts)
        target = left.target + left.places.seen(fields.reshape(-1, 2))
        return replace(left, target=target.astype(np.float32))

    def _of_pair(self, first: int, second: int, shifts: TileShifts) -> Equations:
        """What is left between two frames."""
        root = softened(shifts.root, UNLIKE, LEAST_PX)
        return Equations(
            self.places(np.array((first, second)), shifts.centres),
            shifts.shifts.astype(np.float32),
            (root @ root).astype(np.float32),
            checkerboard(shifts.centres, self.size),
        )

    def places(self, frames: Indices, centres: Points) -> Places:
        """Cells in which tiles lie in both `frames` ``(2,)`` or ``(T, 2)``, and where in these."""
        width, height = self.size
        x = np.clip(centres[:, 0] / (width - 1), 0, 1) * (self.columns - 1)
        y = np.clip(centres[:, 1] / (height - 1), 0, 1) * (self.rows - 1)
        j = np.minimum(x.astype(int), self.columns - 2)
        i = np.minimum(y.astype(int), self.rows - 2)
        cells = (i * self.columns + j)[:, None] + frames * self.nodes
        within = np.stack([x - j, y - i], 1).astype(np.float32)
        return Places(cells.astype(np.uint32), within, self.columns)

    def centres(self, places: Places) -> Points:
        """Where tiles lie ``(T, 2)``, proxy pixels."""
        i, j = np.divmod(places.cells[:, 0] % self.nodes, self.columns)
        at = np.stack([j, i], 1) + places.within
        return np.asarray(at * (np.array(self.size) - 1) / (self.columns - 1, self.rows - 1), float)

    def pairs(self, places: Places) -> Indices:
        """Number ``(T,)`` of each tile's pair: its first frame times `count`, and its second."""
        frames = places.cells.astype(int) // self.nodes
        return np.asarray(frames @ (self.count, 1))

    def solve(self, equations: Equations, start: Floats) -> Floats:
        """Fields of all frames from all equations: reweighted least squares."""
        fields = start.reshape(-1, 2)
        # The fewer the nodes, the more each counts; differences grow with their distance.
        share = float(np.prod(grid_shape(*self.size))) / self.nodes
        for exact in REWEIGHTINGS:
            off = equations.left(fields)
            squared = np.einsum("ti,ti->t", off, np.einsum("tij,tj->ti", equations.info, off))
            weight = _trust(squared).astype(np.float32)
            normal = NormalEquations(
                equations.places,
                equations.info * weight[:, None, None],
                (self.count, self.rows, self.columns),
                self._stiffness(fields),
                share / self.largest**2,
                slice(self.reference * self.nodes, (self.reference + 1) * self.nodes),
                self.both,
            )
            fields = normal.solved(equations.target, fields, exact)
        return fields.reshape(start.shape)

    def _stiffness(self, fields: Floats) -> Floats:
        """Information of slopes to the next node and to the one below, ``(N, 2)``.

        What moves on its own may tear away from what is around it: large slopes cost little more
        than smaller ones.
        """
        each = fields.reshape(self.count, self.rows, self.columns, 2)
        stiffness = np.zeros(each.shape)
        stiffness[:, :, :-1, 0] = _trust(np.square(np.diff(each, axis=2) / self.slope).sum(3))
        stiffness[:, :-1, :, 1] = _trust(np.square(np.diff(each, axis=1) / self.slope).sum(3))
        return stiffness.reshape(-1, 2) / self.slope**2

    def stiffest(
        self, equations: Equations, fields: Floats, slopes: Sequence[float] = SLOPE_SIGMAS
    ) -> tuple[Grid, Floats]:
        """Let fields slope as little as lets each half of the tiles foretell the other better.

        Parameters
        ----------
        equations : Equations
            Of T tiles.
        fields : (n, rows, columns, 2) ndarray
            Where to start.
        slopes : sequence of float, optional
            What to try, the loosest first.

        Returns
        -------
        grid : Grid
            This one, so stiff.
        lengths : (T,) float64 ndarray
            What is `foretold` by it.
        """
        best, lengths, least = self, np.zeros(0), np.inf
        for slope in slopes:
            stiffer = replace(self, slope=slope)
            foretold = stiffer.foretold(equations, fields)
            left = weighted_quantile(foretold, equations.weight, NEARLY_ALL)
            if left >= least:
                break
            best, lengths, least = stiffer, foretold, left
        return best, lengths

    def foretold(self, equations: Equations, fields: Floats) -> Floats:
        """Length of each tile's residual ``(T,)`` with fields of the other half of the tiles."""
        alone = replace(self, both=in_turn)  # while one half is solved, so is the other
        sides = equations.fold, ~equations.fold
        halves = [equations.part(side) for side in sides]
        left = np.empty(len(equations.target))
        fits = self.both(
            lambda: alone.solve(halves[0], fields), lambda: alone.solve(halves[1], fields)
        )
        for side, half, fit in zip(sides[::-1], halves[::-1], fits, strict=True):
            left[side] = np.linalg.norm(half.left(fit), axis=1)
        return left

    def held_out(self, equations: Equations, foretold: Floats) -> HeldOut:
        """Residual of tiles without fields, and what is `foretold` of them ``(T,)``."""
        before = np.linalg.norm(equations.target, axis=1)
        return HeldOut.of(self.pairs(equations.places), before, foretold, equations.weight)


def _trust(squared: Floats) -> Floats:
    """Weight of what is off by so many squared standard deviations."""
    return geman_mcclure_weight(squared / WIDE_CUTOFF**2)
