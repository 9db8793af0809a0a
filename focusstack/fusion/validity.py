"""Frames that say nothing in places: what stands there must not leak into the composite."""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.fusion.laplacian import down, level_shapes, up
from focusstack.typing import Float32

LEAST_SHARE = 1e-3
"""Share of trusted pixels beneath a coarser one for that to be known."""


def filled(frame: Float32, validity: Float32) -> Float32:
    """Replace pixels of zero `validity` by a smooth continuation of the others.

    A hard border would be the sharpest edge of the frame at every level. The continuation is the
    nearest pyramid level that still sees trusted pixels (pull-push; Gortler et al., "The
    Lumigraph", SIGGRAPH 1996), so nothing of the untrusted values is left.

    Parameters
    ----------
    frame : (H, W[, 3]) float32 ndarray
        Not modified.
    validity : (H, W) float32 ndarray
        0 where the frame has nothing.
    """
    if float(validity.min()) > 0:
        return frame
    trusted = np.greater(validity, 0).view(np.uint8)
    weights = [down(trusted.astype(np.float32))]
    sums = [down(np.asarray(cv2.copyTo(frame, trusted), np.float32))]
    for _ in level_shapes(frame.shape[0], frame.shape[1], most=32)[2:]:
        weights.append(down(weights[-1]))
        sums.append(down(sums[-1]))
    total = float(weights[-1].sum())
    mean = np.full_like(sums[-1], sums[-1].sum() / total if total > 0 else 0)
    for weight, value in zip(reversed(weights), reversed(sums), strict=True):
        share = weight if value.ndim == 2 else weight[..., None]
        known = value / np.maximum(share, LEAST_SHARE)
        coarser = mean if mean.shape == value.shape else up(mean, value.shape)
        mean = np.where(share > LEAST_SHARE, known, coarser).astype(np.float32, copy=False)
    whole = up(mean, frame.shape)
    return np.asarray(cv2.copyTo(frame, trusted, whole), np.float32)


def validity_levels(validity: Float32, shapes: list[tuple[int, int]]) -> list[Float32]:
    """Trust of every pyramid level: the share of trusted pixels beneath each coefficient."""
    levels = [validity]
    for _ in shapes[1:]:
        levels.append(down(levels[-1]))
    return levels
