"""Is what layers say borne out? By frames that a fit has not seen, and by another fit of these.

Two fits share no frame. Where both change the composite alike, it is not noise that they follow.
Each foretells the frames of the other; that is compared with what today's composite and depth
foretell, and with what the same layers foretell if their visible colours are today's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from focusstack.fusion.layers.blur import Blur
from focusstack.fusion.layers.fitting import Schedule, coarsely, descend, fit
from focusstack.fusion.layers.rendering import Layers, View
from focusstack.fusion.layers.start import Start, start_from
from focusstack.fusion.layers.tile import BLIND, Tile, halved
from focusstack.images.colour import encode
from focusstack.numeric.arrays import Float32, Mask

FEWEST = 4
"""Frames that matter, at least: two to fit, and two to foretell."""

ALIKE = (0.5, 0.8)
"""Share of a change that two fits have in common beneath which it is not made, and from which on
all of it. Benchmark: ``python -m benchmarks.fusion``, *away from edges*."""

BETTER_THAN_DEPTH = (1.2, 1.5)
"""By how much, as a factor of the mean square, layers must foretell better than today's composite
blurred by depth. Benchmark: ``python -m benchmarks.fusion``, *steps*."""

BETTER_THAN_TODAY = (1.1, 1.25)
"""By how much layers must foretell better than with today's colours in them. Benchmark: as
above."""

EXPLAINED = (3.0, 6.0)
"""Mean square of residuals, by the usual, up to which a place counts as explained, and from which
on as not at all. Benchmark: ``python -m benchmarks.fusion``, *bristles*."""

COVERING, REACH_PX = 0.7, 8
"""Coverage from which on a layer has a rim, and pixels around one in which layers are used: what
blurs farther is faint. Benchmark: ``python -m benchmarks.fusion``, *thin stems*, away from
edges."""

NOISE_LEFT = 0.05
"""Mean square residual beneath which there is nothing to compare: no frame says anything there."""

TOO_LITTLE = 12
"""Pixels at half the size of which something might be borne out, for a square to be fitted: with
fewer, time is spent for nothing. Chosen, not measured."""

CHANGE_PX, RESIDUAL_PX, SEAM_PX = 2.5, 3.0, 1.0
"""Standard deviations of the windows over which changes and residuals are compared, and of how
softly what is adopted ends. Chosen, not measured."""

DETAIL, FINE_PX = (1.2, 2.5), 2.0
"""Mean square of detail in the sharpest frame, in units of noise, beneath which there is nothing
but noise, and from which on there is something; detail is what a Gaussian of so many pixels takes
away. Noise alone comes to 0.6, things in focus to 3 and more: measured before a background that is
blurred in all frames, and with ``python -m benchmarks.fusion``."""

LAST = Schedule(14, rate=0.1)
"""The fit to all frames begins between the other two, and is nearly there."""


@dataclass(frozen=True, eq=False)
class Finding:
    """What layers say of a square.

    Attributes
    ----------
    change : (C, H, W) float32 ndarray
        Of the encoded composite.
    adopted : (H, W) float32 ndarray
        How much of it is proven, 0..1.
    outside : (H, W) bool ndarray
        Where it makes a pixel brighter or darker than every frame by more than `BEYOND`.
    """

    change: Float32
    adopted: Float32
    outside: Mask


def find(tile: Tile, near: int, blur: Blur) -> Finding | None:
    """Fit layers to a square, and see what of it is borne out.

    Parameters
    ----------
    tile : Tile
        The square.
    near : int
        1 if the first frames are focused nearest, -1 if the last ones are.
    blur : Blur
        Of the stack.

    Returns
    -------
    Finding or None
        None if there is one layer only, too few frames, or nothing to be gained as far as half the
        size tells.
    """
    if len(tile.focus) < FEWEST:
        return None
    start = start_from(tile, near, blur.step)
    if len(start.depths) < 2:
        return None
    halves = tile.some(np.s_[0::2]), tile.some(np.s_[1::2])
    coarse = [coarsely(half, start, blur) for half in halves]
    if not promising(tile, start, blur, coarse):
        return None
    fits = [fit(half, start, blur, c) for half, c in zip(halves, coarse, strict=True)]
    by_layers, by_depth, with_today = (np.zeros(tile.depth.shape, np.float32) for _ in range(3))
    for layers, other in zip(fits, halves[::-1], strict=True):
        view = View(start.depths, other.focus.tolist(), blur)
        by_layers += residual(view, layers, other) / 2
        by_depth += residual(view, start.today, other) / 2
        with_today += residual(view, recoloured(layers, tile.today), other) / 2
    view = View(start.depths, tile.focus.tolist(), blur)
    whole = descend(tile, view, between(fits), LAST)
    today = encode(tile.today)
    changes = [encode(layers.sharp()) - today for layers in fits]
    least = np.float32(NOISE_LEFT)
    adopted = alike(changes)
    adopted *= ramp(by_depth / (by_layers + least), BETTER_THAN_DEPTH)
    adopted *= ramp(with_today / (by_layers + least), BETTER_THAN_TODAY)
    adopted *= explained(residual(view, whole, tile))
    adopted *= near_rims(whole)
    adopted *= seen_by_some(tile)
    adopted = np.asarray(cv2.GaussianBlur(adopted, (0, 0), SEAM_PX), np.float32)
    change = within_frames(encode(whole.sharp()), tile) - today
    return Finding(change, adopted, outside(today + adopted * change, tile))


def promising(tile: Tile, start: Start, blur: Blur, fits: Sequence[Layers]) -> bool:
    """Tell whether anything of a square might be borne out, from fits at half its size.

    Parameters
    ----------
    tile : Tile
        The square.
    start : Start
        Where the fits began.
    blur : Blur
        Of the stack.
    fits : sequence of Layers
        To every other frame, and to the others.
    """
    small, depths = tile.halved(), halved(start.depths)
    today = Layers(halved(start.today.cover), halved(start.today.colour))
    by_layers, by_depth = np.zeros((2, *small.depth.shape), np.float32)
    for k, layers in enumerate(fits):
        other = small.some(np.s_[1 - k :: 2])
        view = View(depths, other.focus.tolist(), Blur(blur.step / 2, blur.softness))
        by_layers += residual(view, layers, other) / 2
        by_depth += residual(view, today, other) / 2
    same = encode(small.today)
    might = alike([encode(layers.sharp()) - same for layers in fits])
    might *= ramp(by_depth / (by_layers + np.float32(NOISE_LEFT)), BETTER_THAN_DEPTH)
    return int(np.count_nonzero(might)) >= TOO_LITTLE


def residual(view: View, layers: Layers, tile: Tile) -> Float32:
    """Mean square of weighted differences ``(H, W)`` between layers and frames, nearby."""
    error = (view.render(layers).light - tile.light) * tile.weight
    square = np.asarray((error * error).mean((0, 1)), np.float32)
    return np.asarray(cv2.GaussianBlur(square, (0, 0), RESIDUAL_PX), np.float32)


def explained(left: Float32) -> Float32:
    """Where layers leave no more than elsewhere in their square: 1 there, 0 where they leave much.

    Parameters
    ----------
    left : (H, W) float32 ndarray
        Mean square of weighted residuals: 1 is the stack's noise, which detail that the composite
        lacks may have made seem larger than it is.
    """
    usual = min(1.0, float(np.median(left[BLIND:-BLIND, BLIND:-BLIND])))
    return 1 - ramp(left / np.float32(max(usual, NOISE_LEFT)), EXPLAINED)


def near_rims(layers: Layers) -> Float32:
    """Return 1 near the rim of what covers something, else 0: elsewhere a fuser does as well.

    Parameters
    ----------
    layers : Layers
        As fitted.
    """
    beside = np.ones((3, 3), np.uint8)
    rims = np.zeros(layers.cover.shape[1:], np.bool_)
    for cover in layers.cover[:-1]:
        there = (cover > COVERING).view(np.uint8)
        rims |= cv2.morphologyEx(there, cv2.MORPH_GRADIENT, beside) > 0
    reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * REACH_PX + 1, 2 * REACH_PX + 1))
    return np.asarray(cv2.dilate(rims.view(np.uint8), reach), np.float32)


def recoloured(layers: Layers, sharp: Float32) -> Layers:
    """Layers of the same coverage that give another sharp picture: least change of what is seen."""
    shares = layers.shares()
    change = (sharp - layers.sharp()) / (shares * shares).sum(0)
    return Layers(layers.cover, layers.colour + shares[:, None] * change[None])


def between(fits: Sequence[Layers]) -> Layers:
    """Layers between two fits: each colour as far as its fit covers the place with it."""
    odds = [np.clip(layers.cover, 0.003, 0.997) for layers in fits]
    logit = sum(np.log(p / (1 - p)) for p in odds) / np.float32(len(fits))
    weights = [(layers.cover + np.float32(0.02))[:, None] for layers in fits]
    colours = [layers.colour * w for layers, w in zip(fits, weights, strict=True)]
    cover = np.asarray(1 / (1 + np.exp(-logit)), np.float32)
    return Layers(cover, np.asarray(sum(colours) / sum(weights), np.float32))


def alike(changes: Sequence[Float32]) -> Float32:
    """How far two changes ``(C, H, W)`` agree, from 0 to 1."""
    # Their product, by the square of their mean: 1 if they are the same, 0 if one is noise.
    one, other = changes
    mean = (one + other) / 2
    common = cv2.GaussianBlur((one * other).sum(0), (0, 0), CHANGE_PX)
    whole = cv2.GaussianBlur((mean * mean).sum(0), (0, 0), CHANGE_PX)
    return ramp(common / np.maximum(whole, np.float32(1e-9)), ALIKE)


def ramp(values: Float32, between: tuple[float, float]) -> Float32:
    """0 up to the first bound, 1 from the second, even between."""
    low, high = between
    share = (values - np.float32(low)) / np.float32(high - low)
    return np.asarray(np.clip(share, 0, 1), np.float32)


BEYOND = 8 / 255
"""How far, encoded, the picture may go beyond what frames show about a pixel. What is thinner than
a focus step's blur is sharp in none of them. Benchmark: ``python -m benchmarks.fusion``, *thin
stems*."""


def seen_by_some(tile: Tile) -> Float32:
    """Where some frame shows more detail than noise: 1 there, 0 where none does.

    What is before or behind all planes of focus is sharp in no frame. Layers would make a rim of
    its blur, and nothing tells that there is one.
    """
    most = np.zeros(tile.depth.shape, np.float32)
    for light, weight in zip(tile.light, tile.weight, strict=True):
        blurred = np.stack([cv2.GaussianBlur(plane, (0, 0), FINE_PX) for plane in light])
        fine = np.square((light - blurred) * weight).mean(0)
        most = np.maximum(most, cv2.GaussianBlur(fine, (0, 0), RESIDUAL_PX))
    return ramp(most, DETAIL)


def outside(picture: Float32, tile: Tile) -> Mask:
    """Where an encoded picture ``(C, H, W)`` is beyond all frames by more than `BEYOND`."""
    low, high = encode(tile.light.min(0)), encode(tile.light.max(0))
    beyond = np.float32(BEYOND)
    return np.asarray(((picture < low - beyond) | (picture > high + beyond)).any(0))


def within_frames(sharp: Float32, tile: Tile) -> Float32:
    """Hold an encoded picture ``(C, H, W)`` to what frames show in a pixel and its neighbours."""
    beside = np.ones((3, 3), np.uint8)
    low = np.stack([cv2.erode(p, beside) for p in encode(tile.light.min(0))])
    high = np.stack([cv2.dilate(p, beside) for p in encode(tile.light.max(0))])
    beyond = np.float32(BEYOND)
    return np.asarray(np.clip(sharp, low - beyond, high + beyond), np.float32)
