"""Laplacian-pyramid fusion with weights that noise decides."""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.fusion.base import Fused, Fuser
from focusstack.fusion.depth_tracker import DepthTracker
from focusstack.fusion.evidence import WINDOW, FocusEvidence
from focusstack.fusion.laplacian import LaplacianPyramid, collapse, up
from focusstack.fusion.noise import level_noise
from focusstack.fusion.options import FusionOptions
from focusstack.fusion.running_mean import NEVER
from focusstack.fusion.soft_selection import SoftSelection
from focusstack.fusion.validity import filled, validity_levels
from focusstack.typing import Float32


class WeightedFuser:
    """Streaming weighted mean of Laplacian coefficients.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)`` or ``(H, W, 3)``.
    options : FusionOptions
        `radius` is the reach of the energy window.
    """

    passes = 1

    def __init__(self, shape: tuple[int, ...], options: FusionOptions) -> None:
        self._shape = shape
        self._pyramid = LaplacianPyramid(shape)
        shapes = self._pyramid.shapes
        window = WINDOW if options.radius is None else 2 * round(options.radius) + 1
        self._evidence = FocusEvidence(shapes, window)
        self._gains = level_noise(len(shapes))
        self._selections = [
            SoftSelection(band.shape, grid)
            for band, grid in zip(self._pyramid.bands, self._evidence.grids, strict=True)
        ]
        self._base = np.zeros_like(self._pyramid.base)
        self._base_weight = np.zeros(shapes[-1], np.float32)
        self._tracker = DepthTracker(self._evidence.grids[0])
        self._variances: list[float] = []

    def add(self, frame: Float32, validity: Float32 | None = None) -> None:
        """Take one frame; see :class:`focusstack.fusion.base.Fuser`."""
        shapes = self._pyramid.shapes
        self._pyramid.decompose(frame if validity is None else filled(frame, validity))
        self._evidence.measure(self._pyramid.bands)
        self._variances.append(self._evidence.variance)
        variance = float(np.median(self._variances))
        trust = None if validity is None else validity_levels(validity, shapes)
        for level, selection in enumerate(self._selections):
            evidence = self._evidence.levels[level]
            on_grid = None if trust is None else trust[shapes.index(evidence.shape)]
            selection.add(
                self._pyramid.bands[level], evidence, variance * self._gains[level], on_grid
            )
        self._add_base(None if trust is None else trust[-1])
        self._tracker.add(self._evidence.levels[0])

    def end_pass(self) -> None:
        """All frames have been added."""

    def result(self) -> Fused:
        """Return the composite; see :class:`focusstack.fusion.base.Fuser`."""
        weight = self._base_weight
        if self._base.ndim == 3:
            weight = weight[..., None]
        base = np.asarray(self._base / weight, np.float32)
        tracker, shape = self._tracker, self._shape

        noise = float(np.median(self._variances)) * self._gains[0]
        nearest = cv2.resize(tracker.index, shape[1::-1], interpolation=cv2.INTER_NEAREST)
        return Fused(
            image=collapse([s.mean for s in self._selections], base),
            depth=np.clip(up(tracker.depth(), shape), 0, tracker.frames - 1),
            confidence=np.clip(up(tracker.distinctness(4 * noise), shape), 0, 1),
            source=nearest.astype(np.uint16),
        )

    def _add_base(self, trust: Float32 | None) -> None:
        """Average the base with all the evidence beneath it as weight."""
        weight = self._evidence.base + np.float32(1e-9)
        if trust is not None:
            weight *= trust
            np.maximum(weight, NEVER, out=weight)
        base = self._pyramid.base
        self._base += base * (weight if base.ndim == 2 else weight[..., None])
        self._base_weight += weight


def make(shape: tuple[int, ...], frames: int, options: FusionOptions) -> Fuser:  # noqa: ARG001
    """Return a :class:`WeightedFuser`; the number of frames does not matter to it."""
    return WeightedFuser(shape, options)
