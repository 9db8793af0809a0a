"""The depth that places what is sharp in one frame.

A composite takes from a frame what is sharp in it, which lies near one depth. Where the depth of
the scene jumps, a frame that followed it would be torn, and just there something sharp ends: a
stem before a wall. What is blurred in the frame need not lie right, so that it may move as what is
sharp beside it does.
"""

from __future__ import annotations

import numpy as np

from focusstack.numeric.arrays import Float32
from focusstack.numeric.normalised_convolution import filled_from_sure

SIGMAS = (1.0, 3.0, 9.0, 27.0, 81.0)
"""Neighbourhoods that tell how what is blurred moves: standard deviations in nodes. The first is
that of what the resampling can follow (``python -m benchmarks.alignment``, *walk*)."""

BLURRED = 0.004
"""Weight of what is more than three slabs from the plane of focus: where nothing sharp is near, a
frame keeps to the depth of what it shows (``python -m benchmarks.alignment``, *parallax*)."""


def depth_in_focus(depth: Float32, focus: float, slab: float) -> Float32:
    """Give what is blurred in a frame the depth of what is sharp around it.

    Parameters
    ----------
    depth : (rows, columns) float32 ndarray
        Relative inverse depth at nodes; not modified.
    focus : float
        That of the frame's plane of focus.
    slab : float
        From one frame's plane to the next: the standard deviation of what counts as sharp.

    Returns
    -------
    (rows, columns) float32 ndarray

    Examples
    --------
    A stem before a wall, in the frame that shows the stem: what is beside it moves with it.

    >>> depth = np.full((20, 40), -0.5, np.float32)
    >>> depth[:, 18:22] = 0.5
    >>> depth_in_focus(depth, 0.5, 0.1)[10, 14:26:2].round(1).tolist()
    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    """
    slab = max(slab, 1e-9)
    away = (depth - np.float32(focus)) / np.float32(slab)
    sharp = np.exp(np.float32(-0.5) * np.minimum(away * away, 100))
    found, _ = filled_from_sure(depth, sharp + np.float32(BLURRED), SIGMAS, SIGMAS[0])
    return found
