"""Evidence for sharpness: how much detail above the noise a frame shows at every level and place.

A frame in focus has more detail than a defocused one at *every* level, but the difference is large
only at the fine ones. The blurred rim of a bright foreground, on the other hand, can hold more
coarse energy than the true background behind it. So a coarse level is not judged by its own energy
alone: the evidence of all finer levels beneath it counts too, and where these show anything above
the noise they decide. That keeps all levels of one place with one frame, and halos away.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from focusstack.fusion.laplacian import MOST_LEVELS, down, up
from focusstack.fusion.luminance import luma_of
from focusstack.fusion.noise import level_noise, noise_variance
from focusstack.typing import Float32

RADIUS = 2.0
"""Standard deviation of the Gaussian window over which energy is averaged, pixels of the level."""

FINEST_RADIUS, COARSER_RADIUS = 0.6, 1.5
"""The same for the finest level, which follows thin things, and from the third level on, as
parts of `RADIUS`."""

CHROMA_RADIUS = 1.5
"""The same for colour differences, at all levels but the finest."""

SECOND_IN_FINEST = 0.3
"""Share of the second level's evidence that counts for the finest, which is the noisiest."""


MARGIN = 2.0
"""Only what exceeds the energy of the noise by this many standard deviations is evidence."""

SPREAD = 0.48
"""Relative standard deviation of the noise's energy in a window of radius 1."""

QUIET = 0.608
CHROMA_QUIET = 0.818
"""Quantile ``QUIET_SHARE`` of the window energies of pure noise, relative to their mean."""


def _floors(radii: list[float]) -> list[float]:
    """Energy, for noise of unit variance, that noise hardly ever exceeds in windows of `radii`."""
    gains = level_noise(len(radii))
    return [
        gain * (1 + MARGIN * SPREAD / max(radius, 0.3))
        for gain, radius in zip(gains, radii, strict=True)
    ]


def _average(energy: Float32, radius: float) -> None:
    """Average over a Gaussian window, in place."""
    side = 2 * max(1, round(2.5 * radius)) + 1
    cv2.GaussianBlur(energy, (side, side), max(radius, 0.3), energy)


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
    levels : list of ndarray
        Evidence of the latest frame for each band-pass level: energy above the noise, its own and
        that of all finer levels.
    base : ndarray
        All of it, at the size of the pyramid's base.
    focus : ndarray
        Evidence of the two finest levels, at the size of the second: what depth is read from.
    variance : float
        Noise variance of the latest frame.
    """

    def __init__(self, shapes: list[tuple[int, int]], radius: float = RADIUS) -> None:
        self.levels = [np.zeros(s, np.float32) for s in shapes[:-1]]
        self.base = np.zeros(shapes[-1], np.float32)
        self.focus = np.zeros(shapes[1], np.float32)
        self.variance = 0.0
        radii = [FINEST_RADIUS, 1.0] + [COARSER_RADIUS] * (MOST_LEVELS - 2)
        self._radii = [part * radius for part in radii[: len(self.levels)]]
        self._floors = _floors(self._radii)

    def measure(self, bands: list[Float32]) -> None:
        """Fill all attributes from the band-pass levels of a frame."""
        for level, (band, energy) in enumerate(zip(bands, self.levels, strict=True)):
            luma = luma_of(band)
            cv2.multiply(luma, luma, energy)
            _average(energy, self._radii[level])
            if level == 0:
                self.variance = noise_variance(energy, QUIET)
            _subtract(energy, self.variance * self._floors[level])
        self._gather()

    def _gather(self) -> None:
        """Add to each level what the finer ones hold, and to the finest some of the second."""
        finest = self.levels[0]
        down(finest, self.focus)
        if len(self.levels) > 1:
            second = self.levels[1]
            cv2.scaleAdd(up(second, finest.shape), SECOND_IN_FINEST, finest, finest)
            cv2.add(second, self.focus, second)
            np.copyto(self.focus, second)
        for finer, coarser in pairwise(self.levels[1:]):
            cv2.add(coarser, down(finer), coarser)
        down(self.levels[-1], self.base)


class ChromaEvidence:
    """The same for colour differences, which hold little detail and much noise.

    Colour has to come from the frames that are sharp, but where colour itself shows nothing above
    its noise, more frames may share in it than in the luma.

    Parameters
    ----------
    shapes : list of tuple of int
        ``(height, width)`` of the pyramid's levels, the base last.
    scratch : (2, H, W) float32 ndarray
        Memory to work in.

    Attributes
    ----------
    levels : list of ndarray
        Evidence for each band-pass level, that of the finest at half its size.
    variance : float
        Noise variance of the latest frame's colour differences, summed over the two.
    """

    LUMA_SHARE = 0.03
    """Part of the luma's evidence that counts."""

    def __init__(self, shapes: list[tuple[int, int]], scratch: Float32) -> None:
        self.levels = [np.zeros(s, np.float32) for s in (shapes[1], *shapes[1:-1])]
        self._scratch = scratch.reshape(-1)
        self.variance = 0.0
        self._floors = _floors([2**0.5 * CHROMA_RADIUS] * len(self.levels))

    def measure(self, bands: list[Float32], luma: FocusEvidence) -> None:
        """Fill all attributes from the levels of the colour differences and the luma's evidence."""
        both = np.ones((1, 2), np.float32)
        for level, (band, energy) in enumerate(zip(bands, self.levels, strict=True)):
            square = self._scratch[: band.size].reshape(band.shape)
            cv2.multiply(band, band, square)
            if level == 0:
                cv2.blur(cv2.transform(down(square), both), (3, 3), energy)
                self.variance = noise_variance(energy, CHROMA_QUIET)
            else:
                np.copyto(energy, cv2.transform(square, both))
                _average(energy, CHROMA_RADIUS)
            _subtract(energy, self.variance * self._floors[level])
        self._gather(luma)

    def _gather(self, luma: FocusEvidence) -> None:
        levels = self.levels
        if len(levels) > 1:
            cv2.add(levels[0], levels[1], levels[0])
            np.copyto(levels[1], levels[0])
        for finer, coarser in pairwise(levels[1:]):
            cv2.add(coarser, down(finer), coarser)
        for own, other in zip(levels, [luma.focus, *luma.levels[1:]], strict=True):
            cv2.scaleAdd(other, self.LUMA_SHARE, own, own)
