"""Columns or rows of the sensor that are brighter than others: a pattern over the whole frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from focusstack.first_pass.marks.persistence import DARK, Persistence
from focusstack.frames.proxies.proxy import Proxy
from focusstack.numeric.arrays import Float32

ALIKE = 0.8
"""Correlation between one half of the frame and the other from which on columns are a pattern: no
scene has as straight and upright lines from edge to edge. One of straight edges comes to 0.5
(``python -m benchmarks.alignment --only "column noise"``)."""

FAINTEST_RMS = 0.004
"""Least root mean square of the pattern, after the band pass, as a share of the light: less pulls
no tile. JPEG's own grid is a tenth (``python -m benchmarks.alignment --only "column noise"``)."""

EDGE = 8
"""Pixels at the ends of a pattern that are not looked at: frames may have been cut there. Chosen,
not measured."""

WIDE_PX = 16.0
"""Standard deviation of the Gaussian beyond which a slope across columns is the scene's. Chosen,
not measured."""


def is_striped(found: Persistence, axis: int) -> bool:
    """Whether columns (axis 0) or rows (axis 1) have a pattern that both halves agree on."""
    whole = found.mean if axis == 0 else found.mean.T
    half = len(whole) // 2
    first, second = (_usual(np.median(part, 0)) for part in (whole[:half], whole[half:]))
    both = min(float(first.std()), float(second.std()))
    return both > FAINTEST_RMS and float(np.corrcoef(first, second)[0, 1]) > ALIKE


def _usual(line: Float32) -> Float32:
    """A pattern without its ends, and with its highest peaks cut: a black border is no pattern."""
    inner = line[EDGE:-EDGE]
    limit = np.float32(3 * 1.4826) * np.median(np.abs(inner - np.median(inner)))
    return np.asarray(np.clip(inner, -limit, limit), np.float32)


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
