"""Plain Laplacian-pyramid fusion: at every level and place, the strongest frame wins.

G. Piella's survey "A general framework for multiresolution image fusion: from pixels to regions",
Information Fusion 4(4), 2003, describes the family: window-based activity, selection by maximum.
The base, which has no activity of its own, is averaged with the activity beneath it as weight.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from focusstack.fusion.base import Fused, Fuser, Validity, pixels_of
from focusstack.fusion.levels.depth_tracker import DepthTracker, Tracked
from focusstack.fusion.levels.laplacian import LaplacianPyramid, collapse, down, up
from focusstack.fusion.levels.luminance import luma_of
from focusstack.fusion.levels.validity import as_shares, filled, validity_levels
from focusstack.fusion.loops.codes import Codes
from focusstack.numeric.arrays import Float32
from focusstack.options import FusionOptions
from focusstack.resample.planes import Planes
from focusstack.runtime.scratch import Room

LEAST = 1e-12
"""Energy (square of an encoded value) that even a flat, valid place has, so that validity
decides between flat frames. Chosen, not measured: the square of an 8-bit step is 1.5e-5."""

RADIUS = 2.0
"""Reach of the energy window in pixels of each level: 5 x 5 of them. Benchmark:
``python -m benchmarks.fusion``."""


class Seen(NamedTuple):
    """What a pyramid has kept of some frames that follow each other.

    Attributes
    ----------
    kept, strongest : list of ndarray
        Coefficients of every level, and their energy.
    base, base_weight : ndarray
        Sum of the bases by their weights, and of these.
    depth : Tracked
        Where they are sharpest.
    """

    kept: list[Float32]
    strongest: list[Float32]
    base: Float32
    base_weight: Float32
    depth: Tracked


class PyramidFuser:
    """Streaming selection of the strongest Laplacian coefficient.

    Frames may be fused in ranges, each by a fuser of its own, whose findings are then merged.

    Memory: about 14 luma planes for RGB, whatever the number of frames.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)`` or ``(H, W, 3)``.
    options : FusionOptions
        `radius` is the reach of the energy window.
    """

    passes = 1

    def __init__(self, shape: tuple[int, ...], options: FusionOptions) -> None:
        self._pyramid = LaplacianPyramid(shape)
        shapes = self._pyramid.shapes
        self._window = 2 * round(RADIUS if options.radius is None else options.radius) + 1
        self._kept = [np.zeros_like(band) for band in self._pyramid.bands]
        self._strongest = [np.full(s, -1, np.float32) for s in shapes[:-1]]
        self._base = np.zeros_like(self._pyramid.base)
        self._base_weight = np.zeros(shapes[-1], np.float32)
        self._tracker = DepthTracker(shapes[1])
        self._shape = shape
        self._first: Codes | None = None

    def add(self, frame: Float32 | Planes, validity: Validity | None = None) -> None:
        """Take one frame; see :class:`focusstack.fusion.base.Fuser`."""
        shares = None if validity is None else as_shares(validity)
        shapes, pixels = self._pyramid.shapes, pixels_of(frame)
        levels = None if shares is None else validity_levels(shares, shapes)
        self._pyramid.decompose(pixels if shares is None else filled(pixels, shares))
        energies = []
        for level, band in enumerate(self._pyramid.bands):
            energy = self._energy(band)
            if levels is not None:
                energy *= levels[level]
            stronger = cv2.compare(energy, self._strongest[level], cv2.CMP_GT)
            cv2.copyTo(band, stronger, self._kept[level])
            cv2.max(energy, self._strongest[level], self._strongest[level])
            energies.append(energy)
        self._add_base(energies, None if levels is None else levels[-1])
        self._tracker.add(self._focus(energies))
        if self._first is None:
            self._first = self._tracker.last()

    def seen(self) -> Seen:
        """Return what was found of the frames so far, of which there is one at least."""
        assert self._first is not None
        depth = self._tracker.tracked(self._first)
        return Seen(self._kept, self._strongest, self._base, self._base_weight, depth)

    def merge(self, later: Seen) -> None:
        """Take over what another fuser has found of the frames that follow."""
        for level, energy in enumerate(later.strongest):
            stronger = cv2.compare(energy, self._strongest[level], cv2.CMP_GT)
            cv2.copyTo(later.kept[level], stronger, self._kept[level])
            cv2.max(energy, self._strongest[level], self._strongest[level])
        self._base += later.base
        self._base_weight += later.base_weight
        if self._first is None:
            self._first = later.depth.first
        self._tracker.merge(later.depth)

    def end_pass(self) -> None:
        """All frames have been added."""

    def result(self) -> Fused:
        """Return the composite; see :class:`focusstack.fusion.base.Fuser`."""
        weight = np.maximum(self._base_weight, LEAST)
        base = (self._base / (weight if self._base.ndim == 2 else weight[..., None])).astype(
            np.float32
        )
        tracker, shape = self._tracker, self._shape

        nearest = cv2.resize(tracker.index, shape[1::-1], interpolation=cv2.INTER_NEAREST)
        return Fused(
            image=collapse(self._kept, base),
            depth=np.clip(up(tracker.depth(), shape), 0, tracker.frames - 1),
            confidence=np.clip(up(tracker.distinctness(1e-5), shape), 0, 1),
            source=nearest.astype(np.uint16),
        )

    def _energy(self, band: Float32) -> Float32:
        luma = luma_of(band)
        window = (self._window, self._window)
        energy: Float32 = np.asarray(
            cv2.sqrBoxFilter(luma, cv2.CV_32F, window, normalize=True), np.float32
        )
        energy += LEAST
        return energy

    def _add_base(self, energies: list[Float32], validity: Float32 | None) -> None:
        """Average the base with all the energy that lies beneath it as weight."""
        weight = np.zeros(self._pyramid.shapes[0], np.float32)
        for energy in energies:
            weight = down(weight + energy)
        weight += LEAST
        if validity is not None:
            weight *= validity
        base = self._pyramid.base
        self._base += base * (weight if base.ndim == 2 else weight[..., None])
        self._base_weight += weight

    def _focus(self, energies: list[Float32]) -> Float32:
        """Focus measure at half size: what the two finest levels hold."""
        focus = down(energies[0])
        return focus if len(energies) < 2 else np.asarray(cv2.add(focus, energies[1]))


def make(shape: tuple[int, ...], frames: int, options: FusionOptions, room: Room) -> Fuser:  # noqa: ARG001
    """Return a :class:`PyramidFuser`, all in memory; the number of frames does not matter to it."""
    return PyramidFuser(shape, options)
