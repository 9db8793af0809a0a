"""Laplacian-pyramid fusion with weights that noise decides.

``weighted`` treats the three channels alike. ``auto`` weighs luma and colour differences apart:
most of the noise, but little of the detail, is in the colour, so many frames may share in it.
"""

from __future__ import annotations

import numpy as np

from focusstack.fusion.base import Fused, Fuser
from focusstack.fusion.composite import Composite
from focusstack.fusion.depth_map import regularised, source_map
from focusstack.fusion.depth_tracker import DepthTracker
from focusstack.fusion.evidence import RADIUS, ChromaEvidence, FocusEvidence
from focusstack.fusion.laplacian import reduced, up
from focusstack.fusion.luma_range import LumaRange
from focusstack.fusion.luminance import join, luma_of, split
from focusstack.fusion.movement import Motion, Movement, mask_levels, motion_level, sight
from focusstack.fusion.noise import LEVEL_GAINS
from focusstack.fusion.options import FusionOptions
from focusstack.fusion.validity import filled, validity_levels
from focusstack.typing import Float32


class WeightedFuser:
    """Streaming weighted mean of Laplacian coefficients.

    Memory, whatever the number of frames: for RGB about 16 luma planes, 20 with luma and colour
    apart; for grey 8.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)`` or ``(H, W, 3)``.
    options : FusionOptions
        `radius` is the reach of the energy window, `smoothing` that of the depth map.
    apart : bool
        Weigh luma and colour differences apart.
    """

    passes = 1

    def __init__(self, shape: tuple[int, ...], options: FusionOptions, apart: bool) -> None:
        self._shape = shape
        self._apart = apart and len(shape) == 3
        scratch = np.empty((2, *shape[:2]), np.float32) if self._apart else None
        self._composite = Composite(shape[:2] if self._apart else shape, scratch=scratch)
        shapes = self._composite.shapes
        self._evidence = FocusEvidence(shapes, RADIUS if options.radius is None else options.radius)
        if scratch is not None:
            self._chroma_evidence = ChromaEvidence(shapes, scratch)
            grids = [shapes[1], *shapes[1:-1]]
            self._chroma = Composite((*shape[:2], 2), grids, scratch)
        self._range = LumaRange(shape) if self._apart or len(shape) == 2 else None
        self._tracker = DepthTracker(shapes[1])
        self._motion_level = level = motion_level(shapes)
        self._movement = None if level is None else Movement(shapes[level])
        self._smoothing = options.smoothing or 0.0
        self._variances: list[float] = []
        self._chroma_variances: list[float] = []

    def add(self, frame: Float32, validity: Float32 | None = None) -> None:
        """Take one frame; see :class:`focusstack.fusion.base.Fuser`."""
        evidence = self._evidence
        trust = None
        if validity is not None:
            trust = validity_levels(validity, self._composite.shapes)
            frame = filled(frame, validity)
        if self._apart:
            luma, chroma = self._composite.bands[0], self._chroma.bands[0]
            split(frame, luma, chroma)
            frame = luma
        if self._range is not None:
            self._range.add(frame)
        self._composite.decompose(frame)
        evidence.measure(self._composite.bands)
        self._variances.append(evidence.variance)
        variance = float(np.median(self._variances))
        motion = self._motion(trust)
        if motion is not None:
            trust = self._choose(motion, trust)
        if self._apart:
            self._add_chroma(trust)
        self._composite.add(evidence.levels, evidence.base, variance, trust)
        self._tracker.add(evidence.focus if trust is None else evidence.focus * trust[1])

    def end_pass(self) -> None:
        """All frames have been added."""

    def result(self) -> Fused:
        """Return the composite; see :class:`focusstack.fusion.base.Fuser`."""
        tracker, shape = self._tracker, self._shape
        # What is no longer needed is let go: all parts at once would be the peak of a whole run.
        del self._evidence
        self._composite.close()
        if self._apart:
            del self._chroma_evidence
            self._chroma.close()
            chroma = self._chroma.image()
            del self._chroma
        image = self._composite.image()
        del self._composite
        if self._range is not None:
            self._range.limit(image)
            del self._range
        if self._apart:
            image = join(image, chroma)
            del chroma
        noise = 4 * LEVEL_GAINS[0] * float(np.median(self._variances))
        confidence = tracker.distinctness(noise)
        depth = regularised(tracker.depth(), confidence, self._smoothing)
        depth = np.clip(up(depth, shape), 0, tracker.frames - 1)
        confidence = np.clip(up(confidence, shape), 0, 1)
        return Fused(
            image=image,
            depth=depth,
            confidence=confidence,
            source=source_map(tracker.index, depth, confidence),
            moved=None if self._movement is None else self._movement.moved,
        )

    def _motion(self, trust: list[Float32] | None) -> Motion | None:
        """Look for what the frame shows elsewhere than those before."""
        level = self._motion_level
        if level is None or self._movement is None:
            return None
        luma = luma_of(self._composite.gauss[level - 1])
        focus = reduced(self._evidence.focus, luma.shape)
        return self._movement.add(sight(luma, focus, None if trust is None else trust[level]))

    def _choose(self, motion: Motion, trust: list[Float32] | None) -> list[Float32]:
        """Let earlier frames go where this one is better; trust this one where it may stay."""
        shapes = self._composite.shapes
        stays = mask_levels(motion.stays, shapes)
        self._composite.discount(stays)
        if self._apart:
            self._chroma.discount(stays)
        self._tracker.discount(stays[1])
        kept = mask_levels(motion.kept, shapes)
        return kept if trust is None else [a * b for a, b in zip(kept, trust, strict=True)]

    def _add_chroma(self, trust: list[Float32] | None) -> None:
        self._chroma.decompose(self._chroma.bands[0])
        evidence = self._chroma_evidence
        evidence.measure(self._chroma.bands, self._evidence)
        self._chroma_variances.append(evidence.variance)
        variance = float(np.median(self._chroma_variances))
        if trust is not None:  # a clipped channel shifts colour more than it costs detail
            at_size = {plane.shape: plane for plane in trust}
            for level in evidence.levels:
                level *= at_size[level.shape]
        self._chroma.add(evidence.levels, self._evidence.base, variance, trust)


def make(shape: tuple[int, ...], frames: int, options: FusionOptions) -> Fuser:  # noqa: ARG001
    """Return a fuser that weighs all channels alike; the number of frames does not matter."""
    return WeightedFuser(shape, options, apart=False)


def make_auto(
    shape: tuple[int, ...],
    frames: int,  # noqa: ARG001
    options: FusionOptions,
) -> Fuser:
    """Return a fuser that weighs luma and colour apart; the number of frames does not matter."""
    return WeightedFuser(shape, options, apart=True)
