"""Parallax of a hand-held stack: where each frame was taken from, and how deep the scene is.

Two things are measured. Where each part of the picture is sharpest gives its place in the focus
sweep; tiles on many pairs of frames give displacements. Between frames ``i`` and ``j`` a part at
relative inverse depth ``d`` moves by ``d · (travel_j - travel_i)``, and ``d`` is one monotone
function of the place in the sweep for the whole scene: with a few numbers for the depth of each
plane of focus and three for each frame, all tiles are explained at once. Thin things before a far
wall follow too, which no smooth field of displacements does.

Depth and travel are solved in turn by robust least squares, together with corrections of the
matrices, which without parallax in the model had settled on a compromise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from focusstack.alignment.parallax.depth_and_travel import Geometry, SeenTiles
from focusstack.alignment.parallax.focus_index import focus_index
from focusstack.alignment.quality.held_out import HeldOut
from focusstack.alignment.tiles.measure import Round, measure_pairs
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.geometry.field import Field
from focusstack.geometry.parallax import SceneDepth, Viewpoint, seen_from
from focusstack.numeric.arrays import Float32, Floats

ROUNDS = (
    Round(0.25, 1.0, 6.0, 48),
    Round(0.5, 1.0, 6.0, 48),
    Round(1, 1.0, 6.0, 64),
    Round(1, 1.0, 6.0, 64),
)
"""How tiles are measured: coarse to fine, each with the depth map that the one before made possible
(``python -m benchmarks.alignment``, *parallax*)."""

PROVEN_SHARE = 0.7
"""Parallax that brings the held-out residual below this share of the matrices' is proven; blurred
edges that grow gain less (``python -m benchmarks.alignment``, *strong blur*)."""

LIKELY_SHARE = 0.95
"""A smaller gain is enough where nothing else explains more, if nearly all pairs gain: where a
camera was shows in each of its pairs, while the growth of blurred edges, which can look like depth,
helps some and harms others. In rendered stacks without parallax at most 0.7 of the pairs gain, in
hand-held ones of scenes in depth 0.91 and more (``python -m benchmarks.alignment``)."""

COARSE = 2
"""Rounds after which it shows whether it is worth while to go on."""

FEWEST = 3
"""Frames without which depth and travel cannot be told apart."""


@dataclass(frozen=True)
class Parallax:
    """What explains the displacements.

    Attributes
    ----------
    poses : Poses
        Corrected: where frames lie at depth zero.
    scene : SceneDepth
        In proxy pixels.
    views : tuple of Viewpoint or None
        Of each frame, in proxy pixels; None for frames left out.
    held_out : HeldOut
        What tiles that the fit has not seen say.
    guessed_px : (n,) float64 ndarray
        By how much each frame may be misplaced because depth is guessed where nothing is sharp:
        root mean square over the picture, proxy pixels.
    """

    poses: Poses
    scene: SceneDepth
    views: tuple[Viewpoint | None, ...]
    held_out: HeldOut
    guessed_px: Floats

    @property
    def proven(self) -> bool:
        """Whether tiles held out of the fit confirm it."""
        return self.held_out.share < PROVEN_SHARE

    @property
    def likely(self) -> bool:
        """Whether they gain little by it, but in nearly all pairs of frames."""
        return self.held_out.shared(LIKELY_SHARE)

    def added_to(self, index: int, field: Field) -> Field | None:
        """Displacement of a frame in proxy pixels, with a smooth field on top."""
        return seen_from(self.scene, self.views[index], field)


@dataclass(frozen=True)
class Search:
    """Parallax as found in the rounds so far.

    Attributes
    ----------
    poses : Poses
        Corrected.
    model : Geometry
        Depth and travel.
    index, guessed : (h, w) float32 ndarray
        Place of everything in the focus sweep, and how far that is a guess.
    seen : tuple of Geometry and SeenTiles, optional
        What the last round started from, and its tiles.
    """

    series: Series
    poses: Poses
    model: Geometry
    index: Float32
    guessed: Float32
    seen: tuple[Geometry, SeenTiles] | None = None

    @cached_property
    def held_out(self) -> HeldOut:
        """What tiles of the last round that the fit has not seen say."""
        assert self.seen is not None
        before, tiles = self.seen
        return before.held_out(tiles)

    @classmethod
    def begun(cls, series: Series, poses: Poses) -> Search | None:
        """Look at reduced proxies; None where there is too little to measure parallax by.

        Parameters
        ----------
        series : Series
            The frames, in focus order.
        poses : Poses
            Where they lie.
        """
        kept = poses.kept
        if len(kept) < FEWEST:
            return None
        still = Geometry.still(len(kept), kept.index(series.reference), series.size)
        unknown = np.zeros(series.size[::-1], np.float32)
        search = cls(series, poses, still, unknown, unknown)
        return search._after(ROUNDS[:COARSE])

    def ended(self) -> Parallax | None:
        """Look at the proxies in full; None where too few tiles can be compared."""
        search = self._after(ROUNDS[COARSE:])
        return None if search is None else search._parallax()

    def _after(self, rounds: Sequence[Round]) -> Search | None:
        search: Search | None = self
        for how in rounds:
            search = search and search._next(how)
            self.series.advance()
        return search

    def _next(self, how: Round) -> Search | None:
        """The search after one more round."""
        series, poses, model = self.series, self.poses, self.model
        kept = poses.kept
        row = {frame: k for k, frame in enumerate(kept)}

        def placing(index: Float32, in_focus: bool) -> Callable[[int], Field | None]:
            if model.is_still:
                return lambda i: None  # noqa: ARG005
            scene = model.scene(index)
            return lambda i: scene.displacement(model.view(row[i]), in_focus=in_focus)

        index, guessed = focus_index(series, poses, placing(self.index, True), how.scale)
        placed = placing(index, False)
        found = list(measure_pairs(series, poses, how, placed, index))
        if not found:
            return None
        tiles = SeenTiles.of(found, row)
        moved_model, corrections = model.solved(tiles)
        moved = np.linalg.inv(corrections) @ poses.matrices[kept]
        corrected = poses.moved(moved / moved[:, 2:, 2:], poses.bends[kept])
        return Search(series, corrected, moved_model, index, guessed, (model, tiles))

    def _parallax(self) -> Parallax:
        poses, model = self.poses, self.model
        views: list[Viewpoint | None] = [None] * len(poses.matrices)
        for k, i in enumerate(poses.kept):
            views[i] = model.view(k)
        guess_px = np.zeros(len(poses.matrices))
        guess_px[poses.kept] = model.guessed(self.index, self.guessed)
        return Parallax(poses, model.scene(self.index), tuple(views), self.held_out, guess_px)


def find_parallax(series: Series, poses: Poses) -> Parallax | None:
    """Measure parallax to the end; None where there is too little to measure it by."""
    search = Search.begun(series, poses)
    return None if search is None else search.ended()
