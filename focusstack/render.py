"""Pass 2, one frame: gain and warp in a single step, straight into the common area."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from focusstack.colour import brightest_channel, full_scale
from focusstack.exposure import apply_gain, tone_table
from focusstack.geometry import Rect
from focusstack.images.metadata import Metadata
from focusstack.images.read import Picture
from focusstack.plan import FramePlan
from focusstack.planes import Planes
from focusstack.proxies import CLIPPED_CODE
from focusstack.resample import resample, resampled_planes
from focusstack.typing import Float32, Image, Points

LEAST_TRUST = 0.05
"""Trust in a clipped pixel that a darker frame may hold: where none does, it still counts."""

EVEN_EXPOSURE = 0.9
"""Frames within this factor of the darkest exposure hold about the same highlights."""


@dataclass(frozen=True)
class AlignedFrame:
    """A frame in the common area.

    Attributes
    ----------
    name : str
        File name of the frame.
    planes : Planes
        Encoded, at the reference's exposure; values above 1 are what a darker frame holds beyond
        the reference's white.
    validity : (H, W) float32 ndarray or None
        Below 1 where this frame is clipped and a darker one may hold more, 0 where it is
        transparent; None if nowhere.
    metadata : Metadata
        Of the frame's file.
    """

    name: str
    planes: Planes
    validity: Float32 | None
    metadata: Metadata

    @property
    def pixels(self) -> Float32:
        """The picture ``(H, W[, 3])``, float32."""
        return self.planes.pixels()


def render(
    picture: Picture,
    frame: FramePlan,
    rect: Rect,
    highest_gain: Points,
    threads: int = 1,
    coded: bool = False,
) -> AlignedFrame:
    """Equalise, align and crop a frame with one resampling.

    Parameters
    ----------
    picture : Picture
        The frame as decoded; not modified.
    frame : FramePlan
        Its matrix and gain.
    rect : Rect
        The common area, in reference-frame pixels.
    highest_gain : (C,) ndarray
        Of all used frames: that of the darkest exposure, which holds most highlights.
    threads : int, optional
        How many share the work; the bytes do not depend on it.
    coded : bool, optional
        Whether 16 bits a value will do, as for frames of 8 bits.
    """
    assert frame.matrix is not None
    planes = _moved(picture, frame, rect, threads, coded)
    trust = clipping_trust(frame.gain, highest_gain)
    validity = None if trust >= 1 else clipped_validity(picture.pixels, frame, rect, trust)
    if picture.alpha is not None:
        seen = opaque(picture.alpha, frame, rect)
        validity = seen if validity is None else validity * seen
    return AlignedFrame(frame.file, planes, validity, picture.metadata)


def _moved(picture: Picture, frame: FramePlan, rect: Rect, threads: int, coded: bool) -> Planes:
    """Gain and warp; for integers the gain is a table that the warp looks values up in."""
    assert frame.matrix is not None
    pixels, gain = picture.pixels, frame.gain
    table = None
    if pixels.dtype == np.float32:
        pixels = apply_gain(pixels, gain, picture.transfer)
    else:
        table = tone_table(pixels.dtype, gain, picture.transfer)
    H, field = frame.matrix, frame.field
    return resampled_planes(pixels, H, rect, table, field, threads=threads, coded=coded)


def opaque(alpha: Float32, frame: FramePlan, rect: Rect) -> Float32:
    """Validity of a frame with transparency: 1 only where no transparent pixel is mixed in."""
    assert frame.matrix is not None
    solid = np.where(alpha > 0.999, np.uint8(255), np.uint8(0))
    solid = np.asarray(cv2.erode(solid, np.ones((7, 7), np.uint8)))  # the warp's reach
    moved = resample(solid, frame.matrix, rect, field=frame.field)
    return (moved > 0.5).astype(np.float32)


def clipping_trust(gain: Points, highest: Points) -> float:
    """How far clipped pixels of a frame count: 1 where no other frame was exposed much darker.

    White in the darkest frame is white; in a frame exposed one stop brighter it hides what the
    darker one still shows.
    """
    share = float(np.min(gain / highest)) / EVEN_EXPOSURE
    return float(np.clip(share**4, LEAST_TRUST, 1.0))


def clipped_validity(pixels: Image, frame: FramePlan, rect: Rect, trust: float) -> Float32 | None:
    """Validity map of a frame: `trust` where clipped, 1 elsewhere; None if nothing is clipped."""
    brightest = brightest_channel(pixels)
    clipped = (brightest >= CLIPPED_CODE * full_scale(pixels.dtype)).astype(np.uint8)
    if not clipped.any():
        return None
    assert frame.matrix is not None
    # What the kernel mixes with a clipped pixel is spoilt too.
    spoilt = np.asarray(cv2.dilate(clipped, np.ones((5, 5), np.uint8)), np.uint8)
    moved = resample(spoilt * np.uint8(255), frame.matrix, rect, field=frame.field)
    return np.where(moved > 0.5, np.float32(trust), np.float32(1))
