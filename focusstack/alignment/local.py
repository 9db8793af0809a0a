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
import scipy.sparse as sp
from scipy.sparse.linalg import cg

from focusstack.alignment.measure import Round, measure_pairs
from focusstack.alignment.tiles import TileShifts
from focusstack.proxies import Proxy
from focusstack.typing import Mask, Matrix, Points

NODE_PX = 40
"""Distance of the field's nodes in proxy pixels."""

ROUNDS = (
    Round(0.25, 1.0, 6.0, 48),
    Round(0.5, 1.0, 6.0, 48),
    Round(1, 1.0, 6.0, 64),
    Round(1, 1.0, 6.0, 48),
)
"""Coarse to fine: the first sees ten pixels, the last resolves what the nodes can hold."""

TILE_SIGMA = 0.1
"""Tiles at the edge of something nearer mix two displacements: they are good to this, in pixels."""

SLOPE_SIGMA = 0.5
"""How much the displacement may differ between neighbouring nodes, in pixels."""

SIZE_SIGMA = 10.0
"""How large it may be, in pixels."""

CONSIDERED_PX = 0.25
"""Held-out residual below which a matrix is as good as tiles can tell."""

PROVEN_SHARE = 0.6
"""A field must bring the held-out residual below this share of the matrix's."""

Measurement = tuple[int, int, TileShifts]


@dataclass(frozen=True)
class Local:
    """Displacement fields of all frames.

    Attributes
    ----------
    fields : (n, rows, columns, 2) float64 ndarray
        In proxy pixels; zero for the reference and for frames left out.
    before, after : float
        Held-out residual without and with the fields, proxy pixels.
    """

    fields: Points
    before: float
    after: float

    @property
    def proven(self) -> bool:
        """Whether tiles held out of the fit confirm the fields."""
        return self.after < PROVEN_SHARE * self.before


def grid_shape(width: int, height: int) -> tuple[int, int]:
    """Rows and columns of a field's nodes for a canvas."""
    return max(3, round(height / NODE_PX) + 1), max(3, round(width / NODE_PX) + 1)


def find_fields(
    load: Callable[[int], Proxy],
    H: Matrix,
    reference: int,
    pairs: Sequence[tuple[int, int]],
    gains: Sequence[float],
    size: tuple[int, int],
    workers: int = 2,
    advance: Callable[[], None] = lambda: None,
) -> Local:
    """Measure and solve the local displacement of all frames, coarse to fine.

    Parameters
    ----------
    load, H, reference, pairs, gains, size, workers, advance
        As for `focusstack.alignment.refine.refine`.
    """
    n, (rows, columns) = len(H), grid_shape(*size)
    fields = np.zeros((n, rows, columns, 2))
    grid = _Grid(rows, columns, size, n, reference)
    for how in ROUNDS:
        found = list(measure_pairs(load, H, gains, pairs, how, fields, workers))
        fields = grid.solve([grid.equation(*m, fields) for m in found], fields)
        advance()
    equations = [grid.equation(*m, fields) for m in found]
    return Local(fields, *grid.held_out(equations, fields))


@dataclass(frozen=True)
class _Equation:
    """One pair's tiles: the difference of both fields at `places` should be `target`."""

    first: int
    second: int
    at: sp.csr_array  # tiles x nodes, bilinear
    target: Points
    root: Points
    fold: Mask


