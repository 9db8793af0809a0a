"""The area all frames share: exact, from geometry, never from black pixels.

A frame's outline, shrunk by what the warp kernel needs around a sample, is a rectangle; its image
on the canvas under a homography is a convex quadrilateral. The intersection of all of them is a
convex polygon, and a rectangle lies inside it exactly when its four corners do. The largest one is
found to the pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from focusstack.errors import AlignmentError
from focusstack.geometry.coordinates import REACH, Rect, transform
from focusstack.geometry.edges import BESIDE_EDGE, farthest, moved_edges
from focusstack.geometry.field import Field
from focusstack.numeric.arrays import Floats, Indices, Matrix
from focusstack.numeric.expected import check_matrices

__all__ = ["CommonArea", "common_area", "half_planes", "largest_rectangle", "within_fields"]

LEAST_SHARE = 0.02
"""Share of the picture that frames must have in common. Chosen, not measured: less is no picture,
and more likely a frame of something else."""


def half_planes(H: Matrix, width: int, height: int) -> Floats:
    """Find where the canvas shows the inside of a frame.

    Parameters
    ----------
    H : (3, 3) ndarray
        Frame pixel to canvas pixel.
    width, height : int
        Size of the frame.

    Returns
    -------
    (4, 3) float64 ndarray
        Rows ``(a, b, c)``, unit normals: inside means ``a x + b y + c >= 0``. A frame that is not
        resampled (whole pixels) needs no margin.

    Examples
    --------
    >>> left, right, top, bottom = half_planes(np.eye(3), 640, 480)
    >>> right  # x is at most 639
    array([ -1.,   0., 639.])
    """
    exact = np.allclose(H, np.round(H), atol=1e-12) and np.allclose(H[:2, :2], np.eye(2))
    reach = 0 if exact else REACH
    inside = np.array(
        [[1, 0, -reach], [-1, 0, width - 1 - reach], [0, 1, -reach], [0, -1, height - 1 - reach]],
        float,
    )
    # A line l of the frame is the line H⁻ᵀ l of the canvas.
    lines = inside @ np.linalg.inv(H)
    # The sign must say "inside" for the frame's own middle.
    middle = transform(H, np.array([[(width - 1) / 2, (height - 1) / 2]]))[0]
    lines /= np.hypot(lines[:, 0], lines[:, 1])[:, None]
    return np.asarray(lines * np.sign(lines @ np.r_[middle, 1])[:, None])


def largest_rectangle(planes: Floats, canvas: Rect) -> Rect | None:
    """Find the largest rectangle of whole pixels inside all half planes, exactly.

    In a convex area the rows that columns ``l..r`` share are those that both ``l`` and ``r`` have,
    so every pair of columns gives one candidate. A first rectangle from a few columns bounds how
    narrow the largest can be, which leaves few pairs to try.

    Parameters
    ----------
    planes : (N, 3) ndarray
        From `half_planes`, of all frames.
    canvas : Rect
        What to search within.

    Returns
    -------
    Rect or None
        None if nothing is shared.

    Examples
    --------
    >>> moved = np.array([[1, 0, 7], [0, 1, -4], [0, 0, 1.0]])
    >>> largest_rectangle(half_planes(moved, 480, 360), Rect(0, 0, 480, 360))
    Rect(x=7, y=0, width=473, height=356)
    """
    columns = np.arange(canvas.x, canvas.x + canvas.width, dtype=np.int64)
    top, bottom = _row_limits(planes, columns, canvas)
    open_columns = np.flatnonzero(bottom >= top)
    if not len(open_columns):
        return None
    few = open_columns[:: max(1, len(open_columns) // 200)]
    bound = _best(few, few, top, bottom)[0]
    tallest = int((bottom - top + 1).max())
    narrowest = -(-bound // tallest)
    left = open_columns[open_columns <= open_columns[-1] - narrowest + 1]
    right = open_columns[open_columns >= open_columns[0] + narrowest - 1]
    _, i, j = _best(left, right, top, bottom)
    y = int(max(top[i], top[j]))
    height = int(min(bottom[i], bottom[j])) - y + 1
    return Rect(int(columns[i]), y, int(j - i + 1), height)


def _row_limits(planes: Floats, columns: Indices, canvas: Rect) -> tuple[Indices, Indices]:
    """First and last row inside all half planes, for every column."""
    top = np.full(len(columns), float(canvas.y))
    bottom = np.full(len(columns), float(canvas.y + canvas.height - 1))
    slack = 1e-9  # a corner exactly on an edge is inside
    for a, b, c in planes:
        along = a * columns + c
        if abs(b) < 1e-12:
            bottom[along < -slack] = -np.inf
        elif b > 0:
            top = np.maximum(top, np.ceil(-along / b - slack))
        else:
            bottom = np.minimum(bottom, np.floor(-along / b + slack))
    bottom = np.maximum(bottom, canvas.y - 1)
    top = np.minimum(top, canvas.y + canvas.height)
    return top.astype(np.int64), bottom.astype(np.int64)


def _best(left: Indices, right: Indices, top: Indices, bottom: Indices) -> tuple[int, int, int]:
    """Largest area over all pairs of a left and a right column: ``(area, left, right)``."""
    best = (0, int(left[0]), int(left[0]))
    for start in range(0, len(left), 256):
        some = left[start : start + 256, None]
        width = right[None] - some + 1
        height = np.minimum(bottom[some], bottom[right]) - np.maximum(top[some], top[right]) + 1
        area = np.maximum(width, 0) * np.maximum(height, 0)
        at = int(area.argmax())
        if area.flat[at] > best[0]:
            i, j = divmod(at, len(right))
            best = (int(area.flat[at]), int(some[i, 0]), int(right[j]))
    return best


LONGEST = 1 << 20
"""Pixels of the longest side: sixteen times what a JPEG may have. Chosen, not measured; the largest
rectangle of what is wider takes minutes."""


@dataclass(frozen=True)
class CommonArea:
    """What the frames share.

    Attributes
    ----------
    rect : Rect
        In reference-frame pixels.
    costs : tuple of float
        For each frame, the share of the area that would be gained without it.
    """

    rect: Rect
    costs: tuple[float, ...]


def common_area(
    matrices: Matrix,
    width: int,
    height: int,
    fields: Sequence[Field | None] | None = None,
    edges: Sequence[Floats | None] = (),
) -> CommonArea:
    """Find the largest rectangle inside every frame.

    Parameters
    ----------
    matrices : (n, 3, 3) ndarray
        Frame pixel to reference pixel of every used frame.
    width, height : int
        Size of the frames, and of the canvas.
    fields : sequence of Field or None, optional
        Local displacement of each frame.
    edges : sequence of (n, 3) ndarray or None, optional
        Lines ``a x + b y + c >= 0`` in frame pixels inside which each frame shows something.

    Returns
    -------
    CommonArea
        Its rectangle, and what each frame costs.

    Raises
    ------
    AlignmentError
        If the frames share less than 2 % of the picture.
    ValueError
        If there is no frame, a matrix has no inverse, or no picture has this size.

    Examples
    --------
    >>> moved = np.array([[1, 0, 7], [0, 1, -4], [0, 0, 1.0]])
    >>> common_area(np.stack([np.eye(3), moved]), 480, 360).rect
    Rect(x=7, y=0, width=473, height=356)
    """
    check_matrices(matrices, len(matrices))
    if not len(matrices):
        raise ValueError("there is no frame to crop to")
    sides: list[object] = [width, height]
    if not all(isinstance(side, (int, np.integer)) and 0 < side <= LONGEST for side in sides):
        raise ValueError(f"no picture has {width} x {height} pixels")
    if fields and len(fields) != len(matrices):
        raise ValueError(f"{len(matrices)} matrices come with {len(fields)} fields")
    canvas = Rect(0, 0, width, height)
    planes = [half_planes(H, width, height) for H in matrices]
    for k, lines in enumerate(edges):
        if lines is not None:
            reach = BESIDE_EDGE + farthest(fields[k] if fields else None)
            planes[k] = np.concatenate(
                [planes[k], moved_edges(lines, matrices[k], width, height, reach)]
            )
    rect = largest_rectangle(np.concatenate(planes), canvas)
    if rect is None or rect.area < LEAST_SHARE * canvas.area:
        raise AlignmentError(
            "the frames share less than 2 % of the picture",
            "Leave out the frames that were taken from elsewhere, or choose another --reference.",
        )
    costs = tuple(_cost(planes, k, rect, canvas) for k in range(len(planes)))
    if fields:
        rect = within_fields(rect, matrices, fields, width, height)
    return CommonArea(rect, costs)


def within_fields(
    rect: Rect, matrices: Matrix, fields: Sequence[Field | None], width: int, height: int
) -> Rect:
    """Shrink `rect` until every frame is inside along its border with its local displacement.

    A pixel at ``x`` shows the frame at ``inv(H) (x + field(x))``. Fields are smooth, so what holds
    on the border holds inside.

    Parameters
    ----------
    rect : Rect
        In reference-frame pixels; inside all frames without displacement.
    matrices, fields, width, height
        As for `common_area`.
    """
    sides = [rect.x, rect.y, rect.x + rect.width - 1, rect.y + rect.height - 1]
    displaced = [(H, f) for H, f in zip(matrices, fields, strict=True) if f is not None]
    # First each side for the frames' edge that it faces; then, for frames turned so far that a
    # side meets another edge, every side for all edges.
    for facing in (True, False):
        while min(sides[2] - sides[0], sides[3] - sides[1]) > 0:
            found = [_outside(sides, H, f, width, height, facing=facing) for H, f in displaced]
            outside = np.max(found, axis=0, initial=0)
            if not outside.any():
                break
            # The worst side gives way first: moving it often cures the others' corners.
            worst = int(outside.argmax())
            sides[worst] += (1 if worst < 2 else -1) * max(1, int(outside[worst] / 2))
    return Rect(sides[0], sides[1], sides[2] - sides[0] + 1, sides[3] - sides[1] + 1)


def _outside(
    sides: Sequence[int], H: Matrix, field: Field, width: int, height: int, *, facing: bool
) -> Floats:
    """How far left, top, right and bottom side of a rectangle reach outside a frame, in pixels.

    With `facing`, each side is held against the frame's own left, top, right or bottom edge only.
    """
    left, top, right, bottom = sides
    x, y = np.arange(left, right + 1.0), np.arange(top, bottom + 1.0)
    borders = (
        np.stack([np.full_like(y, left), y], 1),
        np.stack([x, np.full_like(x, top)], 1),
        np.stack([np.full_like(y, right), y], 1),
        np.stack([x, np.full_like(x, bottom)], 1),
    )
    last = np.array([width - 1 - REACH, height - 1 - REACH])
    inverse = np.asarray(np.linalg.inv(H), float)
    found = np.zeros((4, 4))
    for side, points in enumerate(borders):
        # Of long rows, extremes are found ten times as fast as of long columns.
        p = np.ascontiguousarray(transform(inverse, points + field.at(points)).T)
        found[side] = np.r_[REACH - p.min(1), p.max(1) - last]
    return np.maximum(found.diagonal() if facing else found.max(1), 0)


def _cost(planes: Sequence[Floats], index: int, rect: Rect, canvas: Rect) -> float:
    """Share of the area that frame `index` alone takes away; 0 at once where it touches nothing."""
    a, b, c = planes[index].T
    distance = (rect.corners() @ np.stack([a, b]) + c).min()
    if distance > 2:
        return 0.0
    others = [p for k, p in enumerate(planes) if k != index]
    without = largest_rectangle(np.concatenate(others), canvas) if others else canvas
    return 1 - rect.area / without.area if without else 0.0
