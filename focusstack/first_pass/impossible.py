"""Frames whose matrix no camera's movement explains: mirrored, shrunk to nothing, folded.

Such matrices fit something, since frames that share nothing still have points that look alike.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from focusstack.alignment.coarse import Coarse
from focusstack.alignment.groups import LOST_SHARE
from focusstack.errors import AlignmentError
from focusstack.first_pass.measure import Measured
from focusstack.geometry.coordinates import outline
from focusstack.numeric.arrays import Matrix

MOST_GROWN = 9.0
"""Times that a matrix enlarges or reduces an area, anywhere in the picture, from which on no focus
series is taken so: a zoom of three. Chosen, not measured: hands and lenses stay below 1.5."""

_REMEDY = "Check that the files are one focus series of one subject; leave out what is not."


def without_impossible(stack: Measured, coarse: Coarse, matrices: Matrix) -> Coarse:
    """Leave out the frames that no movement brings to where `matrices` put them.

    Parameters
    ----------
    stack : Measured
        Names the frames.
    coarse : Coarse
        What is used so far.
    matrices : (n, 3, 3) ndarray
        Proxy pixel to reference proxy pixel.

    Returns
    -------
    Coarse
        The given one if every frame's place is possible.

    Raises
    ------
    AlignmentError
        If too few frames are left to be one stack.
    """
    found = {
        k: "cannot be placed: no movement of a camera explains where its detail lies"
        for k in coarse.kept
        if k != coarse.reference and not is_possible(matrices[k], stack.size)
    }
    if not found:
        return coarse
    left = coarse.without(found)
    names = ", ".join(stack.names[k] for k in sorted(found)[:5])
    if sum(left.used) < 2 or left.used.count(False) > LOST_SHARE * len(left.used):
        raise AlignmentError(
            f"the frames cannot be aligned: no movement of a camera leads to {names}", _REMEDY
        )
    nowhere = coarse.matrices.copy()
    nowhere[sorted(found)] = np.nan
    matches = tuple(m for m in left.matches if not {m.first, m.second} & set(found))
    return replace(left, matrices=nowhere, matches=matches)


def check_possible(stack: Measured, coarse: Coarse, matrices: Matrix) -> None:
    """Raise AlignmentError if a used frame's place is still not possible."""
    if without_impossible(stack, coarse, matrices) is not coarse:
        raise AlignmentError("the frames cannot be aligned: they contradict each other", _REMEDY)


def is_possible(H: Matrix, size: tuple[int, int]) -> bool:
    """Tell whether a camera can have moved so.

    Parameters
    ----------
    H : (3, 3) ndarray
        Frame pixel to reference pixel.
    size : tuple of int
        Width and height of the frame.

    Returns
    -------
    bool
        False where a corner is mirrored, beyond the horizon, or its surroundings grow or shrink
        more than `MOST_GROWN` times.

    Examples
    --------
    >>> is_possible(np.diag([1.2, 1.2, 1.0]), (60, 40))
    True
    >>> is_possible(np.diag([-1.0, 1.0, 1.0]), (60, 40))  # mirrored
    False
    """
    if not np.isfinite(H).all():
        return False
    corners = np.column_stack([outline(*size), np.ones(4)])
    away = corners @ H[2]
    # The Jacobian's determinant of a homography is that of its matrix over the cube of `away`.
    with np.errstate(all="ignore"):
        grown = np.linalg.det(H) / away**3
    return bool((away > 0).all() and ((grown > 1 / MOST_GROWN) & (grown < MOST_GROWN)).all())


@contextmanager
def failures_in_words() -> Generator[None, None, None]:
    """Turn equations that have no solution into an AlignmentError."""
    try:
        yield
    except np.linalg.LinAlgError as error:
        raise AlignmentError(
            "the frames cannot be aligned: what they share does not determine where they lie",
            _REMEDY,
        ) from error