@dataclass(frozen=True)
class _Grid:
    rows: int
    columns: int
    size: tuple[int, int]
    count: int
    reference: int

    def equation(self, first: int, second: int, shifts: TileShifts, fields: Points) -> _Equation:
        """Turn what is left between two frames into what their fields should differ by."""
        at = self._bilinear(shifts.centres)
        flat = fields.reshape(self.count, -1, 2)
        target = shifts.shifts + at @ (flat[second] - flat[first])
        value, vector = np.linalg.eigh(shifts.root)
        softened = 1 / np.sqrt(1 / np.square(value) + TILE_SIGMA**2)
        root = (vector * softened[:, None, :]) @ np.swapaxes(vector, 1, 2)
        cell = (shifts.centres / self.size * (12, 8)).astype(int).sum(1)
        return _Equation(first, second, at, target, np.asarray(root), np.asarray(cell % 2 == 1))

    def _bilinear(self, places: Points) -> sp.csr_array:
        """Matrix that interpolates node values at `places`."""
        width, height = self.size
        x = np.clip(places[:, 0] / (width - 1), 0, 1) * (self.columns - 1)
        y = np.clip(places[:, 1] / (height - 1), 0, 1) * (self.rows - 1)
        j = np.minimum(x.astype(int), self.columns - 2)
        i = np.minimum(y.astype(int), self.rows - 2)
        u, v = x - j, y - i
        node = i * self.columns + j
        index = np.stack([node, node + 1, node + self.columns, node + self.columns + 1], 1)
        weight = np.stack([(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v], 1)
        tile = np.repeat(np.arange(len(places)), 4)
        shape = (len(places), self.rows * self.columns)
        return sp.csr_array((weight.ravel(), (tile, index.ravel())), shape=shape)

    def solve(self, equations: Sequence[_Equation], start: Points) -> Points:
        """Fields of all frames from all equations, robustly."""
        fields = start
        for _ in range(4):
            fields = self._step(equations, fields)
        return fields

    def _step(self, equations: Sequence[_Equation], fields: Points) -> Points:
        """One reweighted least-squares solve; x and y are coupled by the tiles' information."""
        nodes = self.rows * self.columns
        size = self.count * nodes * 2
        A = self._prior()
        g = np.zeros((self.count, nodes, 2))
        blocks: dict[tuple[int, int], sp.csr_array] = {}
        for e in equations:
            off = e.target - self._difference(e, fields)
            white = np.einsum("nij,nj->ni", e.root, off)
            weight = 1 / np.square(1 + np.square(white).sum(1) / 9)
            info = np.einsum("nji,njk->nik", e.root, e.root) * weight[:, None, None]
            pull = np.einsum("nij,nj->ni", info, e.target)
            back = e.at.T @ pull
            g[e.second] += back
            g[e.first] -= back
            M = _coupled(e.at, info)
            for key, sign in (
                ((e.first, e.first), 1),
                ((e.second, e.second), 1),
                ((e.first, e.second), -1),
                ((e.second, e.first), -1),
            ):
                blocks[key] = blocks[key] + sign * M if key in blocks else sign * M
        whole = [[blocks.get((i, j)) for j in range(self.count)] for i in range(self.count)]
        for i in range(self.count):
            base = whole[i][i]
            whole[i][i] = A if base is None else base + A
        system = sp.block_array(whole, format="csr")
        free = np.ones(size, bool)
        free[self.reference * nodes * 2 : (self.reference + 1) * nodes * 2] = False
        system = system[free][:, free]
        inverse = sp.diags_array(1 / system.diagonal())
        found = np.zeros(size)
        x0 = fields.reshape(-1)[free]
        found[free], _ = cg(system, g.reshape(-1)[free], x0=x0, rtol=1e-5, maxiter=400, M=inverse)
        return found.reshape(fields.shape)

    def _difference(self, e: _Equation, fields: Points) -> Points:
        flat = fields.reshape(self.count, -1, 2)
        return np.asarray(e.at @ (flat[e.second] - flat[e.first]))

    def _prior(self) -> sp.csr_array:
        """Smoothness and size of one frame's field."""
        across = sp.kron(sp.eye_array(self.rows), _steps(self.columns))
        down = sp.kron(_steps(self.rows), sp.eye_array(self.columns))
        smooth = (across.T @ across + down.T @ down) / SLOPE_SIGMA**2
        small = sp.eye_array(self.rows * self.columns) / SIZE_SIGMA**2
        return sp.csr_array(sp.kron(smooth + small, sp.eye_array(2)))

    def held_out(self, equations: Sequence[_Equation], fields: Points) -> tuple[float, float]:
        """Residual of each half of the tiles without fields, and with those of the other half."""
        before, after = [], []
        for side in (False, True):
            learn = [_part(e, e.fold == side) for e in equations]
            fitted = self.solve(learn, fields)
            for e in (_part(e, e.fold != side) for e in equations):
                before.append(np.linalg.norm(e.target, axis=1))
                after.append(np.linalg.norm(e.target - self._difference(e, fitted), axis=1))
        return float(np.median(np.concatenate(before))), float(np.median(np.concatenate(after)))


def _steps(count: int) -> sp.csr_array:
    """Differences of neighbours."""
    ones = np.ones(count - 1)
    return sp.diags_array([-ones, ones], offsets=[0, 1], shape=(count - 1, count), format="csr")


def _part(e: _Equation, which: Mask) -> _Equation:
    return _Equation(e.first, e.second, e.at[which], e.target[which], e.root[which], e.fold[which])


def _coupled(at: sp.csr_array, info: Points) -> sp.csr_array:
    """Normal matrix over nodes x (dx, dy) of tiles with 2 x 2 information each."""
    nodes = at.shape[1]
    total = sp.csr_array((2 * nodes, 2 * nodes))
    for a in range(2):
        for b in range(2):
            unit = np.zeros((2, 2))
            unit[a, b] = 1
            total = total + sp.kron(at.T @ (at * info[:, a, b][:, None]), unit)
    return sp.csr_array(total)
