"""Solve for parallax: depth of the planes of focus and travel of the frames, from tiles.

Travel is linear in the displacements where depth is given, and depth where travel is: they are
solved in turn, by robust least squares over all pairs at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np

from focusstack.alignment.matrices.models import MODELS, matrices, normalisation
from focusstack.alignment.quality.held_out import HeldOut
from focusstack.alignment.tiles.shifts import TileShifts, checkerboard, softened
from focusstack.geometry.coordinates import transform
from focusstack.geometry.parallax import SceneDepth, Viewpoint, travel_directions
from focusstack.numeric.arrays import Float32, Floats, Mask, Matrix, Points
from focusstack.numeric.linear import solved
from focusstack.numeric.robust import WIDE_CUTOFF, cauchy_weight

NODE_PX = 4
"""Distance of the depth map's nodes in proxy pixels: thin stems are a few pixels wide
(``python -m benchmarks.alignment``, *parallax, layers*)."""

EDGE_SIGMA = 1.5
"""Jumps of depth are softened by this, in proxy pixels: a field that tears cannot be
resampled (``python -m benchmarks.alignment``, *parallax, layers*)."""

PRIOR = np.array([0.02] * 4 + [0.005] * 2 + [0.02] * 3)
"""How large corrections of a matrix (similarity, perspective) and travel may be: standard
deviations in half diagonals, of a hand at most. Chosen, not measured: wide enough not to matter
where there are tiles."""

TURNS = 4
"""How often travel and depth are solved in turn per round, which settles them (``python -m
benchmarks.alignment``, *parallax*)."""


@dataclass(frozen=True)
class SeenTiles:
    """All tiles of a round; rows of a pair follow each other."""

    pairs: list[tuple[int, int, slice]]
    places: Points
    shifts: Points
    root: Floats
    index: Floats

    @classmethod
    def of(cls, found: Sequence[tuple[int, int, TileShifts]], row: dict[int, int]) -> SeenTiles:
        """Join what was measured on all pairs; `row` numbers the frames in use."""
        pairs, at = [], 0
        for first, second, shifts in found:
            pairs.append((row[first], row[second], slice(at, at + len(shifts.centres))))
            at += len(shifts.centres)
        join = [shifts for _, _, shifts in found]
        return cls(
            pairs,
            np.concatenate([s.centres for s in join]),
            np.concatenate([s.shifts for s in join]),
            softened(np.concatenate([s.root for s in join])),
            np.concatenate([s.depth for s in join if s.depth is not None]),
        )

    def part(self, which: Mask) -> SeenTiles:
        """Some of the tiles."""
        ends = np.cumsum([0, *(np.count_nonzero(which[at]) for *_, at in self.pairs)]).tolist()
        spans = zip(self.pairs, pairwise(ends), strict=True)
        return SeenTiles(
            [(i, j, slice(*span)) for (i, j, _), span in spans],
            self.places[which],
            self.shifts[which],
            self.root[which],
            self.index[which],
        )


def perspective_terms(places: Points, size: tuple[int, int]) -> Floats:
    """Derivative ``(T, 2, 6)`` of the displacement by a perspective correction, in half diagonals.

    places ``(T, 2)`` are pixels of a canvas of `size`, width and height.
    """
    x, y = transform(normalisation(*size), places).T
    zero, one = np.zeros_like(x), np.ones_like(x)
    across = np.stack([x, -y, one, zero, -x * x, -x * y], -1)
    down = np.stack([y, x, zero, one, -x * y, -y * y], -1)
    return 0.5 * float(np.hypot(*size)) * np.stack([across, down], 1)


@dataclass(frozen=True)
class Geometry:
    """Depth of each plane of focus and travel of each frame, in half diagonals."""

    count: int
    reference: int
    size: tuple[int, int]
    travel: Floats
    planes: Floats

    @classmethod
    def still(cls, count: int, reference: int, size: tuple[int, int]) -> Geometry:
        """A camera that does not travel, and planes of focus at even distances."""
        return cls(count, reference, size, np.zeros((count, 3)), np.linspace(-0.5, 0.5, count))

    @property
    def is_still(self) -> bool:
        """Whether the camera does not travel."""
        return not self.travel.any()

    @property
    def half_diagonal(self) -> float:
        """Unit of travel, in pixels."""
        return 0.5 * float(np.hypot(*self.size))

    def depth(self, index: Floats | Float32) -> Floats:
        """Relative inverse depth at places in the focus sweep."""
        return np.asarray(np.interp(index, np.arange(self.count), self.planes))

    def scene(self, index: Float32, edge_sigma: float = EDGE_SIGMA) -> SceneDepth:
        """The depth map for a map of focus indices, softened by so many proxy pixels."""
        width, height = self.size
        columns, rows = max(2, round(width / NODE_PX)), max(2, round(height / NODE_PX))
        smooth = self.depth(index).astype(np.float32)
        if edge_sigma:
            smooth = np.asarray(cv2.GaussianBlur(smooth, (0, 0), edge_sigma), np.float32)
        x, y = np.meshgrid(np.linspace(0, width - 1, columns), np.linspace(0, height - 1, rows))
        grid = cv2.remap(smooth, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
        slab = float(np.abs(np.diff(self.planes)).mean())
        return SceneDepth(np.asarray(grid, np.float32), width, height, slab)

    def guessed(self, index: Float32, guess: Float32) -> Floats:
        """Root mean square error ``(n,)`` in pixels where depth is a guess from around.

        A guess is as far off as two places of the scene, taken at random, differ; a mixture by
        its share.
        """
        unsure = float(np.mean(guess * guess)) * 2 * float(np.var(self.depth(index)))
        # The mean square distance from a picture's centre is a third of its half diagonal's square.
        length = np.sqrt(np.square(self.travel) @ np.array([1, 1, 1 / 3]))
        return np.asarray(np.sqrt(unsure) * length * self.half_diagonal)

    def view(self, k: int) -> Viewpoint:
        """Viewpoint of a frame, in pixels."""
        x, y, z = self.travel[k] * self.half_diagonal
        return Viewpoint((float(x), float(y), float(z)), float(self.planes[k]))

    def equations(self, tiles: SeenTiles) -> tuple[Floats, Floats, Floats]:
        """Derivatives by matrix corrections and by travel of unit depth, and what they must give.

        What was measured adds to what the present travel already explains.
        """
        along = self.half_diagonal * travel_directions(tiles.places, self.size)
        present = _predicted(tiles, along, self.travel)
        target = tiles.shifts + present * self.depth(tiles.index)[:, None]
        return perspective_terms(tiles.places, self.size), along, target

    def solved(self, tiles: SeenTiles) -> tuple[Geometry, Matrix]:
        """Fit to all tiles.

        Returns
        -------
        model : Geometry
        corrections : (count, 3, 3) ndarray
            By which the canvas has to move so that each frame lies right.
        """
        model, theta = self._fitted(tiles)
        nothing = np.zeros(0)
        return model, matrices(MODELS["perspective"], theta, nothing, normalisation(*self.size))

    def _fitted(self, tiles: SeenTiles, *, freely: bool = True) -> tuple[Geometry, Floats]:
        """Fit to all tiles; without `freely` only the matrices are corrected.

        Returns the model and the parameters of each frame's correction.
        """
        correct, along, target = self.equations(tiles)
        model = self if freely else replace(self, travel=np.zeros((self.count, 3)))
        theta = np.zeros((self.count, 6))
        for turn in range(TURNS if freely else 2):
            deep = along * model.depth(tiles.index)[:, None, None]
            A = np.concatenate([correct, deep], 2) if freely else correct
            x = np.concatenate([theta, model.travel], 1) if freely else theta
            left = target - _predicted(tiles, A, x)
            squared = np.square(np.einsum("tij,tj->ti", tiles.root, left)).sum(1)
            root = cauchy_weight((squared / WIDE_CUTOFF**2)[:, None, None], tiles.root)
            x = _least_squares(tiles, root @ A, _applied(root, target), self.count, self.reference)
            theta = x[:, :6]
            if freely:
                model = replace(model, travel=x[:, 6:])
            if freely and turn < TURNS - 1:
                rest = target - _predicted(tiles, correct, theta)
                model = model._with_planes(tiles, along, rest, root)
        return model, theta

    def _with_planes(self, tiles: SeenTiles, along: Floats, rest: Floats, root: Floats) -> Geometry:
        """Depth of each plane of focus, given all travel; smooth over the sweep."""
        n = self.count
        unit, aim = _applied(root, _predicted(tiles, along, self.travel)), _applied(root, rest)
        stiff, pull = np.square(unit).sum(1), (unit * aim).sum(1)
        low = np.clip(tiles.index.astype(int), 0, n - 2)
        share = np.stack([1 - (tiles.index - low), tiles.index - low])
        normal, right = np.zeros((n, n)), np.zeros(n)
        for a in (0, 1):
            right += np.bincount(low + a, share[a] * pull, n)
            for b in (0, 1):
                cell = (low + a) * n + low + b
                normal += np.bincount(cell, share[a] * share[b] * stiff, n * n).reshape(n, n)
        scale = np.trace(normal) / n + 1e-12
        bend = np.diff(np.eye(n), 2, axis=0)
        normal += 0.1 * scale * (n / 3) ** 2 * bend.T @ bend + 1e-3 * scale * np.eye(n)
        planes = solved(normal, right + 1e-3 * scale * self.planes)
        planes -= planes.mean()
        # Only the product of depth and travel is seen: the deepest plane gets a half.
        return replace(self, planes=planes * 0.5 / max(float(np.abs(planes).max()), 1e-9))

    def held_out(self, tiles: SeenTiles) -> HeldOut:
        """Residual of each half of the tiles under the fit of the other half."""
        fold = checkerboard(tiles.places, self.size)
        lengths = np.zeros((2, len(fold)))

        def one(side: bool) -> None:
            learn, test = tiles.part(fold == side), tiles.part(fold != side)
            correct, along, target = self.equations(test)
            for freely in (False, True):
                model, theta = self._fitted(learn, freely=freely)
                A = np.concatenate([correct, along * model.depth(test.index)[:, None, None]], 2)
                left = target - _predicted(test, A, np.concatenate([theta, model.travel], 1))
                lengths[int(freely), fold != side] = np.linalg.norm(left, axis=1)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(one, (False, True)))
        pair = np.repeat(
            np.arange(len(tiles.pairs)), [at.stop - at.start for *_, at in tiles.pairs]
        )
        return HeldOut.of(pair, *lengths)


def _applied(root: Floats, vectors: Floats) -> Floats:
    return np.asarray(np.einsum("tij,tj->ti", root, vectors))


def _predicted(tiles: SeenTiles, A: Floats, x: Floats) -> Floats:
    """Displacement between the two frames of every tile for parameters `x` of all frames."""
    rows = A.reshape(-1, A.shape[2])  # as one matrix for each pair they are multiplied far faster
    found = np.empty(len(rows))
    for i, j, at in tiles.pairs:
        both = slice(2 * at.start, 2 * at.stop)
        np.dot(rows[both], x[j] - x[i], out=found[both])
    return found.reshape(-1, 2)


def _least_squares(tiles: SeenTiles, A: Floats, b: Floats, count: int, reference: int) -> Floats:
    """Parameters of all frames; those of the reference are zero."""
    size = A.shape[2]
    normal, right = np.zeros((count, count, size, size)), np.zeros((count, size))
    for i, j, at in tiles.pairs:
        rows = A[at].reshape(-1, size)
        own, pull = rows.T @ rows, rows.T @ b[at].ravel()
        normal[i, i] += own
        normal[j, j] += own
        normal[i, j] -= own
        normal[j, i] -= own
        right[i] -= pull
        right[j] += pull
    normal[np.arange(count), np.arange(count)] += np.diag(1 / PRIOR[:size] ** 2)
    free = [k for k in range(count) if k != reference]
    left = normal[np.ix_(free, free)].transpose(0, 2, 1, 3).reshape(len(free) * size, -1)
    x = np.zeros((count, size))
    x[free] = solved(left, right[free].ravel()).reshape(-1, size)
    return x
