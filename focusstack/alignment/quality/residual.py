"""What an alignment leaves between tiles: vectors, and their summary for a report."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from focusstack.alignment.tiles.matches import Matches, residuals
from focusstack.geometry.coordinates import transform
from focusstack.numeric.arrays import Floats, Mask, Matrix, Points

EDGE = 0.15
"""Width of the edge, as a share of the picture's. What a report promises: a choice of words, not
measured."""

CORNER = 0.25
"""Size of a corner, as a share of the picture's: the outer quarter both ways. A choice,
likewise."""


@dataclass(frozen=True)
class Left:
    """What is left between two frames.

    Attributes
    ----------
    first, second : int
        Frame indices.
    places : (N, 2) float64 ndarray
        Tile centres on the canvas, proxy pixels.
    vectors : (N, 2) float64 ndarray
        From the second frame's position of a detail to the first one's, proxy pixels.
    root : (N, 2, 2) float64 ndarray
        Square root of each vector's information.
    """

    first: int
    second: int
    places: Points
    vectors: Floats
    root: Floats


def left_between(m: Matches, H: Matrix) -> Left:
    """What the matrices `H` leave of matches."""
    return Left(m.first, m.second, transform(H[m.first], m.p), residuals(m, H), m.root)


@dataclass(frozen=True)
class Zone:
    """Median and 95th percentile of the residuals in one part of the picture."""

    median: float
    p95: float


@dataclass(frozen=True)
class Residual:
    """Disagreement of tiles held out of the fit.

    It contains what tiles themselves get wrong, which averages out in the alignment: an upper
    bound for tiles, not the error of the alignment.

    Attributes
    ----------
    median, p95 : float
        Over all tiles.
    edge_p95 : float
        Over the tiles in the outer 15 % of the picture, corners included.
    tiles : int
        How many were measured.
    zones : dict of str to Zone
        ``corner`` (the outer quarter both ways), ``edge`` (the rest of the outer 15 %) and
        ``centre`` (the rest), as far as they have tiles.
    """

    median: float
    p95: float
    edge_p95: float
    tiles: int
    zones: dict[str, Zone] = field(default_factory=dict)

    def scaled(self, factor: float) -> Residual:
        """Express the residual in other pixels, rounded to what a report keeps."""

        def to(value: float) -> float:
            return round(value * factor, 4)

        zones = {k: Zone(to(z.median), to(z.p95)) for k, z in self.zones.items()}
        return replace(
            self,
            median=to(self.median),
            p95=to(self.p95),
            edge_p95=to(self.edge_p95),
            zones=zones,
        )


def zone_masks(places: Points, size: tuple[int, int]) -> dict[str, Mask]:
    """Which of the `places` (pixels) lie in which zone."""
    inward = np.minimum(places / size, 1 - places / size)
    corner = np.asarray((inward < CORNER).all(1))
    edge = np.asarray((inward < EDGE).any(1) & ~corner)
    return {"centre": np.asarray(~corner & ~edge), "edge": edge, "corner": corner}


MAP_CELLS = 96
"""Cells of a map of residuals, about square. Chosen for a look at a report, not measured: each
holds some tiles of each pair."""

LEAST_IN_CELL = 5
"""Tiles without which the median of a cell says nothing. Chosen, not measured."""


def residual_map(places: Points, lengths: Floats, size: tuple[int, int]) -> Floats:
    """Median residual in each cell of a grid over the canvas, row by row.

    Parameters
    ----------
    places : (N, 2) float64 ndarray
        Where each was found, pixels.
    lengths : (N,) float64 ndarray
        Length of each.
    size : tuple of int
        Width and height of the canvas, pixels.

    Returns
    -------
    (rows, columns) float64 ndarray
        In the unit of `lengths`; NaN where too few were found.
    """
    rows = int(np.clip(round(np.sqrt(MAP_CELLS * size[1] / size[0])), 2, MAP_CELLS // 2))
    columns = max(2, round(MAP_CELLS / rows))
    cell = np.floor((places + 0.5) / size * (columns, rows)).astype(int)
    x, y = np.clip(cell, 0, (columns - 1, rows - 1)).T
    found = np.full(rows * columns, np.nan)
    order = np.argsort(y * columns + x, kind="stable")
    cells, starts = np.unique((y * columns + x)[order], return_index=True)
    for index, inside in zip(cells, np.split(lengths[order], starts[1:]), strict=True):
        if len(inside) >= LEAST_IN_CELL:
            found[index] = np.median(inside)
    return found.reshape(rows, columns)


def summary(places: Points, lengths: Floats, size: tuple[int, int]) -> Residual | None:
    """Summarise residual lengths at places; None if there are none."""
    if not len(lengths):
        return None
    share = places / size
    ring = lengths[((share < EDGE) | (share > 1 - EDGE)).any(1)]
    return Residual(
        float(np.median(lengths)),
        float(np.percentile(lengths, 95)),
        float(np.percentile(ring if len(ring) else lengths, 95)),
        len(lengths),
        {
            name: Zone(float(np.median(lengths[m])), float(np.percentile(lengths[m], 95)))
            for name, m in zone_masks(places, size).items()
            if m.any()
        },
    )
