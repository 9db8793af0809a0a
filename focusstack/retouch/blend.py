"""How painted pixels join those that are there."""

from __future__ import annotations

import cv2
import numpy as np

from focusstack.numeric.arrays import Float32, Mask

SWEEPS = 24
"""Relaxations of the picture at full size; twice as many at each smaller one, where they cost less.
What is left then differs from the exact solution by a slow swell of a step or two of 8 bits, which
nobody sees; half as many leave half as much again (``tests/retouch/test_blend.py``)."""

KNOWN = 0.01
"""Share of a coarser pixel that must be known for its mean to count. Chosen as `SWEEPS`."""

SMALLEST = 8
"""Pixels of the shorter side below which a picture is not halved any more. Speed only."""


def laid_over(below: Float32, above: Float32, cover: Float32) -> Float32:
    """Return `above` laid over `below` where it covers.

    Parameters
    ----------
    below, above : (H, W[, C]) float32 ndarray
        Encoded, 0..1.
    cover : (H, W) float32 ndarray
        0 leaves what is below, 1 shows what is above.

    Examples
    --------
    >>> grey = np.full((1, 2), 0.5, np.float32)
    >>> laid_over(grey, np.ones_like(grey), np.array([[0, 0.5]], np.float32))
    array([[0.5 , 0.75]], dtype=float32)
    """
    share = cover if below.ndim == 2 else cover[..., None]
    return np.asarray(below + share * (above - below), np.float32)


def without_edge(below: Float32, above: Float32, inside: Mask) -> Float32:
    """Return `above` shifted in brightness so that it meets `below` all round an outline.

    The gradients of what is painted are kept, and the values at the edge are those of the picture:
    what is added is the membrane (Laplace's equation) between the differences along the edge.

    P. Pérez, M. Gangnet and A. Blake, "Poisson Image Editing", ACM Transactions on Graphics 22,
    2003, equation 9.

    Parameters
    ----------
    below, above : (H, W[, C]) float32 ndarray
        The picture and what is painted into it.
    inside : (H, W) bool ndarray
        What is painted; not all of the picture.
    """
    if inside.all() or not inside.any():
        return above
    difference = np.where(inside if below.ndim == 2 else inside[..., None], 0, below - above)
    return np.asarray(above + membrane(difference.astype(np.float32), inside), np.float32)


def membrane(known: Float32, inside: Mask, sweeps: int = SWEEPS) -> Float32:
    """Return a smooth continuation of what is known around into what lies inside.

    Parameters
    ----------
    known : (H, W[, C]) float32 ndarray
        Values outside; 0 inside.
    inside : (H, W) bool ndarray
        Where values are wanted.
    sweeps : int, optional
        Relaxations at this size.

    Examples
    --------
    >>> ramp = np.tile(np.linspace(0, 0.5, 33, dtype=np.float32), (33, 1))
    >>> hole = np.zeros((33, 33), bool)
    >>> hole[8:25, 8:25] = True
    >>> found = membrane(np.where(hole, 0, ramp).astype(np.float32), hole)
    >>> bool(np.abs(found - ramp).max() < 0.01)
    True
    """
    share = np.where(inside, np.float32(0), np.float32(1))
    guess = _coarser(known, share, 2 * sweeps)
    found = _chosen(inside, guess, known)
    for _ in range(sweeps):
        found = _chosen(inside, _neighbours(found), found)
    return found


def _coarser(known: Float32, share: Float32, sweeps: int) -> Float32:
    """First guess everywhere: the membrane of a picture half as large."""
    height, width = share.shape
    if min(height, width) < SMALLEST:
        level = (known * _along(share, known)).sum((0, 1)) / max(float(share.sum()), 1e-6)
        return np.asarray(np.broadcast_to(level, known.shape), np.float32)
    size = -(-width // 2), -(-height // 2)
    weight = np.asarray(cv2.resize(share, size, interpolation=cv2.INTER_AREA), np.float32)
    total = np.asarray(cv2.resize(known, size, interpolation=cv2.INTER_AREA), np.float32)
    there: Mask = np.asarray(weight > KNOWN)
    mean = np.asarray(total / _along(np.maximum(weight, KNOWN), total), np.float32)
    mean = np.where(_along(there, mean), mean, 0).astype(np.float32)
    small = membrane(mean, ~there, sweeps) if not there.all() else mean
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def _neighbours(values: Float32) -> Float32:
    """Mean of the four neighbours of each pixel."""
    cross = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
    return np.asarray(cv2.filter2D(values, -1, cross, borderType=cv2.BORDER_REPLICATE), np.float32)


def _chosen(inside: Mask, new: Float32, old: Float32) -> Float32:
    return np.asarray(np.where(_along(inside, old), new, old), np.float32)


def _along(plane: Float32 | Mask, values: Float32) -> Float32 | Mask:
    """Return a plane that goes with values of one channel or of several."""
    return plane if values.ndim == 2 else plane[..., None]
