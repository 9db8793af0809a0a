"""Gains of frames whose place in the reference is known already."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from focusstack.exposure.gains import compare_gains, register_blocks, solve_gains
from focusstack.frames.proxies.proxy import make_proxy, proxy_scale
from focusstack.geometry.coordinates import at_scale
from focusstack.numeric.arrays import Floats, Image, Matrix
from focusstack.numeric.expected import check_matrices, check_pictures


def measure_gains(
    frames: Sequence[Image], matrices: Matrix | None = None, reference: int = 0
) -> Floats:
    """Find the gains that bring registered frames to the exposure of one of them.

    Every frame is compared with every other: few frames, as they fit in memory. A whole stack is
    compared pair by pair in :func:`focusstack.plan_stack`.

    Parameters
    ----------
    frames : sequence of (H, W[, C]) ndarray
        Alike in size; uint8, uint16 or float32, encoded in sRGB's way. Not modified.
    matrices : (n, 3, 3) ndarray, optional
        Frame pixel to reference pixel; the frames are taken to be aligned without them.
    reference : int, optional
        Index of the frame whose exposure is kept.

    Returns
    -------
    (n, C) float64 ndarray
        Factors on linear light; NaN where frames share too few areas that are neither clipped
        nor dark.

    Raises
    ------
    ValueError
        If there is no frame, frames are not alike, or a matrix has no inverse.
    TypeError
        If pixels are not uint8, uint16 or float32.

    Examples
    --------
    >>> from focusstack.exposure import apply_gain
    >>> frame = np.random.default_rng(0).integers(20, 200, (160, 240)).astype(np.uint8)
    >>> darker = np.rint(255 * apply_gain(frame, np.array([0.5]))).astype(np.uint8)
    >>> measure_gains([frame, darker]).round(2)
    array([[1.],
           [2.]])
    """
    check_pictures(frames, one_dtype=False)
    if matrices is not None:
        check_matrices(matrices, len(frames))
    if not 0 <= reference < len(frames):
        raise ValueError(f"there is no frame {reference} among {len(frames)}")
    height, width = frames[0].shape[:2]
    scale = proxy_scale(width, height)
    statistics = [make_proxy(frame, scale)[1] for frame in frames]
    placed = [np.eye(3)] * len(frames) if matrices is None else list(matrices)
    blocks = [
        register_blocks(facts, at_scale(H, 1 / scale))
        for facts, H in zip(statistics, placed, strict=True)
    ]
    compared = [
        compare_gains(i, j, blocks[i], blocks[j]) for i, j in combinations(range(len(frames)), 2)
    ]
    ratios = [ratio for ratio in compared if ratio is not None]
    return solve_gains(ratios, len(frames), blocks[0].mean.shape[2], reference)
