"""Parallax of a hand that moved far: from features over a plane sweep to tiles.

Where near things lie beyond the reach of tiles, features tell matrices and travel, a sweep over
depths finds how deep everything is, and tiles, placed by both, bring the precision. What each frame
is focused on is told apart from depth: it need not be where focus sweeps through the scene.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from focusstack.alignment.parallax.depth_and_travel import Geometry, SeenTiles
from focusstack.alignment.parallax.feature_travel import FeatureTravel
from focusstack.alignment.parallax.focused_depth import Focus, focus_of_frames
from focusstack.alignment.parallax.in_place import NOISE, SHARP
from focusstack.alignment.parallax.nearer_end import nearer_end
from focusstack.alignment.parallax.plane_sweep import Swept, swept_depth
from focusstack.alignment.parallax.search import FEWEST, Parallax
from focusstack.alignment.quality.held_out import HeldOut
from focusstack.alignment.tiles.measure import Round, detail_in, measure_pairs, on_canvas
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.geometry.coordinates import at_scale
from focusstack.geometry.field import Fields, undisplaced
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

EDGE_SIGMA = 0.0
"""Jumps of depth are not softened, as they are where the sharpest frame tells depth: a sweep sees
where things end (``python -m benchmarks.alignment``, *walk*)."""

BINS = 40
"""Depths at which frames are compared."""


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

    def placed(self) -> Fields:
        """Displacement of each frame."""
        scene, row = self.model.scene(self.index, EDGE_SIGMA), _rows(self.poses)
        return lambda i: scene.displacement(self.model.view(row[i])) if i in row else None


def find_far_parallax(
    series: Series, kept: Sequence[int], start: FeatureTravel, least: float
) -> Parallax | None:
    """Follow what features say, as far as tiles prove it.

    Parameters
    ----------
    series : Series
        The frames, in focus order.
    kept : sequence of int
        Those that have a place.
    start : FeatureTravel
        What features say.
    least : float
        How many tiles must agree, see `agreeing`.

    Returns
    -------
    Parallax or None
        None where tiles held out of the fit do not prove it, or fewer agree.
    """
    placed = start.matrices.copy()
    placed[[k for k in range(len(placed)) if k not in kept]] = np.nan
    poses = Poses.unbent(placed, series.reference, series.size)
    if len(poses.kept) < FEWEST or series.reference not in poses.kept:
        return None
    found: _Found | None = None
    travel = start.travel[poses.kept]
    for rounds in SWEEPS:
        found = _swept(series, poses, travel, _focus(series, found) if found else None)
        for how in rounds:
            found = _measured(series, found, how)
            series.advance()
            if found is None:
                return None
        if agreeing(series, found.poses, found.placed()) < least:
            return None
        poses, travel = found.poses, found.model.travel
    assert found is not None
    parallax = _concluded(series, found)
    return parallax if parallax.proven else None


def _rows(poses: Poses) -> dict[int, int]:
    return {frame: k for k, frame in enumerate(poses.kept)}


def _swept(series: Series, poses: Poses, travel: Floats, focus: Focus | None) -> _Found:
    kept = poses.kept
    still = Geometry.still(len(kept), kept.index(series.reference), series.size)
    model = replace(still, travel=travel)
    return _Found(poses, model, swept_depth(series, poses, travel, focus))


def _measured(series: Series, found: _Found, how: Round) -> _Found | None:
    """Correct matrices and travel by tiles; None where too few can be compared."""
    poses, model = found.poses, found.model
    tiles = list(measure_pairs(series, poses, how, found.placed(), found.index))
    if not tiles:
        return None
    seen = SeenTiles.of(tiles, _rows(poses))
    moved_model, corrections = model.solved(seen)
    moved = np.linalg.inv(corrections) @ poses.matrices[poses.kept]
    corrected = poses.moved(moved / moved[:, 2:, 2:], poses.bends[poses.kept])
    return _Found(corrected, moved_model, found.swept, (model, seen))


def agreeing(series: Series, poses: Poses, field: Fields = undisplaced) -> int:
    """Count the tiles of all pairs that agree.

    Parameters
    ----------
    series : Series
        The frames.
    poses : Poses
        Where they lie.
    field : callable, optional
        What is displaced besides of each frame index, proxy pixels.
    """
    measured = measure_pairs(series, poses, COUNTED, field)
    return sum(len(shifts.centres) for *_, shifts in measured)


def _concluded(series: Series, found: _Found) -> Parallax:
    poses, model, swept = found.poses, found.model, found.swept
    assert found.seen is not None
    before, tiles = found.seen
    held: HeldOut = before.held_out(tiles)
    focus = _focus(series, found)
    scene: SceneDepth = replace(model.scene(found.index, EDGE_SIGMA), slab=focus.slab)
    views: list[Viewpoint | None] = [None] * len(poses.matrices)
    guess = np.zeros(len(poses.matrices))
    guess[poses.kept] = model.guessed(found.index, np.float32(ASTRAY) * swept.guessed)
    for k, frame in enumerate(poses.kept):
        views[frame] = replace(model.view(k), focus=float(focus.planes[k]))
    scene = replace(scene, near=nearer_end(series, poses, scene, views))
    return Parallax(poses, scene, tuple(views), held, guess)


def _focus(series: Series, found: _Found) -> Focus:
    """On what the frames are focused, from how sharp they are at every depth."""
    model, swept, placed = found.model, found.swept, found.placed()
    sure, number = np.zeros(0), np.zeros(0, int)
    energies: list[Floats] = []
    for frame in found.poses.kept:
        detail = detail_in(series, frame, SHARP)
        height, width = detail.luma.shape
        field = found.poses.field(frame, placed(frame))
        field = field and field.reduced(SHARP.scale, width, height)
        H = at_scale(found.poses.matrices[frame], 1 / SHARP.scale)
        seen = on_canvas(detail, H, series.gains[frame], field)
        if not energies:
            size = (width, height)
            deep = cv2.resize(model.depth(found.index), size, interpolation=cv2.INTER_AREA)
            number = np.clip(((deep + 0.5) * BINS).astype(int), 0, BINS - 1).ravel()
            unsure = cv2.resize(swept.guessed, size, interpolation=cv2.INTER_AREA)
            sure = 1 - unsure.ravel().astype(float)
        squared = np.square(seen.luma).ravel()
        squared -= np.float32(NOISE) * np.median(squared)
        energies.append(np.maximum(np.bincount(number, squared * sure, BINS), 0))
    share = np.bincount(number, sure, BINS) / max(float(sure.sum()), 1e-9)
    return focus_of_frames(np.stack(energies, 1), share)
