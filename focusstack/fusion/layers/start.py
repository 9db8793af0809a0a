"""Where a fit of layers begins: today's composite, cut by today's depth."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.layers.rendering import Layers
from focusstack.fusion.layers.tile import Tile
from focusstack.fusion.levels.pull_push import halvings, pull_push
from focusstack.numeric.arrays import Float32, Floats, Mask

MOST = 4
"""Layers of a square at most: with six, fits gained no more than 0.1 dB and took half as long
again. Benchmark: ``python -m benchmarks.fusion``, *thin stems*."""

LEAST = 0.004
"""Share of a square that a layer has at first, at least. Chosen, not measured."""

APART_PX = 0.7
"""Pixels of blur by which layers differ in a frame, at least: what differs less is one layer."""

UNEVEN = 1.0
"""Frames by which depth varies over three pixels where it is on its way from near to far, and so
neither. Benchmark: ``python -m benchmarks.fusion``, *strong blur*."""

PRESENT, ABSENT, HIDDEN = 0.95, 0.03, 0.5
"""Coverage of a layer at first where it is seen, where one behind it is, and where one before it
is: thin things are found although depth does not show them, as nothing is ruled out."""

SMOOTH_PX = 3.0
"""Pixels over which depth within a layer is smoothed. Chosen, not measured."""

SOFT_PX = 2.0
"""Pixels over which coverage is softened at first, as depth does not end just where things do: with
0.7, *thin stems* end 0.3 dB lower. Benchmark: ``python -m benchmarks.fusion``."""

LITTLE = np.float32(1e-3)
"""Weight beneath which a mean is not its own: of no unit, chosen, not measured."""

ROUNDS = 12
"""Of the search for modes of depth, which settles in fewer."""


@dataclass(frozen=True, eq=False)
class Start:
    """Layers before they are fitted, the nearest first.

    Attributes
    ----------
    depths : (K, H, W) float32 ndarray
        In frames, continued where a layer is not seen.
    layers : Layers
        Soft coverage, so that a fit may move it.
    today : Layers
        Today's composite cut by depth: seen sharp it is the composite.
    """

    depths: Float32
    layers: Layers
    today: Layers


def start_from(tile: Tile, near: int, step: float) -> Start:
    """Cut a square into layers by the modes of its depth.

    Parameters
    ----------
    tile : Tile
        The square.
    near : int
        1 if the first frames are focused nearest, -1 if the last ones are.
    step : float
        Pixels of blur to the focus step.
    """
    depth = settled(tile.depth, tile.sure)
    centres = modes(depth, APART_PX / step)[::near]
    label = np.abs(centres[:, None, None] - depth).argmin(0)
    number = np.clip(np.rint(depth), tile.focus[0], tile.focus[-1])
    nearest = np.abs(tile.focus[:, None, None] - number).argmin(0)
    own = np.take_along_axis(tile.light, nearest[None, None], 0)[0]
    depths, covers, colours, hard, now = [], [], [], [], []
    for k in range(len(centres)):
        here = label == k
        core = _core(here)
        within = depth[core]
        deep = continued(depth[None], core)[0]
        deep = cv2.GaussianBlur(deep, (0, 0), SMOOTH_PX)
        depths.append(np.clip(deep, within.min(), within.max()))
        colours.append(continued(own, core))
        now.append(np.where(here, tile.today, continued(tile.today, here)))
        hard.append(here)
        cover = np.where(here, PRESENT, np.where(label < k, HIDDEN, ABSENT)).astype(np.float32)
        covers.append(cv2.GaussianBlur(cover, (0, 0), SOFT_PX))
    covers[-1], hard[-1] = np.ones_like(depth), np.ones_like(depth)
    soft = Layers(np.stack(covers), np.stack(colours))
    return Start(np.stack(depths), soft, Layers(_floats(hard), _floats(now)))


def settled(depth: Float32, sure: Mask) -> Float32:
    """Depth that is near or far: where it is on its way, or not known, that of the nearest place.

    Parameters
    ----------
    depth : (H, W) float32 ndarray
        In frames.
    sure : (H, W) bool ndarray
        Where it is known.
    """
    calm = cv2.medianBlur(depth, 5)
    beside = np.ones((3, 3), np.uint8)
    uneven = cv2.morphologyEx(calm, cv2.MORPH_GRADIENT, beside)
    open_ = (uneven >= UNEVEN) | ~sure
    if open_.mean() > 0.95:  # as good as nothing is known
        return np.asarray(calm, np.float32)
    _, place = cv2.distanceTransformWithLabels(
        open_.view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_place = np.zeros(int(place.max()) + 1, np.float32)
    of_place[place[~open_]] = calm[~open_]
    return np.asarray(cv2.medianBlur(of_place[place], 5), np.float32)


def modes(depth: Float32, apart: float) -> Floats:
    """Return depths that a square gathers about, in rising order, at most `MOST`.

    Parameters
    ----------
    depth : (H, W) float32 ndarray
        In frames.
    apart : float
        Frames that modes lie apart at least.
    """
    values = np.sort(depth, axis=None).astype(np.float64)
    low, high = values[len(values) // 100], values[-1 - len(values) // 100]
    centres = np.linspace(low, high, MOST)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    for _ in range(ROUNDS):
        cuts = np.searchsorted(values, (centres[1:] + centres[:-1]) / 2)
        ends = np.concatenate([[0], cuts, [len(values)]])
        number = np.diff(ends)
        mean = np.diff(sums[ends]) / np.maximum(number, 1)
        centres = np.where(number > 0, mean, centres)
    kept = number >= max(LEAST * len(values), 1)
    centres, number = centres[kept], number[kept]
    while len(centres) > 1 and np.diff(centres).min() < apart:
        k = int(np.diff(centres).argmin())
        both = number[k] + number[k + 1]
        centres[k] = (centres[k] * number[k] + centres[k + 1] * number[k + 1]) / both
        number[k] = both
        centres, number = np.delete(centres, k + 1), np.delete(number, k + 1)
    return np.asarray(centres)


def continued(planes: Float32, known: Mask) -> Float32:
    """Planes ``(C, H, W)`` as they are where `known`, and smoothly continued elsewhere."""
    weight = known.astype(np.float32)
    rounds = halvings(*known.shape) + 2
    filled = [pull_push(plane * weight, weight, rounds, _blended) for plane in planes]
    return np.asarray(np.stack(filled), np.float32)


def _blended(value: Float32, weight: Float32, coarser: Float32) -> Float32:
    """Own means as far as there is weight, the coarser ones for the rest."""
    share = np.clip(weight, 0, 1)
    own = value / np.maximum(weight, LITTLE)
    return np.asarray(np.where(share > LITTLE, share * own + (1 - share) * coarser, coarser))


def _core(here: Mask) -> NDArray[np.bool_]:
    """A region without its rim, if something of it is left."""
    core = cv2.erode(here.view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.asarray(core if core.sum() >= 20 else here)


def _floats(planes: list[Float32]) -> Float32:
    return np.stack(planes).astype(np.float32)
