"""How much blur one focus step makes: from the stack itself, where it is textured and of one depth.

The composite, blurred as a frame some steps away should be, is compared with that frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from focusstack.fusion.layers.blur import Blur
from focusstack.fusion.layers.rendering import View
from focusstack.fusion.layers.tile import Tile
from focusstack.numeric.arrays import Floats

STEPS = np.geomspace(0.05, 4.0, 45)
"""Radii in pixels to the focus step that are tried: a tenth apart, and interpolated between."""

SOFTNESS = (0.0, 0.25, 0.5)
"""Shapes of the disc that are tried, from even to nearly Gaussian."""

FEWEST = 4
"""Squares that must agree, and frames that must speak in each. Chosen, not measured."""

SPREAD = 0.15
"""Median deviation of the squares from their median, as a share of it, at most: those of one lens
lie within a twentieth. Benchmark: ``python -m benchmarks.fusion``."""

CLEAR = 1.5
"""Factor by which the mean square must be higher at half the blur, for a frame to count."""

UNEVEN = 0.5
"""Focus steps by which the radii of a square lie beside a line, root mean square, at most: focus
that does not go on evenly from frame to frame is not what this is for. Chosen, not measured."""

SHARPER = 0.98
"""Factor by which a softer disc must leave less unexplained. Chosen, not measured."""


@dataclass(frozen=True)
class BlurFound:
    """Blur of a stack.

    Attributes
    ----------
    blur : Blur
        Step and softness.
    noise : float
        What it leaves unexplained: standard deviation in the square root of light.
    squares : int
        How many agreed.
    """

    blur: Blur
    noise: float
    squares: int


def find_blur(tiles: Sequence[Tile]) -> BlurFound | None:
    """Find blur to the focus step from squares of one depth each.

    Parameters
    ----------
    tiles : sequence of Tile
        Weighed with a noise of 1.

    Returns
    -------
    BlurFound or None
        None if too few squares say anything, or they disagree.
    """
    best: BlurFound | None = None
    for softness in SOFTNESS:
        said = [told for tile in tiles if (told := _told(tile, softness)) is not None]
        if len(said) < FEWEST:
            continue
        steps, errors = np.array(said).T
        step = float(np.median(steps))
        noise = float(np.sqrt(np.median(errors)))
        if np.median(np.abs(steps - step)) > SPREAD * step:
            continue
        if best is None or noise < SHARPER * best.noise:
            best = BlurFound(Blur(step, softness), noise, len(said))
    return best


def _told(tile: Tile, softness: float) -> tuple[float, float] | None:
    """Radius to the step, and what it leaves unexplained, of a square; None if it does not say.

    Each frame tells its own radius. How that grows from frame to frame is what is asked for: it
    does not depend on the depth of the square, which is known to a part of a step only.
    """
    curves = _unexplained(tile, softness)
    said = [(at, *_lowest(c)) for at, c in zip(tile.focus, curves, strict=True) if _clear(c)]
    if len(said) < FEWEST:
        return None
    at, step, left = np.array(said).T
    depth = float(np.median(tile.depth))
    side = np.sign(at - depth)
    signed = step * (at - depth)
    # A line for both sides of the depth, which it crosses at nought: where that is, is free.
    columns = np.stack([at, np.ones_like(at)], 1)
    slope, nought = np.linalg.lstsq(columns, signed, rcond=None)[0]
    if slope <= 0 or np.abs(side).min() == 0:
        return None
    apart = np.sqrt(np.mean(np.square(columns @ np.array([slope, nought]) - signed)))
    return None if apart > UNEVEN * slope else (float(slope), float(left.mean()))


def _unexplained(tile: Tile, softness: float) -> Floats:
    """Mean square difference ``(n, STEPS)`` of each frame for each radius to the step."""
    found = np.empty((len(tile.focus), len(STEPS)))
    number = np.maximum((tile.weight > 0).sum((1, 2, 3)), 1)
    for k, step in enumerate(STEPS):
        view = View(tile.depth[None], tile.focus.tolist(), Blur(float(step), softness))
        shown = np.stack([seen[0] for seen in view.blurred([tile.today])])
        error = (shown - tile.light) * tile.weight
        found[:, k] = (error * error).sum((1, 2, 3)) / number
    return found


def _clear(curve: Floats) -> bool:
    """Whether there is a lowest place inside, with higher ones to either side of it."""
    k = int(curve.argmin())
    half = k - round(np.log(2) / np.log(STEPS[1] / STEPS[0]))
    return half > 0 and k < len(curve) - 1 and bool(curve[half] > CLEAR * curve[k])


def _lowest(curve: Floats) -> tuple[float, float]:
    """Step at which a parabola through the lowest three is lowest, and the lowest value."""
    k = int(curve.argmin())
    low, middle, high = curve[k - 1 : k + 2]
    offset = 0.5 * (low - high) / max(low - 2 * middle + high, 1e-30)
    ratio = np.log(STEPS[1] / STEPS[0])
    return float(STEPS[k] * np.exp(offset * ratio)), float(middle)
