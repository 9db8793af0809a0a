"""The common exposure at which no highlight is lost, and what is clipped in every frame."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from focusstack.frames.proxies.proxy import BLOCK, Statistics
from focusstack.geometry.coordinates import at_scale
from focusstack.numeric.arrays import Floats, Matrix

LEAST_EXCESS = 0.03
"""Highlights that go beyond white by less than this share of linear light are left to be clipped:
0.04 EV. Chosen, not measured."""


CLIPPED_SHARE = 0.001
"""Share of the picture, clipped in every frame, that is worth a word: a patch of 0.03 of the
picture's sides. Chosen, not measured."""


def is_worth_a_word(share: float) -> bool:
    """Whether so large a share of the picture, clipped in every frame, is told to the user."""
    return share > CLIPPED_SHARE


def headroom(gains: Floats, statistics: Sequence[Statistics], used: Sequence[int]) -> float:
    """Factor, at most 1, on all gains that brings every frame's highlights to white or below.

    Parameters
    ----------
    gains : (n, C) ndarray
        That match the reference; NaN counts as 1.
    statistics : sequence of Statistics
        Of all frames.
    used : sequence of int
        Which of them count.
    """
    highest = max(
        float(np.max(np.where(np.isfinite(gains[k]), gains[k], 1) * statistics[k].peak))
        for k in used
    )
    return 1.0 if highest <= 1 + LEAST_EXCESS else 1 / highest


def clipped_everywhere(
    statistics: Sequence[Statistics], matrices: Matrix, used: Sequence[int]
) -> float:
    """Share of the picture in which every frame that sees it is clipped.

    Parameters
    ----------
    statistics : sequence of Statistics
        Of all frames.
    matrices : (n, 3, 3) ndarray
        Proxy pixel to canvas proxy pixel.
    used : sequence of int
        Which of them count.
    """
    height, width = statistics[used[0]].clean.shape
    clean = np.zeros((height, width), np.float32)
    for k in used:
        warped = cv2.warpPerspective(
            statistics[k].clean,
            at_scale(matrices[k], BLOCK),
            (width, height),
            flags=cv2.INTER_LINEAR,
            borderValue=0,
        )
        clean = np.maximum(clean, warped)
    seen = clean[1:-1, 1:-1]
    return float((seen < 0.5).mean()) if seen.size else 0.0
