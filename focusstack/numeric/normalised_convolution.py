"""What is sure in a picture stands in for what is not (normalised convolution).

H. Knutsson and C.-F. Westin, "Normalized and differential convolution", CVPR 1993.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from focusstack.numeric.arrays import Float32

ENOUGH = 0.3
"""Mean certainty, 0..1, of a neighbourhood that stands for itself. Chosen, not measured."""

FINEST_SIGMA = 4.0
"""Standard deviation, in pixels, that blurs are brought down to by a smaller image: only time
depends on it (``python -m benchmarks.speed``)."""


def filled_from_sure(
    values: Float32, certainty: Float32, sigmas: Sequence[float], near: float
) -> tuple[Float32, Float32]:
    """Fill a picture with weighted means over neighbourhoods that grow until they are sure.

    Parameters
    ----------
    values : (H, W) float32 ndarray
        Not modified.
    certainty : (H, W) float32 ndarray
        Weight of each, 0..1, above 0 somewhere.
    sigmas : sequence of float
        Neighbourhoods: standard deviations in pixels, rising.
    near : float
        What only a wider neighbourhood than this tells is a guess.

    Returns
    -------
    found : (H, W) float32 ndarray
    guessed : (H, W) float32 ndarray
        Share of each that comes from farther than `near`.

    Examples
    --------
    >>> values, certainty = np.zeros((5, 50), np.float32), np.zeros((5, 50), np.float32)
    >>> values[:, 20], certainty[:, 20] = 7, 1
    >>> found, guessed = filled_from_sure(values, certainty, (0.5, 2.0, 8.0), 2.0)
    >>> found[2, [5, 20, 45]].round(3).tolist()
    [7.0, 7.0, 7.0]
    """
    # Not the pull-push of fusion: guesses are told by how far away they come from, in pixels.
    found, open_share = np.zeros_like(values), np.ones_like(values)
    guessed = open_share
    for sigma in sigmas:
        weight = _blurred(certainty, sigma)
        mean = _blurred(certainty * values, sigma) / np.maximum(weight, 1e-9)
        sure = np.clip(weight / ENOUGH, 0, 1) if sigma < sigmas[-1] else np.ones_like(weight)
        found += open_share * sure * mean
        open_share = open_share * (1 - sure)
        if sigma <= near:
            guessed = open_share
    return found, guessed


def _blurred(image: Float32, sigma: float) -> Float32:
    """Gaussian blur; a wide one is done on a smaller image, which looks the same."""
    factor = min(8, max(1, round(sigma / FINEST_SIGMA)), *image.shape)
    height, width = image.shape
    size = -(-width // factor), -(-height // factor)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if factor > 1 else image
    small = cv2.GaussianBlur(small, (0, 0), sigma / factor)
    if factor > 1:
        small = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(small, np.float32)
