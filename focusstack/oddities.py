"""Frames that do not belong, from their own pixels alone: how they are exposed and how sharp."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from focusstack.alignment.features.focus_order import distances
from focusstack.frames.proxies.proxy import Proxy, Statistics
from focusstack.numeric.arrays import Points

DARK = 0.001
"""Linear light below which a sensor's codes are noise."""

EXPOSED_SHARE = 0.2
"""A frame must be exposed in this share of the area in which its fellows are."""

DULL = 1.25
"""A frame whose detail is so many times weaker than that of others, wherever they are sharp, has
nothing sharp itself. No frame is left out for that: a flat subject is sharp in one frame only."""

SAME_STEP = 0.3
"""Two frames whose sharpness differs by less than this share of a usual focus step are focused
alike."""


def beyond_repair(statistics: Sequence[Statistics]) -> dict[int, str]:
    """Frames in which hardly anything is exposed, though it is in the others: index to reason."""
    exposed, dark, clipped = [], [], []
    for s in statistics:
        light = s.blocks.max(axis=2)
        dark.append(float((light < DARK).mean()))
        clipped.append(float((s.clean < 0.5).mean()))
        exposed.append(float(((light >= DARK) & (s.clean >= 0.5)).mean()))
    usual = float(np.median(exposed))
    return {
        k: "exposed beyond repair: nearly all " + ("black" if dark[k] > clipped[k] else "white")
        for k, share in enumerate(exposed)
        if share < EXPOSED_SHARE * usual
    }


def dull(statistics: Sequence[Statistics]) -> Points:
    """How many times weaker each frame's detail is than the best of the others, at its best."""
    detail = np.stack([s.signature.ravel() for s in statistics]).astype(float) / 2
    if len(detail) < 3:
        return np.ones(len(detail))
    # Where even the best shows little, noise makes all alike.
    best = detail.max(0)
    textured = best >= np.quantile(best, 0.75)
    weaker = []
    for k in range(len(detail)):
        others = np.delete(detail, k, axis=0)[:, textured].max(0)
        weaker.append(float(np.exp(np.quantile(others - detail[k, textured], 0.05))))
    return np.array(weaker)


def streakiness(proxy: Proxy) -> float:
    """Ratio of the detail's contrast across to that along its weakest direction, at least 1.

    A streak has no detail along itself. From the structure tensor (Bigün and Granlund, ICCV 1987)
    of what is finer than three pixels.
    """
    detail = cv2.GaussianBlur(proxy.luma, (0, 0), 1.0) - cv2.GaussianBlur(proxy.luma, (0, 0), 3.0)
    gx, gy = cv2.Scharr(detail, cv2.CV_32F, 1, 0), cv2.Scharr(detail, cv2.CV_32F, 0, 1)
    xx, xy, yy = (float(np.mean(a * b)) for a, b in ((gx, gx), (gx, gy), (gy, gy)))
    low, high = np.linalg.eigvalsh([[xx, xy], [xy, yy]])
    return float(np.sqrt(high / max(low, 1e-12)))


def alike(statistics: Sequence[Statistics]) -> dict[int, int]:
    """Frames that are focused like the one before them: index to that frame's index.

    Parameters
    ----------
    statistics : sequence of Statistics
        In focus order.
    """
    d = distances([s.signature for s in statistics])
    steps = np.diagonal(d, 1)
    if len(steps) < 3:
        return {}
    usual = float(np.median(steps))
    return {k + 1: k for k, step in enumerate(steps) if step < SAME_STEP * usual}
