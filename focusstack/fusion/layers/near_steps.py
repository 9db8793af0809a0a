"""Where layers are fitted: at steps in depth; and where blur is measured: away from them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.layers.tile import BLIND
from focusstack.fusion.levels.luminance import luma_of
from focusstack.numeric.arrays import Float32, Mask

SIDE, STRIDE = 128, 96
"""Pixels across a square, and from one to the next: a power of two, for the Fourier transform, and
wide enough for discs of 20 pixels."""

PLAIN_SIDE = 80
"""Pixels across a square in which blur is measured."""

STEP, STEP_SHARE = 1.5, 0.06
"""Frames, and share of all frames, by which depth differs within five pixels where it makes a
step. The larger of the two counts. Benchmark: ``python -m benchmarks.fusion``, *steps, 100
frames*."""

SURE = 0.15
"""Confidence from which on depth is known. Chosen, not measured: beneath it is noise that votes."""

FEWEST_PIXELS = 12
"""Pixels with a step that make a square worth a fit."""

FRAMES = 12
"""Frames of a square that are looked at, at most: those about its depths, evenly spread."""

OF_A_RUN = 1.5
"""What explaining may take, in times of what the rest of a run takes: what people may wait for."""

RUN_S, SQUARE_S = 1.6e-7, 0.6
"""Seconds of one core that a run takes to the pixel and frame, and that a square with steps takes.
Measured with ``focusstack run`` on 24 frames of 12 megapixels, and with ``python -m
benchmarks.fusion --edges layers``, *thin stems*."""

LEAST_WORTH = 128
"""Squares that are explained in any case: about a minute of one core. Chosen, not measured."""

PLAIN_SQUARES = 16
"""Squares in which blur is measured, at most: the most textured ones."""


@dataclass(frozen=True)
class Place:
    """A square and the frames that are looked at there.

    Attributes
    ----------
    x, y, side : int
        First column, first row, and pixels across.
    frames : tuple of int
        Numbers of the frames.
    """

    x: int
    y: int
    side: int
    frames: tuple[int, ...]

    @property
    def here(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.y, self.y + self.side), slice(self.x, self.x + self.side)


def steps_in_depth(depth: Float32, sure: Mask, frames: int) -> Mask:
    """Where depth makes a step that is known on some side of it.

    Parameters
    ----------
    depth : (H, W) float32 ndarray
        In frames.
    sure : (H, W) bool ndarray
        Where depth is known.
    frames : int
        Of the stack.
    """
    calm = cv2.medianBlur(depth, 5)
    beside = np.ones((5, 5), np.uint8)
    step = cv2.morphologyEx(calm, cv2.MORPH_GRADIENT, beside)
    known = cv2.dilate(sure.view(np.uint8), beside) > 0
    return np.asarray((step > max(STEP, STEP_SHARE * frames)) & known)


def squares_with_steps(
    step: Mask, depth: Float32, frames: int, image: Float32 | None = None
) -> list[Place]:
    """Squares to fit layers in, those with most to win first.

    Parameters
    ----------
    step : (H, W) bool ndarray
        Where depth makes a step.
    depth : (H, W) float32 ndarray
        In frames.
    frames : int
        Of the stack.
    image : (H, W[, C]) float32 ndarray, optional
        Composite: where both sides of a step are alike there is little to win. If not given, all
        steps count alike.
    """
    height, width = step.shape
    if min(height, width) < SIDE:
        return []
    win = step.astype(np.float32) if image is None else step * _contrast(image)
    found = []
    for y in _origins(height):
        for x in _origins(width):
            inner = np.s_[y + BLIND : y + SIDE - BLIND, x + BLIND : x + SIDE - BLIND]
            number = int(np.count_nonzero(step[inner]))
            if number < FEWEST_PIXELS:
                continue
            low, high = np.percentile(depth[y : y + SIDE, x : x + SIDE], (1, 99))
            margin = max(2.0, 0.1 * frames)
            found.append(
                (-float(win[inner].sum()), y, x, spread_frames(low - margin, high + margin, frames))
            )
    return [Place(x, y, SIDE, which) for _, y, x, which in sorted(found)]


def worth_the_time(pixels: int, frames: int) -> int:
    """How many squares are explained at most: `OF_A_RUN` times what the rest of a run takes.

    It is counted, not measured by a clock: the same stack gives the same bytes everywhere.

    Parameters
    ----------
    pixels : int
        Of the composite.
    frames : int
        Of the stack.

    Examples
    --------
    >>> worth_the_time(50_000_000, 36) > worth_the_time(50_000_000, 24) > LEAST_WORTH
    True
    """
    return max(LEAST_WORTH, int(OF_A_RUN * pixels * frames * RUN_S / SQUARE_S))


def _contrast(image: Float32) -> Float32:
    """Range of luma about each pixel, as far as a near thing's blur reaches."""
    luma = luma_of(image) if image.ndim == 3 else image
    beside = np.ones((9, 9), np.uint8)
    return np.asarray(cv2.morphologyEx(luma, cv2.MORPH_GRADIENT, beside), np.float32)


