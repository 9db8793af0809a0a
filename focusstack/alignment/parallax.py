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

import numpy as np

from focusstack.alignment.focus_index import focus_index
from focusstack.alignment.measure import Round, measure_pairs
from focusstack.alignment.travel import Geometry, SeenTiles
from focusstack.geometry import normalised
from focusstack.parallax import SceneDepth, Viewpoint
from focusstack.proxies import Proxy
from focusstack.resample import Field
from focusstack.typing import Float32, Matrix

ROUNDS = (
    Round(0.25, 1.0, 6.0, 48),
    Round(0.5, 1.0, 6.0, 48),
    Round(1, 1.0, 6.0, 64),
    Round(1, 1.0, 6.0, 64),
)
"""Coarse to fine, each with the depth map that the one before made possible."""

PROVEN_SHARE = 0.7
"""Parallax must bring the held-out residual below this share of the matrices'."""

FEWEST = 3
"""Frames without which depth and travel cannot be told apart."""


@dataclass(frozen=True)
class Parallax:
    """What explains the displacements.

    Attributes
    ----------
    matrices : (n, 3, 3) float64 ndarray
        Corrected: proxy pixel to reference proxy pixel at depth zero.
    scene : SceneDepth
        In proxy pixels.
    views : tuple of Viewpoint or None
        Of each frame, in proxy pixels; None for frames left out.
    before, after : float
        Held-out residual with matrices alone and with parallax, proxy pixels.
    """

    matrices: Matrix
    scene: SceneDepth
    views: tuple[Viewpoint | None, ...]
    before: float
    after: float

    @property
    def proven(self) -> bool:
        """Whether tiles held out of the fit confirm it."""
        return self.after < PROVEN_SHARE * self.before

    def added_to(self, index: int, field: Field) -> Field:
        """Displacement of a frame in proxy pixels, with a smooth field on top."""
        view = self.views[index]
        return field if view is None else self.scene.displacement(view, field)


def find_parallax(
    load: Callable[[int], Proxy],
    H: Matrix,
    reference: int,
    pairs: Sequence[tuple[int, int]],
    gains: Sequence[float],
    size: tuple[int, int],
    workers: int = 2,
    advance: Callable[[], None] = lambda: None,
) -> Parallax | None:
    """Measure parallax; None where there is too little to measure it by.

    Parameters
    ----------
    load, H, reference, pairs, gains, size, workers, advance
        As for `focusstack.alignment.refine.refine`; frames in focus order.
    """
    kept = [i for i in range(len(H)) if np.isfinite(H[i]).all()]
    if len(kept) < FEWEST:
        return None
    row = {frame: k for k, frame in enumerate(kept)}
    model = Geometry.still(len(kept), row[reference], size)
    H = H.copy()
    index = np.zeros(size[::-1], np.float32)
    before = after = 0.0
    for how in ROUNDS:
        state = model

        def sharp_place(i: int, state: Geometry = state, index: Float32 = index) -> Field:
            return state.scene(index).displacement(state.view(row[i]), in_focus=True)

        index = focus_index(load, H, gains, kept, sharp_place, min(1.0, 2 * how.scale))

        def place(i: int, state: Geometry = state, index: Float32 = index) -> Field:
            return state.scene(index).displacement(state.view(row[i]))

        found = list(measure_pairs(load, H, gains, pairs, how, place, workers, index))
        if not found:
            return None
        tiles = SeenTiles.of(found, row)
        before, after = state.held_out(tiles)
        model, corrections = state.solved(tiles)
        for k, i in enumerate(kept):
            H[i] = normalised(np.linalg.inv(corrections[k]) @ H[i])
        advance()
    views: list[Viewpoint | None] = [None] * len(H)
    for k, i in enumerate(kept):
        views[i] = model.view(k)
    return Parallax(H, model.scene(index), tuple(views), before, after)
