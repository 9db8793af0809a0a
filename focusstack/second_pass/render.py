"""Pass 2, one frame: gain and warp in a single step, straight into the common area."""

from __future__ import annotations

import math

import cv2
import numpy as np

from focusstack.exposure.apply import apply_gain, tone_table
from focusstack.exposure.shading import shade_planes
from focusstack.frames.proxies.proxy import CLIPPED_CODE
from focusstack.geometry.coordinates import Rect
from focusstack.geometry.placement import Placement
from focusstack.images.colour import full_scale
from focusstack.images.read import Picture
from focusstack.numeric.arrays import Float32, Floats
from focusstack.plan.model import FramePlan
from focusstack.resample.planes import Planes
from focusstack.resample.warp import Clipping, Destination, resample, resample_planes
from focusstack.second_pass.frame import AlignedFrame, Validity

TRUSTED = 255
"""Validity of what is to be trusted fully."""


LEAST_TRUST = 0.05
"""Trust in a clipped pixel that a darker frame may hold: where none does, it still counts."""


EVEN_EXPOSURE = 0.9
"""Frames within this factor of the darkest exposure hold about the same highlights."""


def render(
    picture: Picture,
    frame: FramePlan,
    rect: Rect,
    highest_gain: Floats,
    into: Destination | None = None,
    threads: int = 1,
) -> AlignedFrame:
    """Equalise, align and crop a frame with one resampling.

    Parameters
    ----------
    picture : Picture
        The frame as decoded; not modified.
    frame : FramePlan
        Its matrix, gain, exponent and shading.
    rect : Rect
        The common area, in reference-frame pixels.
    highest_gain : (C,) ndarray
        Of all used frames: that of the darkest exposure, which holds most highlights.
    into : Destination, optional
        Where to put the planes, and whether 16 bits a value will do, as for frames of 8 bits; new
        float32 planes if not given.
    threads : int, optional
        How many share the work; the bytes do not depend on it.
    """
    assert frame.matrix is not None
    into = into or Destination()
    trust = clipping_trust(frame.gain, highest_gain)
    shape = (rect.height, rect.width)
    clipped = np.empty(shape, np.uint8) if trust < 1 else None
    where = Placement(frame.matrix, rect, frame.field)
    planes = _moved(picture, frame, where, into, clipped, threads)
    size = picture.pixels.shape[1::-1]
    shade_planes(planes, frame.shading, where, size, picture.transfer, threads, into.room)
    validity = None if clipped is None else clipped_validity(clipped, trust)
    if picture.alpha is not None:
        seen = opaque(picture.alpha, frame, rect)
        validity = seen * (np.uint8(TRUSTED) if validity is None else validity)
    return AlignedFrame(frame.file, planes, validity, picture.metadata)


def _moved(
    picture: Picture,
    frame: FramePlan,
    where: Placement,
    into: Destination,
    clipped: Validity | None,
    threads: int,
) -> Planes:
    """Gain and warp; for integers the gain is a table that the warp looks values up in."""
    pixels, gain, exponent = picture.pixels, frame.gain, frame.exponent
    table = None
    if pixels.dtype == np.float32:
        pixels = apply_gain(pixels, gain, picture.transfer, exponent)
        limit = np.full((1, 1, *pixels.shape[2:]), CLIPPED_CODE, np.float32)
        limits = apply_gain(limit, gain, picture.transfer, exponent).ravel()
    else:
        table = tone_table(pixels.dtype, gain, picture.transfer, exponent)
        limits = table[:, math.ceil(CLIPPED_CODE * full_scale(pixels.dtype))].copy()
    clipping = None if clipped is None else Clipping(clipped, limits)
    return resample_planes(pixels, where, table, into, clipping, threads)


def opaque(alpha: Float32, frame: FramePlan, rect: Rect) -> Validity:
    """1 only where no transparent pixel of a frame is mixed in, else 0."""
    assert frame.matrix is not None
    solid = np.where(alpha > 0.999, np.uint8(255), np.uint8(0))
    solid = np.asarray(cv2.erode(solid, np.ones((7, 7), np.uint8)))  # the warp's reach
    moved = resample(solid, frame.matrix, rect, field=frame.field)
    return (moved > 0.5).view(np.uint8)


def clipping_trust(gain: Floats, highest: Floats) -> float:
    """How far clipped pixels of a frame count: 1 where no other frame was exposed much darker.

    White in the darkest frame is white; in a frame exposed one stop brighter it hides what the
    darker one still shows.
    """
    share = float(np.min(gain / highest)) / EVEN_EXPOSURE
    return float(np.clip(share**4, LEAST_TRUST, 1.0))


def clipped_validity(clipped: Validity, trust: float) -> Validity | None:
    """Validity of a frame: `trust` where it is `clipped`, full elsewhere; None if it is nowhere.

    In place, in 255ths.
    """
    if not clipped.any():
        return None
    np.multiply(clipped, np.uint8(TRUSTED - max(1, round(trust * TRUSTED))), out=clipped)
    return np.asarray(np.subtract(np.uint8(TRUSTED), clipped, out=clipped), np.uint8)