def spread_frames(low: float, high: float, frames: int) -> tuple[int, ...]:
    """At most `FRAMES` frames from `low` to `high`, evenly spread.

    Examples
    --------
    >>> spread_frames(-1, 4.2, 9)
    (0, 1, 2, 3, 4, 5)
    """
    first, last = max(int(np.floor(low)), 0), min(int(np.ceil(high)), frames - 1)
    number = min(last - first + 1, FRAMES)
    return tuple(sorted({round(v) for v in np.linspace(first, last, number)}))


def plain_squares(step: Mask, sure: Mask, image: Float32) -> list[tuple[int, int]]:
    """Textured squares ``(x, y)`` of `PLAIN_SIDE` without steps, the most textured first."""
    luma = luma_of(image) if image.ndim == 3 else image
    fine = luma - cv2.GaussianBlur(luma, (0, 0), 2)
    height, width = step.shape
    found = []
    for y in range(0, height - PLAIN_SIDE + 1, PLAIN_SIDE):
        for x in range(0, width - PLAIN_SIDE + 1, PLAIN_SIDE):
            here = np.s_[y : y + PLAIN_SIDE, x : x + PLAIN_SIDE]
            if step[here].any() or float(sure[here].mean()) < 0.8:
                continue
            found.append((-float(np.square(fine[here]).mean()), y, x))
    return [(x, y) for _, y, x in sorted(found)[:PLAIN_SQUARES]]


def out_of_focus(depth: float, frames: int) -> tuple[int, ...]:
    """Frames some steps from `depth`, at most `FRAMES`, in which blur can be measured."""
    reach = max(6.0, frames / 2)
    near = [
        n for n in range(frames) if 0.15 * reach <= abs(n - depth) <= reach and abs(n - depth) > 1
    ]
    if len(near) <= FRAMES:
        return tuple(near)
    return tuple(near[k] for k in sorted({round(v) for v in np.linspace(0, len(near) - 1, FRAMES)}))


def fade(place: Place, shape: tuple[int, int]) -> Float32:
    """How much a square counts in each of its pixels: squares that overlap go over into each other.

    Parameters
    ----------
    place : Place
        The square.
    shape : tuple of int
        Of the picture, at whose borders nothing fades.
    """
    along = np.arange(place.side, dtype=np.float32)
    width = np.float32(SIDE - STRIDE - 2 * (BLIND + 2) - 1)
    rise = np.clip((along - (BLIND + 2)) / width, 0, 1)
    sides = []
    for start, whole in ((place.y, shape[0]), (place.x, shape[1])):
        first = (along > BLIND).astype(np.float32) if start == 0 else rise
        last = (along > BLIND).astype(np.float32) if start + place.side == whole else rise
        sides.append(np.minimum(first, last[::-1]))
    return np.asarray(np.minimum(sides[0][:, None], sides[1][None]), np.float32)


def _origins(length: int) -> list[int]:
    """First pixels of the squares along a side; the last one ends with the picture."""
    found: NDArray[np.int64] = np.arange(0, length - SIDE + 1, STRIDE)
    return sorted({*found.tolist(), length - SIDE})
