"""Rendering by depth: find out which frame is sharpest where, then take every pixel from there.

Two passes. The first finds the depth map, the second mixes the two frames on either side of the
depth of each pixel. Best against noise and on smooth surfaces; at outlines the pyramid is better.
"""

from __future__ import annotations

import numpy as np

from focusstack.fusion.base import Fused, Fuser, Validity, pixels_of
from focusstack.fusion.levels.depth_map import regularised
from focusstack.fusion.levels.depth_tracker import DepthTracker
from focusstack.fusion.levels.evidence import FINEST_RADIUS, RADIUS, FocusEvidence
from focusstack.fusion.levels.finest import FinestLevel
from focusstack.fusion.levels.laplacian import LaplacianPyramid, down, level_shapes, up
from focusstack.fusion.levels.noise import LEVEL_GAINS
from focusstack.fusion.levels.running_mean import NEVER, blend
from focusstack.fusion.levels.validity import as_shares, filled
from focusstack.numeric.arrays import Float32
from focusstack.options import FusionOptions
from focusstack.resample.planes import Planes
from focusstack.runtime.scratch import Room
from focusstack.runtime.strips import beside

LEVELS = 3
"""Pyramid levels of the look for depth: it is read from the two finest, as coarser ones know
less of where. Benchmark: ``python -m benchmarks.fusion``, *depth rank*."""

OTHERS = 1e-6
"""Weight of frames far from the depth by that of those at it: for places where those near it are
not valid. Chosen, not measured: too little to be seen, and enough in float32."""


class DepthFuser:
    """Two-pass rendering by a regularised depth map.

    Memory: about 10 luma planes for RGB, whatever the number of frames.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)`` or ``(H, W, 3)``.
    options : FusionOptions
        `radius` is the reach of the energy window, `smoothing` that of the depth map.
    """

    passes = 2

    def __init__(self, shape: tuple[int, ...], options: FusionOptions) -> None:
        self._shape = shape
        self._smoothing = options.smoothing or 0.0
        shapes = level_shapes(shape[0], shape[1], LEVELS)
        radius = RADIUS if options.radius is None else options.radius
        self._finest: FinestLevel | None = FinestLevel(
            shape, FINEST_RADIUS * radius, options.threads
        )
        self._pyramid = LaplacianPyramid(shapes[1] + shape[2:], shapes=shapes[1:])
        self._evidence = FocusEvidence(shapes, radius)
        self._tracker = DepthTracker(shapes[1])
        self._variances: list[float] = []
        self._frames = 0

    def add(self, frame: Float32 | Planes, validity: Validity | None = None) -> None:
        """Take one frame; see :class:`focusstack.fusion.base.Fuser`."""
        shares = None if validity is None else as_shares(validity)
        pixels = pixels_of(frame)
        if self._finest is not None:
            self._look(self._finest, pixels, shares)
        else:
            self._render(pixels, shares)

    def end_pass(self) -> None:
        """Fix the depth map after the first pass."""
        if self._finest is None:
            return
        self._finest = None
        tracker, shape = self._tracker, self._shape
        noise = 4 * LEVEL_GAINS[0] * float(np.median(self._variances))
        confidence = tracker.distinctness(noise)
        depth = regularised(tracker.depth(), confidence, self._smoothing)
        self._confidence = np.clip(up(confidence, shape), 0, 1)
        self._depth = np.clip(up(depth, shape), 0, tracker.frames - 1)
        self._mean = np.zeros(self._shape, np.float32)
        self._weight = np.zeros(self._shape[:2], np.float32)

    def result(self) -> Fused:
        """Return the composite; see :class:`focusstack.fusion.base.Fuser`."""
        return Fused(
            image=self._mean.copy(),
            depth=self._depth,
            confidence=self._confidence,
            source=np.rint(self._depth).astype(np.uint16),
        )

    def _look(self, finest: FinestLevel, frame: Float32, validity: Float32 | None) -> None:
        if validity is not None:
            frame = filled(frame, validity)
        evidence = self._evidence
        finest.measure(Planes.of(frame), evidence.finest, None)
        evidence.find_noise()
        finest.reduce_energy(evidence.finest, evidence.floor, evidence.focus)
        self._pyramid.decompose(beside(finest.reduced))
        evidence.measure(self._pyramid.bands)
        self._variances.append(self._evidence.variance)
        focus = self._evidence.focus
        if validity is not None:
            focus = focus * down(validity)
        self._tracker.add(focus)

    def _render(self, frame: Float32, validity: Float32 | None) -> None:
        weight = np.abs(self._depth - np.float32(self._frames))
        np.subtract(1, weight, out=weight)
        np.maximum(weight, OTHERS, out=weight)
        if validity is not None:
            weight *= np.maximum(validity, NEVER)
        self._weight += weight
        weight /= self._weight
        blend(self._mean, frame, weight)
        self._frames += 1


def make(shape: tuple[int, ...], frames: int, options: FusionOptions, room: Room) -> Fuser:  # noqa: ARG001
    """Return a :class:`DepthFuser`, all in memory; the number of frames does not matter to it."""
    return DepthFuser(shape, options)
