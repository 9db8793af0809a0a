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
from focusstack.fusion.layers.rendering import Layers, Rendered, View
from focusstack.fusion.layers.start import Start
from focusstack.fusion.layers.tile import Tile, doubled, halved
from focusstack.numeric.arrays import Float32

RATE = 0.2
"""Step of the logits: with a third of it, *thin stems* end 1.4 dB lower, with more no higher.
Benchmark: ``python -m benchmarks.fusion``."""

COARSE_STEPS, STEPS = 40, 22
"""At half the size and at full size. Benchmark: as `RATE`."""

RIM = 1.0
"""Price of a pixel of outline of coverage, in the units of the mean square of weighted
residuals."""

DECIDED = 1.0
"""Price of coverage of a half: nearly everything covers a pixel or does not."""

UNSEEN = 7.0
"""Price of a change of colour from pixel to pixel where a layer is hidden."""

FORGET, FORGET_SQUARE = 0.2, 0.05
"""What the mean slope, and the mean of its square, forget at each step. Benchmark: as `RATE`."""

AT_ONCE = 3
"""Frames that are asked at each step of the descent: they take turns. Benchmark: as `RATE`."""

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
    turns = max(1, round(view.frames / AT_ONCE))
    weight *= turns
    some = [np.s_[turn::turns] for turn in range(turns)]
    views = [view.some(which) for which in some]
    seen: list[Rendered | None] = [None] * turns
    for step in range(schedule.steps):
        turn = step % turns
        seen[turn] = shown = views[turn].render(layers, seen[turn])
        error = shown.light - tile.light[some[turn]]
        error *= weight[some[turn]]
        by_cover, by_colour = views[turn].slopes(error, shown, layers)
        decided = DECIDED * min(1.0, step / schedule.growing)
        by_cover += np.float32(decided) * (1 - 2 * layers.cover)
        _add_slopes(layers, by_cover, by_colour)
        by_cover[-1] = 0
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
        from focusstack.fusion.layers.loops.fitting import step

        self._steps += 1
        # Both means began at zero, and are too small by as much as they still remember of it.
        short = 1 - (1 - FORGET) ** self._steps, 1 - (1 - FORGET_SQUARE) ** self._steps
        rates = np.array([FORGET, FORGET_SQUARE, *short, rate], np.float32)
        step()(
            self._at.reshape(-1), self._values.reshape(-1), slope.reshape(-1),
            self._mean.reshape(-1), self._square.reshape(-1), rates,
        )  # fmt: skip
        values = np.exp(-self._at)
        values += 1
        self._values = np.asarray(np.reciprocal(values, out=values), np.float32)
        return self._values.copy()


def _add_slopes(layers: Layers, by_cover: Float32, by_colour: Float32) -> None:
    """Add the slopes of the prices of outlines, and of colours that change where none sees them."""
    from focusstack.fusion.layers.loops.fitting import outline

    row, price = np.empty(layers.cover.shape[2], np.float32), np.full_like(layers.cover[0], RIM)
    for plane, out in zip(layers.cover, by_cover, strict=True):
        outline()(plane, price, np.float32(TINY_COVER), out, row)
    for unseen, colours, outs in zip(1 - layers.shares(), layers.colour, by_colour, strict=True):
        unseen *= np.float32(UNSEEN)
        for plane, out in zip(colours, outs, strict=True):
            outline()(plane, unseen, np.float32(TINY_COLOUR), out, row)
