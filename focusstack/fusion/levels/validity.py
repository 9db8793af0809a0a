"""Frames that say nothing in places: what stands there must not leak into the composite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from focusstack.fusion.levels.laplacian import down, up
from focusstack.fusion.levels.pull_push import halvings, pull_push
from focusstack.numeric.arrays import Float32, Mask
from focusstack.resample.planes import Planes

Bytes: TypeAlias = NDArray[np.uint8]
"""Validity in 255ths."""

LEAST_SHARE = 1e-3
"""Share of valid pixels beneath a coarser one for that to be known: about one in 32 x 32.
Chosen, not measured: less is at the mercy of float32 sums."""

AROUND = 16
"""Pixels around what is hidden that its continuation is taken from. Chosen, not measured."""

MANY = 200
"""Parts beyond which all are filled at once: one by one takes longer. Speed only (``python -m
benchmarks.speed``)."""


def filled(frame: Float32, validity: Float32) -> Float32:
    """Replace pixels of zero `validity` by a smooth continuation of the others.

    A hard border would be the sharpest edge of the frame at every level. The continuation is the
    nearest pyramid level that still sees valid pixels, so nothing of the invalid values is
    left.

    Parameters
    ----------
    frame : (H, W[, 3]) float32 ndarray
        Not modified.
    validity : (H, W) float32 ndarray
        0 where the frame has nothing.
    """
    if float(validity.min()) > 0:
        return frame
    valid = np.greater(validity, 0).view(np.uint8)
    weight = down(valid.astype(np.float32))
    total = down(np.asarray(cv2.copyTo(frame, valid), np.float32))
    mean = pull_push(total, weight, halvings(*frame.shape[:2]) - 1, _known)
    whole = up(mean, frame.shape)
    return np.asarray(cv2.copyTo(frame, valid, whole), np.float32)


def _known(value: Float32, weight: Float32, coarser: Float32) -> Float32:
    """Own means where anything is valid at all, the coarser ones elsewhere."""
    share = weight if value.ndim == 2 else weight[..., None]
    known = value / np.maximum(share, LEAST_SHARE)
    return np.where(share > LEAST_SHARE, known, coarser).astype(np.float32, copy=False)


def mend(planes: Planes, hidden: Mask, half_width: float = np.inf) -> None:
    """Fill what is hidden of a picture by a smooth continuation of its surroundings, in place.

    Like `filled`, but only what is near is looked at.

    Parameters
    ----------
    planes : Planes
        Is written to.
    hidden : (H, W) bool ndarray
        Where it shows nothing of the scene.
    half_width : float, optional
        Pixels: wider areas stay as they are.

    Examples
    --------
    >>> planes, hot = Planes.of(np.full((40, 60), 0.5, np.float32)), np.zeros((40, 60), bool)
    >>> planes.values[0, 20, 30], hot[19:22, 29:32] = 1.0, True
    >>> mend(planes, hot, 5.0)
    >>> float(planes.values.max())
    0.5
    """
    # Marks are few: their contours take a thirtieth of the time that a label for every pixel takes.
    outlines, _ = cv2.findContours(
        hidden.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    if len(outlines) > MANY and half_width == np.inf:
        _mend_part(planes, hidden, hidden)
        return
    for one in outlines:
        x, y, width, height = cv2.boundingRect(one)
        left, top = max(0, x - AROUND), max(0, y - AROUND)
        rows, columns = slice(top, y + height + AROUND), slice(left, x + width + AROUND)
        inside = np.zeros(hidden[rows, columns].shape, np.uint8)
        cv2.drawContours(inside, [one], 0, 1, cv2.FILLED, offset=(-left, -top))
        own = (inside > 0) & hidden[rows, columns]
        if cv2.distanceTransform(own.view(np.uint8), cv2.DIST_L2, 3).max() <= half_width:
            part = Planes(planes.values[:, rows, columns], planes.flat)
            _mend_part(part, hidden[rows, columns], own)


def _mend_part(planes: Planes, hidden: Mask, own: Mask) -> None:
    """Fill `own` of all that is `hidden` of a picture, in place."""
    known = np.where(hidden, np.float32(0), np.float32(1))
    for plane in planes.values:
        whole = filled(plane.astype(np.float32), known)
        plane[own] = np.rint(whole[own]) if plane.dtype == np.int16 else whole[own]


@dataclass(frozen=True)
class ValidityLevels:
    """How far a frame is to be trusted, at every level of a pyramid.

    Attributes
    ----------
    finest : (H, W) uint8 ndarray
        At full size, in 255ths.
    coarse : list of ndarray
        0..1 at the size of each other level and the base: the share of valid pixels beneath.
    """

    finest: Bytes
    coarse: list[Float32]

    @classmethod
    def of(cls, validity: Float32 | Bytes, shapes: list[tuple[int, int]]) -> ValidityLevels:
        """Spread a validity map to levels of `shapes`, finest first, the base last."""
        finest = as_bytes(validity)
        second = np.multiply(cv2.pyrDown(finest), np.float32(1 / 255), dtype=np.float32)
        return cls(finest, validity_levels(second, shapes[1:]))

    def times(self, other: ValidityLevels) -> ValidityLevels:
        """Return the product of both, in the memory of this one's finest level."""
        cv2.multiply(self.finest, other.finest, self.finest, scale=1 / 255)
        coarse = [own * theirs for own, theirs in zip(self.coarse, other.coarse, strict=True)]
        return ValidityLevels(self.finest, coarse)


def as_bytes(validity: Float32 | Bytes) -> Bytes:
    """Validity in 255ths; what is not 0 stays so."""
    if validity.dtype == np.uint8:
        return cast(Bytes, validity)
    least = np.greater(validity, 0).view(np.uint8)
    rounded = cv2.convertScaleAbs(validity, alpha=255)
    return np.asarray(np.maximum(rounded, least), np.uint8)


def as_shares(validity: Float32 | Bytes) -> Float32:
    """Validity as float32 0..1."""
    if validity.dtype != np.uint8:
        return cast(Float32, validity)
    return np.multiply(validity, np.float32(1 / 255), dtype=np.float32)


def validity_levels(validity: Float32, shapes: list[tuple[int, int]]) -> list[Float32]:
    """Return the share of valid pixels beneath each coefficient of every pyramid level."""
    levels = [validity]
    for _ in shapes[1:]:
        levels.append(down(levels[-1]))
    return levels
