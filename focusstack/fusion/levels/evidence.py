"""Evidence for sharpness: how much detail above the noise a frame shows at every level and place.

A frame in focus has more detail than a defocused one at *every* level, but the difference is large
only at the fine ones. The blurred rim of a bright foreground, on the other hand, can hold more
coarse energy than the true background behind it. So a coarse level is not judged by its own energy
alone: the evidence of all finer levels beneath it counts too, and where these show anything above
the noise they decide. That keeps all levels of one place with one frame, and halos away.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from focusstack.fusion.levels.finest import window
from focusstack.fusion.levels.implicit_band import Level, Unstored
from focusstack.fusion.levels.laplacian import MOST_LEVELS, down
from focusstack.fusion.levels.luminance import luma_of
from focusstack.fusion.levels.noise import level_noise, noise_variance
from focusstack.fusion.loops.codes import Codes, decoded
from focusstack.numeric.arrays import Float32
from focusstack.runtime.scratch import Room

RADIUS = 2.0
"""Standard deviation of the Gaussian window over which energy is averaged, in pixels of the
second level. Wider is calmer in noise and coarser at outlines. Benchmark:
``python -m benchmarks.fusion``, PSNR away and at edges."""

FINEST_RADIUS, COARSER_RADIUS = 0.6, 1.5
"""Windows of the finest level, which follows thin things, and from the third level on, as parts
of `RADIUS`. Benchmark: ``python -m benchmarks.fusion``, PSNR at edges."""

CHROMA_RADIUS = 1.5
"""Standard deviation of the window for colour differences, in pixels, at all levels but the
finest. Benchmark: ``python -m benchmarks.fusion``, PSNR."""

MARGIN = 2.0
"""Standard deviations by which energy must exceed that of the noise to be evidence. Benchmark:
``python -m benchmarks.fusion``, *flat noise*."""

SPREAD = 0.48
"""Relative standard deviation of the noise's energy in a window of radius 1 pixel; it falls with
the radius. That of white noise: ``pytest tests/fusion/levels/test_evidence.py``."""

QUIET = 0.608
CHROMA_QUIET = 0.818
"""Quantiles ``QUIET_SHARE`` of the window energies of pure noise, relative to their mean, of
luma and of colour differences. Measured on white noise;
``pytest tests/fusion/levels/test_evidence.py`` repeats it."""

LUMA_SHARE = 0.03
"""Part of the luma's evidence that counts for colour differences, which show little of their
own. Benchmark: ``python -m benchmarks.fusion``, PSNR."""


def _floors(radii: list[float]) -> list[float]:
    """Energy, for noise of unit variance, that noise hardly ever exceeds in windows of `radii`."""
    gains = level_noise(len(radii))
    return [
        gain * (1 + MARGIN * SPREAD / max(radius, 0.3))
        for gain, radius in zip(gains, radii, strict=True)
    ]


def _add_energy(band: Level, radius: float, floor: float, out: Float32) -> None:
    """Add to `out` by how much energy over a Gaussian window of `radius` exceeds `floor`.

    The energy of two channels is the sum of theirs, of three that of their luma.
    """
    taps = window(radius)
    if isinstance(band, Unstored):
        band.add_energy(taps, floor, out)
        return
    if band.ndim == 3 and band.shape[2] == 2:
        energy = cv2.transform(cv2.multiply(band, band), np.ones((1, 2), np.float32))
    else:
        luma = luma_of(band)
        energy = cv2.multiply(luma, luma)
    cv2.sepFilter2D(energy, -1, taps, taps, energy)
    above = np.asarray(energy, np.float32)
    _subtract(above, floor)
    cv2.add(out, above, out)


def _subtract(energy: Float32, noise: float) -> None:
    """Take the noise off the energy, in place; nothing is left of what does not exceed it."""
    np.subtract(energy, np.float32(noise), out=energy)
    np.maximum(energy, np.float32(0), out=energy)


class FocusEvidence:
    """Evidence of one frame after another, in memory allocated once.

    Parameters
    ----------
    shapes : list of tuple of int
        ``(height, width)`` of the pyramid's levels, the base last.
    radius : float, optional
        Standard deviation of the energy window at the second level, in its pixels; those of the
        other levels follow.

    Attributes
    ----------
    finest : (H, W) uint16 ndarray
        Energy of the finest band over its window, noise included, as codes; to be filled in by the
        caller.
    focus : (h, w) float32 ndarray
        Evidence of the two finest levels, at the size of the second: what depth is read from.
        Before `measure`, to be filled in by the caller with that of the finest. The first of
        `levels`, if there are any.
    levels : list of ndarray
        Evidence of the latest frame for each band-pass level from the second on: energy above
        the noise, its own and that of all finer levels.
    second : (h, w) float32 ndarray or None
        Energy above the noise of the second level alone.
    base : ndarray
        All evidence, at the size of the pyramid's base.
    variance : float
        Noise variance of the latest frame.
    """

    def __init__(
        self, shapes: list[tuple[int, int]], radius: float = RADIUS, room: Room | None = None
    ) -> None:
        room = Room() if room is None else room
        self.finest: Codes = room.zeros(shapes[0], np.uint16)
        self.focus = room.zeros(shapes[1], np.float32)
        coarser = [room.zeros(s, np.float32) for s in shapes[2:-1]]
        self.levels = [self.focus, *coarser] if len(shapes) > 2 else []
        self.second = room.zeros(shapes[1], np.float32) if self.levels else None
        self.base = room.zeros(shapes[-1], np.float32)
        self.variance, self._room = 0.0, room
        radii = [FINEST_RADIUS, 1.0] + [COARSER_RADIUS] * (MOST_LEVELS - 2)
        self._radii = [part * radius for part in radii[: len(shapes) - 1]]
        self._floors = _floors(self._radii)

    @property
    def floor(self) -> float:
        """Energy of the finest band that is to be taken for noise in the latest frame."""
        return self.variance * self._floors[0]

    def find_noise(self) -> None:
        """Set `variance` from `finest`."""
        self.variance = noise_variance(self.finest, QUIET)

    def measure(self, bands: Sequence[Level]) -> None:
        """Fill the other attributes from the band-pass levels of a frame but the finest."""
        own = [] if self.second is None else [self.second, *self.levels[1:]]
        for level, (band, energy) in enumerate(zip(bands, own, strict=True), start=1):
            energy.fill(0)
            _add_energy(band, self._radii[level], self.variance * self._floors[level], energy)
            self._room.tidy()
        if self.second is not None:
            cv2.add(self.focus, self.second, self.focus)
        for finer, coarser in pairwise(self.levels):
            cv2.add(coarser, down(finer), coarser)
            self._room.tidy()
        down(self.levels[-1] if self.levels else decoded(self.finest), self.base)


class ChromaEvidence:
    """Evidence of colour differences, which hold little detail and much noise.

    Colour has to come from the frames that are sharp, but where colour itself shows nothing above
    its noise, more frames may share in it than in the luma.

    Parameters
    ----------
    shapes : list of tuple of int
        ``(height, width)`` of the pyramid's levels, the base last.

    Attributes
    ----------
    finest : (h, w) float32 ndarray
        Evidence for the finest level at half its size; before `measure`, its energy over the
        window, noise included, to be filled in by the caller.
    levels : list of ndarray
        Evidence for each other band-pass level; the first is `finest`.
    variance : float
        Noise variance of the latest frame's colour differences, summed over the two.
    """

    def __init__(self, shapes: list[tuple[int, int]], room: Room | None = None) -> None:
        room = Room() if room is None else room
        self.finest = room.zeros(shapes[1], np.float32)
        coarser = [room.zeros(s, np.float32) for s in shapes[2:-1]]
        self.levels = [self.finest, *coarser] if len(shapes) > 2 else []
        self.variance, self._room = 0.0, room
        self._floors = _floors([2**0.5 * CHROMA_RADIUS] * (len(shapes) - 1))

    def measure(self, bands: Sequence[Level]) -> None:
        """Finish `finest` and fill the rest, from bands but the finest."""
        self.variance = noise_variance(self.finest, CHROMA_QUIET)
        _subtract(self.finest, self.variance * self._floors[0])
        for level, (band, energy) in enumerate(zip(bands, self.levels, strict=True), start=1):
            if level > 1:  # the first adds to the finest
                energy.fill(0)
            _add_energy(band, CHROMA_RADIUS, self.variance * self._floors[level], energy)
        for finer, coarser in pairwise(self.levels):
            cv2.add(coarser, down(finer), coarser)
            self._room.tidy()

    def follow(self, luma: FocusEvidence) -> None:
        """Let the luma's evidence count too."""
        own, other = [self.finest, *self.levels[1:]], [luma.focus, *luma.levels[1:]]
        for plane, theirs in zip(own, other, strict=True):
            cv2.scaleAdd(theirs, LUMA_SHARE, plane, plane)
            self._room.tidy()

    def doubt(self, validity: list[Float32]) -> None:
        """Let evidence count less where validity, at the size of each level, is less than 1."""
        for plane, share in zip([self.finest, *self.levels[1:]], validity, strict=False):
            plane *= share
