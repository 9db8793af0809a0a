"""What stays at one place of the sensor: detail that is alike in nearly all frames.

A mark has the same outline and takes the same share of the light in every frame, whatever the
focus. Detail of the scene moves with the hand and the breathing lens, and its blur changes. In a
soft scene, and in one that does not move, it stays as well: what is found here is suspected only.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from focusstack.alignment.tiles.measure import CODES, Round, codes_in, proxy_in
from focusstack.alignment.tiles.poses import Series
from focusstack.first_pass.hot_pixels import SPARED
from focusstack.frames.proxies.proxy import proxy_size
from focusstack.numeric.arrays import Float32, Floats, Image, Mask, Points

FAINTEST = 0.02
"""Share of the light that the faintest mark takes or adds, after the band pass: fainter ones show
in no picture and pull no tile (``python -m benchmarks.alignment --only dust``)."""

STEADY = 0.35
"""Largest standard deviation over the frames, as a share of the mean, of what is the same in all:
detail behind a mark comes and goes, the mark does not (``python -m benchmarks.alignment --only
dust``)."""

PROMINENT = 4.0
"""By how many times a mark is stronger than what comes and goes around it: detail of a moving scene
that happens to stay somewhere is no stronger than its like (``python -m benchmarks.alignment --only
dust``, and ring, balls and ant, where nothing is to be found)."""

AROUND = 33
"""Side, in pixels, of the window in which a mark is to be prominent: several times what the band
pass lets through. Chosen, not measured."""

RIM = 12
"""Pixels from a mark within which the band pass leaves a rim of the other sign: two standard
deviations of its wider Gaussian. Not measured."""

RIMMED = 1.5
"""By how many times a mark is at least stronger than its rim. Follows from the band pass: a disc
of any size comes to more. Not measured."""

DARK = 0.01
"""Linear light, white 1, that is added to what detail is divided by: in the dark noise would be
detail. Seven stops below white. Chosen, not measured."""

SAMPLED = 3000
"""Places of the scene that are asked how it moved: enough for a share to be known to a percent.
Chosen, not measured."""

MOST = 30000
"""Points that OpenCV looks up at once: its own limit is 32767 a side."""


@dataclass(frozen=True)
class Persistence:
    """Detail at each place of the sensor, over all frames.

    Attributes
    ----------
    scale : float
        Of the proxies, which were reduced by this first.
    mean, spread : (h, w) float32 ndarray
        Mean and standard deviation of the detail as a share of the light.
    lasting : (h, w) bool ndarray
        Whether nearly all frames have it, all bright or all dark.
    light : (h, w) float32 ndarray
        Mean linear luma.
    """

    scale: float
    mean: Float32
    spread: Float32
    lasting: Mask
    light: Float32

    @property
    def suspected(self) -> Mask:
        """Where it looks like a mark."""
        height = np.abs(self.mean)
        return self.lasting & (height > FAINTEST) & (self.spread < STEADY * height)

    def peaks(self) -> Points:
        """Return the pixels ``(N, 2)`` of the reduced proxies at which prominent detail peaks."""
        height = np.where(self.suspected, np.abs(self.mean), np.float32(0))
        if not height.any():
            return np.zeros((0, 2))
        highest = cv2.dilate(height, np.ones((5, 5), np.uint8))
        prominent = height > PROMINENT * cv2.blur(self.spread, (AROUND, AROUND))
        rows, columns = np.nonzero((height > 0) & (height >= highest) & prominent)
        return np.stack([columns, rows], 1).astype(float)

    def wavering(self, places: Points) -> Floats:
        """Return the spread at places ``(N, 2)`` as a share of the mean."""
        columns, rows = places.astype(int).T
        mean = np.maximum(np.abs(self.mean[rows, columns]), np.float32(1e-6))
        return np.asarray(self.spread[rows, columns] / mean, float)

    def holds(self, places: Points) -> Mask:
        """Tell at which of the places ``(N, 2)``, or right beside, detail is prominent here."""
        near = np.zeros(self.mean.shape, np.uint8)
        columns, rows = self.peaks().astype(int).T
        near[rows, columns] = 1
        near = np.asarray(cv2.dilate(near, np.ones((5, 5), np.uint8)))
        columns, rows = places.astype(int).T
        return np.asarray(near[rows, columns] > 0)

    def without_rims(self, places: Points) -> Points:
        """Leave out the places ``(N, 2)`` that lie in the rim of a stronger mark.

        The band pass surrounds a mark with a rim of the other sign, which is fainter.
        """
        columns, rows = places.astype(int).T
        height = self.mean[rows, columns]
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * RIM + 1, 2 * RIM + 1))
        rim = np.zeros(len(places), bool)
        for sign in (1, -1):
            other = cv2.dilate(np.maximum(-sign * self.mean, 0), kernel)[rows, columns]
            rim |= (sign * height > 0) & (other > RIMMED * np.abs(height))
        return places[~rim]

    def passing(self) -> Points:
        """Return up to `SAMPLED` pixels ``(N, 2)`` whose detail comes and goes most."""
        near = cv2.dilate(self.suspected.astype(np.uint8), np.ones((9, 9), np.uint8))
        # In the dark noise comes and goes as well: the light itself counts, not shares of it.
        strength = self.spread * self.light
        coming = np.where((self.spread > np.abs(self.mean)) & (near == 0), strength, 0)
        inner = np.zeros_like(coming)
        inner[AROUND:-AROUND, AROUND:-AROUND] = coming[AROUND:-AROUND, AROUND:-AROUND]
        coming = inner  # frames may have been cut at their edges
        known = coming[coming > 0]
        if not known.size:
            return np.zeros((0, 2))
        most = max(0.8, 1 - SAMPLED / known.size)
        rows, columns = np.nonzero(coming > np.quantile(known, most))
        return np.stack([columns, rows], 1).astype(float)


class Looking:
    """Detail of a frame as a share of the light, which no exposure changes.

    Parameters
    ----------
    series : Series
        The proxies.
    how : Round
        At which scale, and in which band.
    """

    def __init__(self, series: Series, how: Round) -> None:
        self._series, self.how = series, how

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of what is looked at."""
        return proxy_size(*self._series.size, self.how.scale)

    def at(self, index: int, places: Points) -> Floats:
        """Return the detail ``(N,)`` at places of a frame in reduced pixels, bilinear."""
        if not len(places):
            return np.zeros(0)
        codes, _ = codes_in(self._series, index, self.how)
        luma = proxy_in(self._series, index, self.how.scale).luma
        detail = _sampled(codes, places) / CODES
        light = _sampled(luma, places) - np.minimum(detail, 0) + DARK
        return np.asarray(detail / light, float)


