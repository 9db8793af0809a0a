"""Local displacement: what no matrix explains.

A hand also moves sideways, and near things then shift against far ones; leaves move in the wind.
Tiles measured on many pairs say by how much, and all frames' smooth displacement fields are solved
together: between two frames the difference of their fields must equal the measured shift. The
field is added to the matrix inside the same single warp, and only where held-out tiles prove it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import LinearOperator, cg

from focusstack.alignment.gain import NEARLY_ALL, HeldOut
from focusstack.alignment.measure import Round, measure_pairs
from focusstack.alignment.poses import Poses, Series
from focusstack.alignment.tiles import TileShifts, checkerboard, softened
from focusstack.resample import Field
from focusstack.typing import Indices, Mask, Points

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
    size, count = series.size, len(poses.matrices)
    fields = np.zeros((count, *grid_shape(*size), 2))
    local = Local(fields, HeldOut(1.0, 1.0, 0.0))
    for how, node_px in ROUNDS:
        grid = Grid(*grid_shape(*size, node_px), size, count, series.reference)
        fields = with_nodes(fields, grid.rows, grid.columns)

        def place(index: int, fields: Points = fields) -> Field | None:
            return with_parallax(index, Field(fields[index].astype(np.float32), *size))

        tiles = list(measure_pairs(series, poses, how, place))
        if not tiles:
            break
        equations = grid.equations(tiles, fields)
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

    Attributes
    ----------
    nodes : (T, 8) int64 ndarray
        The nodes that each tile sees.
    weights : (T, 8) float64 ndarray
        Of those: second frame's minus first frame's field at the tile.
    target : (T, 2) ndarray
        What that should be, proxy pixels.
    info : (T, 2, 2) ndarray
        Information (inverse covariance) of the target.
    fold : (T,) bool ndarray
        Which half of the tiles it belongs to.
    """

    nodes: Indices
    weights: Points
    target: Points
    info: Points
    fold: Mask

    def part(self, which: Mask) -> Equations:
        """The equations of some tiles."""
        return Equations(
            self.nodes[which],
            self.weights[which],
            self.target[which],
            self.info[which],
            self.fold[which],
        )

    def left(self, fields: Points) -> Points:
        """What the equations lack with `fields`, ``(T, 2)``."""
        # Loads the compiler, which takes a while.
        from focusstack.alignment.nodes import seen

        return self.target - seen(self.nodes, self.weights, fields.reshape(-1, 2))


