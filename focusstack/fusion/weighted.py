"""Laplacian-pyramid fusion with weights that noise decides.

``weighted`` treats the three channels alike. ``auto`` weighs luma and colour differences apart:
most of the noise, but little of the detail, is in the colour, so many frames may share in it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.base import Fused, Fuser, Validity, planes_of
from focusstack.fusion.levels.composite import Composite
from focusstack.fusion.levels.depth_map import enlarged, regularised, source_map
from focusstack.fusion.levels.depth_tracker import DepthTracker
from focusstack.fusion.levels.evidence import FINEST_RADIUS, RADIUS, ChromaEvidence, FocusEvidence
from focusstack.fusion.levels.finest import FinestLevel
from focusstack.fusion.levels.laplacian import level_shapes, reduced
from focusstack.fusion.levels.luminance import luma_of
from focusstack.fusion.levels.noise import LEVEL_GAINS
from focusstack.fusion.levels.validity import ValidityLevels, as_bytes, mend
from focusstack.fusion.motion.movement import Motion, Movement, mask_levels, motion_level
from focusstack.fusion.motion.observation import sight
from focusstack.fusion.motion.presence import linear_light
from focusstack.numeric.arrays import Float32
from focusstack.options import FusionOptions
from focusstack.resample.planes import Planes
from focusstack.runtime.scratch import Room
from focusstack.runtime.strips import beside


class WeightedFuser:
    """Streaming weighted mean of Laplacian coefficients.

    Memory, whatever the number of frames: for RGB about 12 luma planes with luma and colour
    apart.

    Parameters
    ----------
    shape : tuple of int
        ``(H, W)`` or ``(H, W, 3)``.
    options : FusionOptions
        `radius` is the reach of the energy window, `smoothing` that of the depth map.
    room : Room
        Where what is as large as a frame lies.
    apart : bool
        Whether luma and colour differences are weighed apart.
    """

    passes = 1

    def __init__(
        self, shape: tuple[int, ...], options: FusionOptions, room: Room, *, apart: bool
    ) -> None:
        self._shape = shape
        self._shapes = shapes = level_shapes(*shape[:2])
        radius = RADIUS if options.radius is None else options.radius
        apart = apart and len(shape) == 3
        self._room = room
        deep = options.deep
        self._finest = FinestLevel(
            shape, FINEST_RADIUS * radius, options.threads, room, apart=apart, deep=deep
        )
        crew = self._finest.crew
        self._composite = Composite(shapes[1:], () if apart else shape[2:], crew, deep=deep)
        self._evidence = FocusEvidence(shapes, radius, room)
        self._chroma = Composite(shapes[1:], (2,), crew, deep=deep) if apart else None
        self._chroma_evidence = ChromaEvidence(shapes, room) if apart else None
        self._tracker = DepthTracker(shapes[1], room, crew)
        self._motion_level = level = motion_level(shapes)
        self._movement = (
            None
            if level is None or not options.moved
            else Movement(
                shapes[level], level, crew.both, options.astray, room, search=options.motion
            )
        )
        self._smoothing = options.smoothing or 0.0
        self._variances: list[float] = []
        self._chroma_variances: list[float] = []

    def add(self, frame: Float32 | Planes, validity: Validity | None = None) -> None:
        """Take one frame; see :class:`focusstack.fusion.base.Fuser`."""
        levels, planes = None, planes_of(frame)
        if validity is not None:
            levels = ValidityLevels.of(validity, self._shapes)
            if float(levels.finest.min()) <= 0:
                planes = Planes(planes.values.copy(), planes.flat)
                mend(planes, np.equal(levels.finest, 0))
        motion = self._measure(planes, levels)
        if motion is not None:
            levels = self._choose(motion, levels)
        self._blend(planes, levels)

    def _measure(self, frame: Planes, validity: ValidityLevels | None) -> Motion | None:
        """Take the frame apart, coarse levels only; see how sharp it is and what has moved."""
        finest, evidence, colour = self._finest, self._evidence, self._chroma_evidence
        finest.measure(frame, evidence.finest, None if colour is None else colour.finest)
        evidence.find_noise()
        finest.reduce_energy(evidence.finest, evidence.floor, evidence.focus)
        finest.crew.both(lambda: self._composite.decompose(finest.reduced), self._decompose_chroma)
        luma = self._composite
        finest.crew.both(lambda: evidence.measure(luma.bands), self._measure_chroma)
        if colour is not None:
            colour.follow(evidence)
            self._chroma_variances.append(colour.variance)
        self._variances.append(evidence.variance)
        return self._motion(validity)

    def _decompose_chroma(self) -> None:
        if self._chroma is not None and self._finest.reduced_chroma is not None:
            self._chroma.decompose(self._finest.reduced_chroma)

    def _measure_chroma(self) -> None:
        if self._chroma is not None and self._chroma_evidence is not None:
            self._chroma_evidence.measure(self._chroma.bands)

    def _blend(self, frame: Planes, validity: ValidityLevels | None) -> None:
        """Add the frame measured last to the means."""
        evidence, colour = self._evidence, self._chroma_evidence
        variance, chroma_variance = float(np.median(self._variances)), 0.0
        coarse = None if validity is None else validity.coarse
        if colour is not None:
            chroma_variance = float(np.median(self._chroma_variances))
            if coarse is not None:  # a clipped channel shifts colour more than it costs detail
                colour.doubt(coarse)

        def luma() -> None:
            self._composite.add(evidence.levels, evidence.base, variance, coarse)
            self._tracker.add(evidence.focus, None if coarse is None else coarse[0])

        def chroma() -> None:
            if self._chroma is not None and colour is not None:
                self._chroma.add(colour.levels, evidence.base, chroma_variance, coarse)

        self._finest.crew.both(luma, chroma)
        self._finest.add(
            frame,
            evidence.finest,
            evidence.floor,
            evidence.second,
            None if colour is None else colour.finest,
            (variance * LEVEL_GAINS[0], chroma_variance * LEVEL_GAINS[0]),
            validity,
        )

    def end_pass(self) -> None:
        """All frames have been added."""

    def result(self) -> Fused:
        """Return the composite; see :class:`focusstack.fusion.base.Fuser`."""
        tracker, shape = self._tracker, self._shape
        # What is no longer needed is let go: all parts at once would be the peak of a whole run.
        del self._evidence, self._chroma_evidence
        self._room.vacated()
        chroma = None if self._chroma is None else self._chroma.image()
        self._chroma = None
        self._room.vacated()
        image = self._finest.image(self._composite.image(), chroma)
        del self._composite, self._finest, chroma
        self._room.vacated()
        noise = 4 * LEVEL_GAINS[0] * float(np.median(self._variances))
        confidence = tracker.distinctness(noise)
        depth = regularised(tracker.depth(), confidence, self._smoothing)
        self._room.vacated()
        depth = enlarged(depth, shape, tracker.frames - 1, self._room)
        confidence = enlarged(confidence, shape, 1, self._room)
        return Fused(
            image=image,
            depth=depth,
            confidence=confidence,
            source=source_map(tracker.index, depth, confidence, self._room),
            moved=None if self._movement is None else self._movement.moved,
        )

    def _motion(self, validity: ValidityLevels | None) -> Motion | None:
        """Look for what the frame shows elsewhere than those before."""
        level = self._motion_level
        if level is None or self._movement is None:
            return None
        signal = [self._finest.reduced, *self._composite.gauss]
        fine, here, colour = beside(signal[0]), beside(signal[level - 1]), None
        if self._chroma is not None and self._finest.reduced_chroma is not None:
            colour = beside([self._finest.reduced_chroma, *self._chroma.gauss][level - 1])
        luma = luma_of(here)
        focus = reduced(self._evidence.focus, luma.shape)
        light = linear_light(fine, here, colour)
        known = None if validity is None else validity.coarse[level - 1]
        seen = sight(luma, focus, known, light, luma_of(fine))
        return self._movement.add(seen)

    def _choose(self, motion: Motion, validity: ValidityLevels | None) -> ValidityLevels | None:
        """Let earlier frames go where this one is better; return where this one may stay."""
        self._forget(motion.stays)
        if float(motion.kept.min()) == 1:
            return validity
        finest, coarse = self._finest.crew.both(
            lambda: self._enlarged(motion.kept),
            lambda: mask_levels(motion.kept, self._shapes[1:]),
        )
        kept = ValidityLevels(finest, coarse)
        return kept if validity is None else kept.times(validity)

    def _forget(self, stays: Float32) -> None:
        """Let earlier frames go where they may not stay."""
        if float(stays.min()) == 1:
            return
        levels = mask_levels(stays, self._shapes[1:])
        self._finest.signal.discount(self._enlarged(stays) < 128)
        self._composite.discount(levels)
        if self._chroma is not None and self._finest.chroma is not None:
            self._finest.chroma.discount(levels[0] < 0.5)
            self._chroma.discount(levels)
        self._tracker.discount(levels[0])

    def _enlarged(self, mask: Float32) -> NDArray[np.uint8]:
        """Return a soft mask at the size of the frames, in 255ths."""
        return np.asarray(cv2.resize(as_bytes(mask), self._shape[1::-1]), np.uint8)


def make(
    shape: tuple[int, ...],
    frames: int,  # noqa: ARG001
    options: FusionOptions,
    room: Room,
) -> Fuser:
    """Return a fuser that weighs all channels alike; the number of frames does not matter."""
    return WeightedFuser(shape, options, room, apart=False)


def make_auto(
    shape: tuple[int, ...],
    frames: int,  # noqa: ARG001
    options: FusionOptions,
    room: Room,
) -> Fuser:
    """Return a fuser that weighs luma and colour apart; the number of frames does not matter."""
    return WeightedFuser(shape, options, room, apart=True)
