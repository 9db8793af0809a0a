"""Parallax of a hand that moved far: from features over a plane sweep to tiles.

Where near things lie beyond the reach of tiles, features tell matrices and travel, a sweep over
depths finds how deep everything is, and tiles, placed by both, bring the precision. What each frame
is focused on is told apart from depth: it need not be where focus sweeps through the scene.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from focusstack.alignment.parallax.depth_and_travel import Geometry, SeenTiles
from focusstack.alignment.parallax.feature_travel import FeatureTravel
from focusstack.alignment.parallax.focus_index import focus_index
from focusstack.alignment.parallax.plane_sweep import Swept, swept_depth
from focusstack.alignment.parallax.search import FEWEST, Parallax
from focusstack.alignment.quality.held_out import HeldOut, weighted_quantile
from focusstack.alignment.tiles.measure import Round, measure_pairs
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.geometry.field import Field
from focusstack.geometry.parallax import SceneDepth, Viewpoint
from focusstack.numeric.arrays import Float32, Floats

SWEEPS = (
    (Round(0.5, 1.0, 6.0, 48),),
    (Round(1, 1.0, 6.0, 64), Round(1, 1.0, 6.0, 64)),
)
"""How tiles are measured after each sweep: features are good to a pixel, tiles to less, and the
second sweep sees what the first blurred (``python -m benchmarks.alignment``, *walk*)."""

COUNTED = Round(0.5, 1.0, 6.0, 48)
"""Tiles that are counted with and without parallax: more must agree with it. They see five pixels,
so that what matrices alone nearly explain counts for them."""

ASTRAY = 0.3
"""Share of the places without detail whose depth a sweep takes from the wrong neighbour. Chosen."""

IN_FOCUS_SHARE = 0.8
"""Share of what is sharpest in a frame that its slab must hold."""

LEAST_FOCUS = 0.002
"""Share of the picture that must be sharpest in a frame for its focus to be told by it."""


@dataclass(frozen=True)
class _Found:
    """Where frames lie, how far they travelled, how deep everything is, and the last tiles."""

    poses: Poses
    model: Geometry
    swept: Swept
    seen: tuple[Geometry, SeenTiles] | None = None

    @property
    def index(self) -> Float32:
        """Depth as `Geometry` takes it: along planes that lie evenly between both ends."""
        return (self.swept.depth + np.float32(0.5)) * np.float32(self.model.count - 1)

    def placed(self, series: Series) -> Callable[[int], Field | None]:
        """Displacement of each frame."""
        scene, row = self.model.scene(self.index), _rows(self.poses)
        return lambda i: scene.displacement(self.model.view(row[i])) if i in row else None


def find_far_parallax(series: Series, matrices: Poses, start: FeatureTravel) -> Parallax | None:
    """Follow what features say, as far as tiles prove it.

    Parameters
    ----------
    series : Series
        The frames, in focus order.
    matrices : Poses
        Where they lie by matrices alone: what parallax has to explain more than.
    start : FeatureTravel
        What features say.

    Returns
    -------
    Parallax or None
        None where tiles held out of the fit do not prove it, or fewer agree than with matrices.
    """
    placed = start.matrices.copy()
    placed[[k for k in range(len(placed)) if k not in matrices.kept]] = np.nan
    poses = Poses.unbent(placed, series.reference, series.size)
    if len(poses.kept) < FEWEST or series.reference not in poses.kept:
        return None
    found: _Found | None = None
    travel = start.travel[poses.kept]
    for rounds in SWEEPS:
        found = _swept(series, poses, travel)
        for how in rounds:
            found = _measured(series, found, how)
            series.advance()
            if found is None:
                return None
        poses, travel = found.poses, found.model.travel
    assert found is not None
    if _agreeing(series, found) < _agreeing(series, matrices):
        return None
    parallax = _concluded(series, found)
    return parallax if parallax.proven else None


def _rows(poses: Poses) -> dict[int, int]:
    return {frame: k for k, frame in enumerate(poses.kept)}


def _swept(series: Series, poses: Poses, travel: Floats) -> _Found:
    kept = poses.kept
    still = Geometry.still(len(kept), kept.index(series.reference), series.size)
    model = replace(still, travel=travel)
    return _Found(poses, model, swept_depth(series, poses, travel))


def _measured(series: Series, found: _Found, how: Round) -> _Found | None:
    """Correct matrices and travel by tiles; None where too few can be compared."""
    poses, model = found.poses, found.model
    tiles = list(measure_pairs(series, poses, how, found.placed(series), found.index))
    if not tiles:
        return None
    seen = SeenTiles.of(tiles, _rows(poses))
    moved_model, corrections = model.solved(seen)
    moved = np.linalg.inv(corrections) @ poses.matrices[poses.kept]
    corrected = poses.moved(moved / moved[:, 2:, 2:], poses.bends[poses.kept])
    return _Found(corrected, moved_model, found.swept, (model, seen))


def _agreeing(series: Series, found: _Found | Poses) -> int:
    """How many tiles of all pairs agree."""
    if isinstance(found, Poses):
        measured = measure_pairs(series, found, COUNTED)
    else:
        measured = measure_pairs(series, found.poses, COUNTED, found.placed(series))
    return sum(len(shifts.centres) for *_, shifts in measured)


def _concluded(series: Series, found: _Found) -> Parallax:
    poses, model, swept = found.poses, found.model, found.swept
    assert found.seen is not None
    before, tiles = found.seen
    held: HeldOut = before.held_out(tiles)
    depth = model.depth(found.index).astype(np.float32)
    sharpest, unknown = focus_index(series, poses, found.placed(series))
    planes, slab = focus_of_frames(sharpest, (1 - unknown) * (1 - swept.guessed), depth, model.count)
    scene: SceneDepth = replace(model.scene(found.index), slab=slab)
    views: list[Viewpoint | None] = [None] * len(poses.matrices)
    guess = np.zeros(len(poses.matrices))
    guess[poses.kept] = model.guessed(found.index, np.float32(ASTRAY) * swept.guessed)
    for k, frame in enumerate(poses.kept):
        views[frame] = replace(model.view(k), focus=float(planes[k]))
    return Parallax(poses, scene, tuple(views), held, guess)


def focus_of_frames(
    sharpest: Float32, sure: Float32, depth: Float32, count: int
) -> tuple[Floats, float]:
    """At which depth each frame is focused, and how far about it things are in focus.

    Parameters
    ----------
    sharpest : (h, w) float32 ndarray
        Index of the frame, from 0, in which each place is sharpest.
    sure : (h, w) float32 ndarray
        How sure that is, 0..1.
    depth : (h, w) float32 ndarray
        Relative inverse depth.
    count : int
        Number of frames.

    Returns
    -------
    planes : (count,) float64 ndarray
        Depth in focus, which rises or falls throughout.
    slab : float
        Distance from it within which most of what is sharpest in a frame lies.

    Examples
    --------
    >>> frame = np.repeat(np.arange(4, dtype=np.float32), 25).reshape(10, 10)
    >>> planes, slab = focus_of_frames(frame, np.ones_like(frame), frame / 4 - 0.5, 4)
    >>> planes.tolist(), round(slab, 2)
    ([-0.5, -0.25, 0.0, 0.25], 0.25)
    """
    place, weight, deep = sharpest.ravel(), sure.ravel().astype(float), depth.ravel().astype(float)
    shares = [weight * np.maximum(1 - np.abs(place - k), 0) for k in range(count)]
    total = np.array([share.sum() for share in shares])
    told = total > LEAST_FOCUS * len(place)
    if not told.any():
        return np.zeros(count), 1.0
    middle = np.array([weighted_quantile(deep, s) for s, t in zip(shares, told, strict=True) if t])
    planes = _monotone(middle, total[told])
    planes = np.interp(np.arange(count), np.flatnonzero(told), planes)
    away = np.concatenate([np.abs(deep - plane) for plane in planes])
    slab = weighted_quantile(away, np.concatenate(shares), IN_FOCUS_SHARE)
    return planes, float(max(slab, np.abs(np.diff(planes)).mean()))


def _monotone(values: Floats, weight: Floats) -> Floats:
    """The nearest values that rise throughout, or fall throughout, whichever is nearer."""
    up, down = _rising(values, weight), -_rising(-values, weight)
    apart = [float(weight @ np.square(found - values)) for found in (up, down)]
    return up if apart[0] <= apart[1] else down


def _rising(values: Floats, weight: Floats) -> Floats:
    """Least-squares values that rise (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []
    for value, share in zip(values.tolist(), weight.tolist(), strict=True):
        pools.append((value, share, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, u, m), (b, v, n) = pools[-2:]
            pools[-2:] = [((a * u + b * v) / (u + v), u + v, m + n)]
    return np.concatenate([np.full(n, value) for value, _, n in pools])