@dataclass(frozen=True)
class Grid:
    """Nodes of all frames' fields, and the least squares over them."""

    rows: int
    columns: int
    size: tuple[int, int]
    count: int
    reference: int

    @property
    def nodes(self) -> int:
        """Nodes of one frame."""
        return self.rows * self.columns

    def equations(self, found: Sequence[Measurement], fields: Points) -> Equations:
        """Turn what is left between frames, with present `fields`, into equations."""
        from focusstack.alignment.nodes import seen

        views = [self._view(i, j, shifts.centres) for i, j, shifts in found]
        nodes, weights = (np.concatenate(parts) for parts in zip(*views, strict=True))
        left = np.concatenate([shifts.shifts for _, _, shifts in found])
        root = softened(np.concatenate([shifts.root for _, _, shifts in found]))
        fold = np.concatenate([checkerboard(s.centres, self.size) for _, _, s in found])
        target = left + seen(nodes, weights, fields.reshape(-1, 2))
        return Equations(nodes, weights, target, root @ root, fold)

    def _view(self, first: int, second: int, places: Points) -> tuple[Indices, Points]:
        """Nodes and weights of the second minus the first frame's field at `places`, bilinear."""
        width, height = self.size
        x = np.clip(places[:, 0] / (width - 1), 0, 1) * (self.columns - 1)
        y = np.clip(places[:, 1] / (height - 1), 0, 1) * (self.rows - 1)
        j = np.minimum(x.astype(int), self.columns - 2)
        i = np.minimum(y.astype(int), self.rows - 2)
        u, v = x - j, y - i
        node = i * self.columns + j
        index = np.stack([node, node + 1, node + self.columns, node + self.columns + 1], 1)
        weight = np.stack([(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v], 1)
        both = np.concatenate([index + first * self.nodes, index + second * self.nodes], 1)
        return both, np.concatenate([-weight, weight], 1)

    def solve(self, equations: Equations, start: Points) -> Points:
        """Fields of all frames from all equations: reweighted least squares."""
        fields = start.reshape(-1, 2)
        prior = self._prior()
        for exact in REWEIGHTINGS:
            off = equations.left(fields)
            squared = np.einsum("ti,tij,tj->t", off, equations.info, off)
            info = equations.info / np.square(1 + squared / 9)[:, None, None]
            fields = self._least_squares(equations, info, prior, fields, exact)
        return fields.reshape(start.shape)

    def _least_squares(
        self,
        equations: Equations,
        info: Points,
        prior: sp.csr_array,
        start: Points,
        exact: float,
    ) -> Points:
        """Conjugate gradients on the normal equations, which are never formed."""
        from focusstack.alignment.nodes import pull, spread

        nodes, weights, count = equations.nodes, equations.weights, self.count * self.nodes
        free = np.ones((count, 1))
        free[self.reference * self.nodes : (self.reference + 1) * self.nodes] = 0

        def normal(flat: Points) -> Points:
            vectors = flat.reshape(-1, 2)
            v = vectors * free
            pulled = pull(nodes, weights, info, v) + prior @ v
            return np.asarray(pulled * free + (1 - free) * vectors).ravel()

        aim = np.einsum("tij,tj->ti", info, equations.target)
        b = spread(nodes, weights, aim, count) * free
        own = spread(nodes, np.square(weights), np.stack([info[:, 0, 0], info[:, 1, 1]], 1), count)
        diagonal = np.where(free == 0, 1, own + prior.diagonal()[:, None])
        size = 2 * count
        found, _ = cg(
            LinearOperator((size, size), normal, dtype=float),
            b.ravel(),
            x0=(start * free).ravel(),
            rtol=exact,
            maxiter=150,
            M=sp.diags_array(1 / diagonal.ravel()),
        )
        return np.asarray(found.reshape(-1, 2))

    def _prior(self) -> sp.csr_array:
        """Smoothness and size of all frames' fields."""
        across = sp.kron(sp.eye_array(self.rows), _steps(self.columns))
        down = sp.kron(_steps(self.rows), sp.eye_array(self.columns))
        smooth = (across.T @ across + down.T @ down) / SLOPE_SIGMA**2
        # The fewer the nodes, the more each counts; differences grow with their distance.
        share = np.prod(grid_shape(*self.size)) / self.nodes
        one = smooth + sp.eye_array(self.nodes) * (share / SIZE_SIGMA**2)
        return sp.csr_array(sp.kron(sp.eye_array(self.count), one))

    def held_out(self, equations: Equations, fields: Points) -> HeldOut:
        """Residual of each half of the tiles without fields, and with those of the other half."""

        def fitted(side: bool) -> Points:
            return self.solve(equations.part(equations.fold == side), fields)

        after = np.empty(len(equations.target))
        sides = (False, True)
        with ThreadPoolExecutor(len(sides)) as pool:
            for side, fit in zip(sides, pool.map(fitted, sides), strict=True):
                test = equations.fold != side
                after[test] = np.linalg.norm(equations.part(test).left(fit), axis=1)
        before = np.linalg.norm(equations.target, axis=1)
        # The first node that a tile sees in each frame tells its pair.
        pair = equations.nodes[:, [0, 4]] // self.nodes @ np.array([self.count, 1])
        return HeldOut.of(pair, before, after)


def _steps(count: int) -> sp.csr_array:
    """Differences of neighbours."""
    ones = np.ones(count - 1)
    steps = sp.diags_array(np.stack([-ones, ones]), offsets=[0, 1], shape=(count - 1, count))
    return sp.csr_array(steps)
