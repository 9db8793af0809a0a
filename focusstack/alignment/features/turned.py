"""Whether a frame shows what another shows, but lies on its side or upside down."""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.alignment.features.sift import MAX_ROTATION_DEG, MIN_INLIERS, Features, match
from focusstack.geometry.coordinates import transform
from focusstack.numeric.arrays import Points


def quarter_turns(a: Features, b: Features, threshold: float) -> int:
    """By how many quarter turns, 0 to 3, one frame lies turned against another.

    Parameters
    ----------
    a, b : Features
        Of both.
    threshold : float
        Largest distance of an inlier in proxy pixels.

    Returns
    -------
    int
        Clockwise as seen; 0 too where they share too little to tell.

    Examples
    --------
    >>> places = np.random.default_rng(0).uniform(0, 400, (60, 2))
    >>> a = Features(places, np.eye(60, 128, dtype=np.float32))
    >>> quarter_turns(a, Features(400 - places, a.descriptors), 2)
    2
    """
    p, q = match(a, b)
    if len(p) < MIN_INLIERS:
        return 0
    found, _ = cv2.findHomography(p, q, cv2.USAC_MAGSAC, threshold, maxIters=5000, confidence=0.999)
    M = np.asarray(found, float)
    if M.shape != (3, 3):
        return 0
    near = np.linalg.norm(transform(M, p) - q, axis=1) < threshold
    if near.sum() < MIN_INLIERS:
        return 0
    return _nearest_quarter(p[near], q[near])


def _nearest_quarter(p: Points, q: Points) -> int:
    """The quarter turn that points make about their middles, if it is near one."""
    one, other = p - p.mean(0), q - q.mean(0)
    cross = (one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]).sum()
    angle = np.degrees(np.arctan2(cross, (one * other).sum()))
    nearest = round(angle / 90)
    return nearest % 4 if abs(angle - 90 * nearest) < MAX_ROTATION_DEG else 0
