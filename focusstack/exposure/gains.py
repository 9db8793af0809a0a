"""Exposure equalisation: measure, solve, apply.

Frames of a stack differ by a factor per channel in **linear** light (shutter, ISO, aperture, white
balance). The factor between two frames is measured where they show the same thing: registered
block means, with blocks wider than the blur so that defocus moves no light across their borders,
clipped blocks left out, robustly averaged log ratios. All pairs are then solved together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from focusstack.frames.proxies.proxy import BLOCK, Statistics
from focusstack.geometry.coordinates import at_scale
from focusstack.geometry.field import Field
from focusstack.geometry.placement import shown_at
from focusstack.numeric.arrays import Float32, Floats, Image, Matrix, Points
from focusstack.numeric.graph import connected_to
from focusstack.numeric.linear import fitted
from focusstack.numeric.robust import cauchy_weight, geman_mcclure_weight, scale_of_values

WINDOW = 5
"""Side, in statistics blocks of 8 proxy pixels, of the areas whose means are compared: 40 pixels
are wider than most blur there. Chosen; the column *gain* of ``python -m benchmarks.alignment``
tells what comes of it."""

DARKEST = 0.002
"""Linear light below which noise and rounding decide the ratio: there a step of 8 bits is 15 % of
the light. Chosen, not measured."""

REWEIGHTINGS = 6
"""Robust means settle to a thousandth of their error in so many steps."""

FEWEST_AREAS = 20
"""Areas in common without which two frames are not compared: their median could be anything.
Chosen, not measured."""

OVERLAP = 6
"""Areas of which about one is independent, as windows of 5 blocks overlap at every second block.
Scales the claimed error only."""

LEAST_SIGMA = 1e-4
"""Logarithm of a ratio that no comparison is surer than, however many areas agree."""


@dataclass(frozen=True)
class RegisteredBlocks:
    """Block means of a frame on the canvas.

    Attributes
    ----------
    mean : (h, w, C) float32 ndarray
        Linear light.
    usable : (h, w) bool ndarray
        True where the whole area lies in the frame and nothing is clipped.
    """

    mean: Float32
    usable: Image


@dataclass(frozen=True)
class GainRatio:
    """How much brighter the second frame is than the first.

    Attributes
    ----------
    first, second : int
        Frame indices.
    log_ratio : (C,) float64 ndarray
        Natural logarithm of second / first in linear light.
    sigma : (C,) float64 ndarray
        Standard error of it.
    """

    first: int
    second: int
    log_ratio: Floats
    sigma: Floats


def register_blocks(
    statistics: Statistics, H: Matrix, field: Field | None = None
) -> RegisteredBlocks:
    """Warp a frame's block means to the canvas and average them over windows.

    Parameters
    ----------
    statistics : Statistics
        Of the frame.
    H : (3, 3) ndarray
        Proxy pixel to canvas proxy pixel.
    field : Field, optional
        What is displaced besides, proxy pixels.
    """
    height, width = statistics.clean.shape
    size = (width, height)
    if field is None:
        M = at_scale(H, BLOCK)
        blocks = cv2.warpPerspective(
            statistics.blocks, M, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        clean = cv2.warpPerspective(statistics.clean, M, size, flags=cv2.INTER_LINEAR)
    else:
        x, y = _displaced(H, field, size)
        blocks = cv2.remap(
            statistics.blocks, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        clean = cv2.remap(statistics.clean, x, y, cv2.INTER_LINEAR)
    mean = cv2.blur(blocks, (WINDOW, WINDOW)).reshape(height, width, -1)
    # Any clipped or missing block spoils the whole window.
    spoilt = cv2.dilate((clean < 0.999).astype(np.uint8), np.ones((WINDOW, WINDOW), np.uint8))
    usable = spoilt == 0
    border = WINDOW // 2
    usable[:border], usable[-border:], usable[:, :border], usable[:, -border:] = (False,) * 4
    return RegisteredBlocks(np.asarray(mean, np.float32), usable)


def _displaced(H: Matrix, field: Field, size: tuple[int, int]) -> tuple[Float32, Float32]:
    """Columns and rows of a frame's blocks that the canvas's blocks show."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    blocks = np.stack([x.ravel(), y.ravel()], 1).astype(np.float64)
    canvas: Points = (blocks + 0.5) * BLOCK - 0.5
    own = ((shown_at(canvas, H, field) + 0.5) / BLOCK - 0.5).astype(np.float32)
    return own[:, 0].reshape(x.shape), own[:, 1].reshape(x.shape)


