"""Columns or rows of the sensor that are brighter than others: a pattern over the whole frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from focusstack.first_pass.marks.persistence import DARK, Persistence
from focusstack.frames.proxies.proxy import Proxy
from focusstack.numeric.arrays import Float32

ALIKE = 0.6
"""Correlation between one half of the frame and the other from which on columns are a pattern: no
scene has as straight and upright lines from edge to edge. Pure chance stays below 0.2 (``python -m
benchmarks.alignment --only "column noise"``)."""

FAINTEST_RMS = 0.004
"""Least root mean square of the pattern, after the band pass, as a share of the light: less pulls
no tile. JPEG's own grid is a tenth (``python -m benchmarks.alignment --only "column noise"``)."""

WIDE_PX = 16.0
"""Standard deviation of the Gaussian beyond which a slope across columns is the scene's. Chosen,
not measured."""


def is_striped(found: Persistence, axis: int) -> bool:
    """Whether columns (axis 0) or rows (axis 1) have a pattern that both halves agree on."""
    whole = found.mean if axis == 0 else found.mean.T
    half = len(whole) // 2
    first, second = np.median(whole[:half], 0), np.median(whole[half:], 0)
    both = min(float(first.std()), float(second.std()))
    return both > FAINTEST_RMS and float(np.corrcoef(first, second)[0, 1]) > ALIKE


def stripes(load: Callable[[int], Proxy], frames: Sequence[int], axis: int) -> Float32:
    """Return the factor ``(w,)`` or ``(h,)`` that each column or row has in common in all frames.

    Parameters
    ----------
    load : callable
        Proxy of a frame index.
    frames : sequence of int
        The frames.
    axis : int
        0 for columns, 1 for rows.
    """
    lines = []
    for k in frames:
        luma = load(k).luma
        logarithm = np.log(np.maximum(luma if axis == 0 else luma.T, 0) + np.float32(DARK))
        wide = cv2.GaussianBlur(logarithm, (0, 0), sigmaX=WIDE_PX, sigmaY=1e-3)
        lines.append(np.median(logarithm - wide, axis=0))
    return np.asarray(np.exp(np.median(lines, axis=0)), np.float32)
