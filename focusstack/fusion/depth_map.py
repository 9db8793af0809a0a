"""From noisy votes to a depth map: smooth where the picture is, broken where it breaks."""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.fusion.laplacian import down, level_shapes, up
from focusstack.typing import Float32


def completed(depth: Float32, confidence: Float32) -> Float32:
    """Fill in depth where nothing is textured from the nearest surroundings that are.

    Parameters
    ----------
    depth, confidence : (H, W) float32 ndarray
        Depth and how sure it is, 0..1.

    Returns
    -------
    (H, W) float32 ndarray
        A blend of `depth`, by `confidence`, and its confidence-weighted mean over ever larger
        surroundings (pull-push; Gortler et al., "The Lumigraph", SIGGRAPH 1996).
    """
    weights, sums = [confidence], [confidence * depth]
    for _ in level_shapes(depth.shape[0], depth.shape[1], most=32)[1:]:
        weights.append(down(weights[-1]))
        sums.append(down(sums[-1]))
    total = float(weights[-1].sum())
    mean = np.full_like(sums[-1], sums[-1].sum() / total if total > 1e-6 else depth.mean())
    for weight, value in zip(reversed(weights), reversed(sums), strict=True):
        coarser = mean if mean.shape == value.shape else up(mean, value.shape)
        own = np.divide(value, weight, out=np.zeros_like(value), where=weight > 1e-6)
        sure = np.clip(weight, 0, 1)
        mean = sure * own + (1 - sure) * coarser
    return np.asarray(mean, np.float32)


def guided(
    depth: Float32, confidence: Float32, guide: Float32, radius: int, contrast: float
) -> Float32:
    """Smooth `depth` along the picture: a confidence-weighted guided filter.

    K. He, J. Sun and X. Tang, "Guided Image Filtering", TPAMI 35(6), 2013, with every mean
    weighted by confidence: in each window depth is fitted as a linear function of the guide.

    Parameters
    ----------
    depth, confidence, guide : (H, W) float32 ndarray
        `guide` is a sharp picture of the scene.
    radius : int
        Half the window's side in pixels; 0 returns `depth`.
    contrast : float
        Differences in the guide below this do not break the smoothing.
    """
    if radius == 0:
        return depth
    weight = confidence + np.float32(1e-4)

    def mean(plane: Float32) -> Float32:
        return np.asarray(cv2.blur(plane, (2 * radius + 1, 2 * radius + 1)))

    total = mean(weight)
    guide_mean, depth_mean = mean(weight * guide) / total, mean(weight * depth) / total
    covariance = mean(weight * guide * depth) / total - guide_mean * depth_mean
    variance = mean(weight * guide * guide) / total - guide_mean * guide_mean
    slope = covariance / (np.maximum(variance, 0) + np.float32(contrast**2))
    offset = depth_mean - slope * guide_mean
    return np.asarray(
        (mean(slope * total) * guide + mean(offset * total)) / mean(total), np.float32
    )


def regularised(
    depth: Float32, confidence: Float32, guide: Float32, smoothing: float = 1.0
) -> Float32:
    """Depth map without outliers or holes.

    Parameters
    ----------
    depth, confidence, guide : (H, W) float32 ndarray
        Raw depth, how sure it is, and a sharp picture of the scene.
    smoothing : float, optional
        Scales the reach: 0 fills holes only.
    """
    radius = round(6 * smoothing)
    if radius:
        depth = np.asarray(cv2.medianBlur(depth, 5))
    return guided(completed(depth, confidence), confidence, guide, radius, contrast=0.04)
