"""The whole alignment of frames that are arrays, in one call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from focusstack.alignment.coarse import align_coarsely, detect_all, match_all
from focusstack.alignment.refine import refine
from focusstack.alignment.tiles.poses import Series
from focusstack.frames.proxies.proxy import make_proxy, proxy_scale, proxy_size
from focusstack.geometry.coordinates import at_scale
from focusstack.numeric.arrays import Image, Matrix
from focusstack.numeric.expected import check_pictures
from focusstack.runtime.spool import Spool

AS_FREE_AS_A_MATRIX = "homography"
"""Motion model where a lens bends lines, which no matrix does: the freest follows best."""


def align(frames: Sequence[Image], reference: int | None = None, threads: int = 2) -> Matrix:
    """Find where equally exposed frames of one focus sweep lie.

    Parameters
    ----------
    frames : sequence of (H, W, 3) or (H, W) ndarray
        In focus order, all of one size: uint8, uint16 or float32 0..1.
    reference : int, optional
        The frame that does not move; the one from which the others differ least if not given.
    threads : int, optional
        No result depends on them.

    Returns
    -------
    (n, 3, 3) float64 ndarray
        Frame pixel to reference pixel, pixel centres at integers; NaN for frames that cannot be
        placed.

    Raises
    ------
    ValueError
        If there are fewer than two frames, or their sizes differ.
    AlignmentError
        If the frames share too little with each other.

    Examples
    --------
    >>> blocks = np.random.default_rng(0).random((50, 60), np.float32).repeat(9, 0).repeat(9, 1)
    >>> np.round(align([blocks[4:, 7:], blocks[:-4, :-7]], reference=0)[1]) + 0  # no -0
    array([[ 1.,  0., -7.],
           [ 0.,  1., -4.],
           [ 0.,  0.,  1.]])
    """
    check_pictures(frames, fewest=2)
    height, width = frames[0].shape[:2]
    scale, count = proxy_scale(width, height), len(frames)
    size = proxy_size(width, height, scale)
    proxies = [make_proxy(frame, scale)[0] for frame in frames]
    features = detect_all(proxies.__getitem__, count, threads, lambda: None)
    fits, names = match_all(features, size, threads), [f"frame {k}" for k in range(count)]
    coarse = align_coarsely(fits, names, size, [0.0] * count, reference)
    gains = [1.0] * count
    with Spool() as kept:
        series = Series(
            proxies.__getitem__, size, coarse.reference, coarse.pairs, gains, threads, kept=kept
        )
        found = refine(series, coarse.matrices, coarse.matches)
        if found.poses.bends.any():
            found = refine(series, coarse.matrices, coarse.matches, model=AS_FREE_AS_A_MATRIX)
    return np.stack(
        [at_scale(H, scale) if np.isfinite(H).all() else H for H in found.poses.matrices]
    )
