"""Frames that say nothing in places: what stands there must not leak into the composite."""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.fusion.laplacian import down, level_shapes, up
from focusstack.typing import Float32


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
    trusted = (validity > 0).astype(np.float32)
    colour = np.where(_spread(trusted, frame) > 0, frame, np.float32(0))
    weights, colours = [trusted], [colour]
    for _ in level_shapes(frame.shape[0], frame.shape[1], most=32)[1:]:
        weights.append(down(weights[-1]))
        colours.append(down(colours[-1]))
    mean = np.full_like(colours[-1], colours[-1].sum() / max(float(weights[-1].sum()), 1e-6))
    for weight, value in zip(reversed(weights), reversed(colours), strict=True):
        share = _spread(weight, value)
        known = value / np.maximum(share, 1e-6)
        coarser = mean if mean.shape == value.shape else up(mean, value.shape)
        mean = np.where(share > 1e-3, known, coarser)
    return np.where(_spread(trusted, frame) > 0, frame, mean).astype(np.float32)


def validity_levels(validity: Float32, shapes: list[tuple[int, int]]) -> list[Float32]:
    """Trust of every pyramid level: the share of trusted pixels beneath each coefficient."""
    levels = [validity]
    for _ in shapes[1:]:
        levels.append(down(levels[-1]))
    return levels


def _spread(plane: Float32, like: Float32) -> Float32:
    """Give `plane` the channels of `like`."""
    return plane if like.ndim == 2 else np.asarray(cv2.merge([plane] * like.shape[2]))