def _sampled(picture: Image, places: Points) -> Floats:
    x, y = (np.ascontiguousarray(c, np.float32)[None] for c in places.T)
    parts = [
        cv2.remap(picture, x[:, i : i + MOST], y[:, i : i + MOST], cv2.INTER_LINEAR, None,
                  cv2.BORDER_REPLICATE)
        for i in range(0, len(places), MOST)
    ]  # fmt: skip
    return np.asarray(np.concatenate(parts, axis=1)[0], float)


def measure_persistence(series: Series, frames: Sequence[int], how: Round) -> Persistence:
    """Add up the detail of `frames` at each place of the sensor.

    Parameters
    ----------
    series : Series
        The proxies.
    frames : sequence of int
        Which of them belong to the stack.
    how : Round
        At which scale, and in which band.
    """
    # Loads the compiler, which takes a while.
    from focusstack.first_pass.marks.loops.persistence import add_frame

    sums: Image | None = None
    # Detail is made side by side, and added one by one: memory holds one set of sums.
    with ThreadPoolExecutor(series.threads) as pool:
        for index, (codes, _) in zip(
            frames, pool.map(lambda k: codes_in(series, k, how), frames), strict=True
        ):
            luma = proxy_in(series, index, how.scale).luma
            if sums is None:
                sums = np.zeros((4, *luma.shape), np.float32)
            add_frame(codes, luma, sums, step=1 / CODES, floor=DARK, least=FAINTEST / 2)
    assert sums is not None
    count = len(frames)
    mean = sums[0] / np.float32(count)
    spread = np.sqrt(np.maximum(sums[1] / np.float32(count) - mean * mean, 0))
    lasting = np.abs(sums[2]) >= count - count // SPARED
    return Persistence(
        how.scale, mean, spread.astype(np.float32), lasting, sums[3] / np.float32(count)
    )