def compare_gains(
    first: int, second: int, a: RegisteredBlocks, b: RegisteredBlocks, step: int = 2
) -> GainRatio | None:
    """Compare two registered frames.

    Parameters
    ----------
    first, second : int
        Their indices.
    a, b : RegisteredBlocks
        What they show on the canvas.
    step : int, optional
        Every so many-th block is looked at, down and across.

    Returns
    -------
    GainRatio or None
        None where they share fewer than `FEWEST_AREAS` usable areas.
    """
    both = (a.usable & b.usable)[::step, ::step]
    p, q = a.mean[::step, ::step][both], b.mean[::step, ::step][both]
    lit = np.minimum(p, q).min(axis=1) > DARKEST
    if lit.sum() < FEWEST_AREAS:
        return None
    ratios = np.ascontiguousarray(np.log(q[lit].astype(float) / p[lit]).T)
    centre = np.median(ratios, axis=1, keepdims=True)
    for _ in range(REWEIGHTINGS):
        off = ratios - centre
        spread = scale_of_values(off, axis=1) + 1e-5
        weight = geman_mcclure_weight(np.square(off / (2 * spread)))
        centre = centre + (weight * off).sum(1, keepdims=True) / weight.sum(1, keepdims=True)
    centre, spread = centre[:, 0], spread[:, 0]
    independent = lit.sum() / OVERLAP
    return GainRatio(first, second, centre, spread / np.sqrt(independent) + LEAST_SIGMA)


def solve_gains(ratios: Sequence[GainRatio], count: int, channels: int, reference: int) -> Floats:
    """Solve for the gains of all frames from all pair ratios at once, robustly.

    Ratios weigh by the inverse of their error; those that the solution leaves far off lose weight
    (iteratively reweighted least squares, each channel by itself).

    Parameters
    ----------
    ratios : sequence of GainRatio
        Of the pairs that could be compared.
    count, channels : int
        Number of frames and of their channels.
    reference : int
        Frame whose gain is 1.

    Returns
    -------
    (count, channels) float64 ndarray
        What each frame's linear light is multiplied with to match the reference; NaN for frames
        that no ratio links to the reference.

    Examples
    --------
    >>> one = GainRatio(0, 1, np.log([0.5]), np.array([0.01]))  # frame 1 is half as bright
    >>> solve_gains([one], 2, 1, reference=0)
    array([[1.],
           [2.]])
    """
    gains = np.full((count, channels), np.nan)
    gains[reference] = 1
    linked = connected_to(reference, count, [(r.first, r.second) for r in ratios])
    rest = sorted(linked - {reference})
    if not rest:
        return gains
    row = {frame: k for k, frame in enumerate(rest)}
    used = [r for r in ratios if r.first in linked]
    A = np.zeros((len(used), len(rest)))
    for k, r in enumerate(used):
        if r.first != reference:
            A[k, row[r.first]] = 1
        if r.second != reference:
            A[k, row[r.second]] = -1
    for c in range(channels):
        target = np.array([r.log_ratio[c] for r in used])
        base = 1 / np.array([r.sigma[c] for r in used])
        weight = base.copy()
        for _ in range(20):
            x = fitted(A * weight[:, None], target * weight)
            off = (A @ x - target) * base
            scale = max(1.0, float(scale_of_values(off)))
            weight = cauchy_weight(np.square(off / (2.5 * scale)), base)
        gains[rest, c] = np.exp(x)
    return gains
