"""Fit coverage and colour of layers to the frames.

Coverage and colour go through a logistic curve, so they stay within 0 and 1, and are changed by
Adam (D. P. Kingma and J. Ba, ICLR 2015): each value moves at a rate of its own, which suits colours
that few frames see and coverage whose rim is a pixel wide. Gauss and Newton's steps with conjugate
gradients reached less in twice the time. First at half the size, then at full.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from focusstack.fusion.layers.blur import Blur
from focusstack.fusion.layers.rendering import Layers, View
from focusstack.fusion.layers.start import Start
from focusstack.fusion.layers.tile import Tile, doubled, halved
from focusstack.numeric.arrays import Float32

RATE = 0.2
"""Step of the logits: with a third of it, *thin stems* end 1.4 dB lower, with more no higher.
Benchmark: ``python -m benchmarks.fusion``."""

COARSE_STEPS, STEPS = 40, 30
"""At half the size and at full size. Benchmark: as `RATE`."""

RIM = 1.0
"""Price of a pixel of outline of coverage, in the units of the mean square of weighted
residuals."""

DECIDED = 1.0
"""Price of coverage of a half: nearly everything covers a pixel or does not."""

UNSEEN = 7.0
"""Price of a change of colour from pixel to pixel where a layer is hidden."""

TINY_COVER, TINY_COLOUR = 1e-2, 3e-3
"""Differences from which on the prices above grow evenly. Chosen, not measured."""


@dataclass(frozen=True)
class Schedule:
    """How long a fit goes on.

    Attributes
    ----------
    steps : int
        Of the descent.
    rate : float
        Change of the logits to the step.
    growing : int
        Steps over which the price of undecided coverage grows.
    """

    steps: int
    rate: float = RATE
    growing: int = 1


def fit(tile: Tile, start: Start, blur: Blur, coarse: Layers | None = None) -> Layers:
    """Fit layers to a square from coarse to fine.

    Parameters
    ----------
    tile : Tile
        The square, with an even number of rows and columns.
    start : Start
        Where to begin.
    blur : Blur
        Of the stack.
    coarse : Layers, optional
        What `coarsely` gave, if that was asked already.
    """
    first, coarse = start.layers, coarse or coarsely(tile, start, blur)
    colour = first.colour + doubled(coarse.colour - halved(first.colour))
    view = View(start.depths, tile.focus.tolist(), blur)
    return descend(tile, view, Layers(doubled(coarse.cover), colour), Schedule(STEPS))


def coarsely(tile: Tile, start: Start, blur: Blur) -> Layers:
    """Fit layers to a square at half its size."""
    half = Layers(halved(start.layers.cover), halved(start.layers.colour))
    blur = Blur(blur.step / 2, blur.softness)
    view = View(halved(start.depths), tile.focus.tolist(), blur)
    return descend(tile.halved(), view, half, Schedule(COARSE_STEPS, growing=20))


def descend(tile: Tile, view: View, layers: Layers, schedule: Schedule) -> Layers:
    """Change layers so that the view of them comes nearer to what frames show.

    Parameters
    ----------
    tile : Tile
        What the frames show.
    view : View
        Of the same frames.
    layers : Layers
        Where to begin.
    schedule : Schedule
        How far to go.
    """
    weight = tile.weight**2 / np.float32(tile.light.shape[0] * tile.light.shape[1])
    cover, colour = _Logits(layers.cover, 0.01), _Logits(layers.colour, 1e-3)
    for step in range(schedule.steps):
        seen = view.render(layers)
        by_cover, by_colour = view.slopes(weight * (seen.light - tile.light), seen, layers)
        decided = DECIDED * min(1.0, step / schedule.growing)
        by_cover += _rim_slope(layers.cover) + np.float32(decided) * (1 - 2 * layers.cover)
        by_cover[-1] = 0
        by_colour += _unseen_slope(layers)
        rate = schedule.rate
        layers = Layers(cover.moved(by_cover, rate), colour.moved(by_colour, rate))
        layers.cover[-1] = 1
    return layers


class _Logits:
    """Values within 0 and 1 on their way down."""

    def __init__(self, values: Float32, least: float) -> None:
        inside = np.clip(values, least, 1 - least)
        self._at = np.log(inside / (1 - inside)).astype(np.float32)
        self._mean, self._square = np.zeros_like(self._at), np.zeros_like(self._at)
        self._values = np.asarray(inside, np.float32)
        self._steps = 0

    def moved(self, slope: Float32, rate: float) -> Float32:
        """Take one step of Adam against a slope, and return the values."""
        slope = slope * self._values * (1 - self._values)
        self._steps += 1
        self._mean += np.float32(0.1) * (slope - self._mean)
        self._square += np.float32(0.01) * (slope * slope - self._square)
        # Both means began at zero, and are too small by as much as they still remember of it.
        mean = self._mean / np.float32(1 - 0.9**self._steps)
        square = self._square / np.float32(1 - 0.99**self._steps)
        self._at -= np.float32(rate) * mean / (np.sqrt(square) + np.float32(1e-9))
        self._values = np.asarray(1 / (1 + np.exp(-self._at)), np.float32)
        return self._values.copy()


def _rim_slope(cover: Float32) -> Float32:
    """Slope of the price of outlines."""
    return np.float32(RIM) * _total_variation_slope(cover, TINY_COVER, None)


def _unseen_slope(layers: Layers) -> Float32:
    """Slope of the price of colours that change where they are not seen."""
    unseen = 1 - layers.shares()
    found = _total_variation_slope(layers.colour, TINY_COLOUR, unseen[:, None])
    return np.float32(UNSEEN) * found


def _total_variation_slope(planes: Float32, tiny: float, price: Float32 | None) -> Float32:
    """Slope of the sum of absolute differences of neighbours, rounded off where they are `tiny`."""
    out = np.zeros_like(planes)
    for axis in (-1, -2):
        change = np.diff(planes, axis=axis)
        change /= np.abs(change) + np.float32(tiny)
        if price is not None:
            change *= price[..., : change.shape[-2], : change.shape[-1]]
        before, after = [slice(None)] * planes.ndim, [slice(None)] * planes.ndim
        before[axis], after[axis] = slice(None, -1), slice(1, None)
        out[tuple(before)] -= change
        out[tuple(after)] += change
    return out
