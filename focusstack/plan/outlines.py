"""Whether a plan from outside takes every pixel of the result from inside its frame.

A plan that the program made does: its crop is found from the outlines. One that was edited, or made
by something else, may move a frame out of the picture, behind the camera or over an edge. Nothing
of that is rendered.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from focusstack.crop import common_area
from focusstack.errors import AlignmentError, Change
from focusstack.geometry.coordinates import REACH, Rect, outline, transform
from focusstack.geometry.field import Field
from focusstack.numeric.arrays import Floats, Indices, Matrix, Points
from focusstack.plan.model import FramePlan, StackPlan

MOST_ZOOM = 4.0
"""Factor by which a matrix may enlarge or reduce any part of a frame: alignment believes in 1.5,
and plans made elsewhere may hold more. Chosen, not measured."""

ROUNDING = 1e-6
"""Pixels by which a position may lie outside: rounding of what was exactly on the edge is a
thousandth of that. Follows from float64, not measured."""

OVERSHOOT = 0.28125
"""Share of the difference between the nodes around by which a displacement may exceed them: what
the negative weights of two Catmull-Rom cubics add up to. Follows from these, not measured."""

STEEPEST = 2.0
"""Most that a displacement may grow from one node to the next, over the largest difference of
neighbouring nodes: 1.5 times 1.25 by the weights of its cubics. Follows from these."""

BLOCK = 8
"""Side in pixels of the squares for which a displacement is bounded before every pixel is looked
at. Speed only: results do not depend on it."""

Blocks = Floats
"""``(N, 4)``: left, top, right and bottom pixel of some parts of the crop, all inclusive."""


class MisplacedError(ValueError):
    """A frame does not lie where it can be rendered; begins with the place in report.json."""


def check_outlines(plan: StackPlan) -> None:
    """Make sure that every pixel of the crop is taken from inside every used frame.

    Parameters
    ----------
    plan : StackPlan
        Its frames have the size of its canvas.

    Raises
    ------
    MisplacedError
        If a frame is zoomed beyond reason, turned to its back, cut by the horizon, or if the crop
        or what is displaced reaches beyond it.
    """
    for index, frame in enumerate(plan.frames):
        if not frame.used or frame.matrix is None:
            continue
        wrong = _refused_matrix(frame.matrix, plan.canvas)
        if wrong:
            raise MisplacedError(f"frames[{index}].matrix: {wrong}")
        wrong = _refused_displacement(plan, frame)
        if wrong:
            raise MisplacedError(f"frames[{index}].{wrong}")
        beyond = max(
            overreach(
                frame.matrix, plan.displacement(frame, in_focus=in_focus), plan.crop, plan.canvas
            )
            for in_focus in ((False, True) if frame.view is not None else (False,))
        )
        if beyond > ROUNDING:
            far = f"by {beyond:.1f} px" if beyond < 1e6 else "by far"
            raise MisplacedError(
                f"frames[{index}].matrix: the crop reaches beyond what {frame.file!r:.40} shows, "
                f"{far}"
            )


def within_outlines(plan: StackPlan) -> StackPlan:
    """Return a plan whose crop keeps within the outlines of its frames: the same or a smaller one.

    Raises
    ------
    AlignmentError
        If nothing is left.
    """
    used = plan.used()
    matrices = np.array([f.matrix for f in used])
    fields = [plan.displacement(f) for f in used]
    crop, shared = plan.crop, common_area(matrices, *plan.canvas, fields).rect
    left, top = max(crop.x, shared.x), max(crop.y, shared.y)
    right = min(crop.x + crop.width, shared.x + shared.width)
    bottom = min(crop.y + crop.height, shared.y + shared.height)
    if right <= left or bottom <= top:
        raise AlignmentError(
            "the frames share nothing of the plan's crop without local displacement",
            "The plan counts on local displacement.",
            [Change("To allow it", drop=("--no-local",))],
        )
    return replace(plan, crop=Rect(left, top, right - left, bottom - top))


def _refused_matrix(H: Matrix, size: tuple[int, int]) -> str | None:
    """What is wrong with a matrix, whatever is cropped; None if it is a camera's movement."""
    corners = outline(*size)
    homogeneous = np.c_[corners, np.ones(4)]
    if min((homogeneous @ H[2]).min(), (homogeneous @ np.linalg.inv(H)[2]).min()) <= 0:
        return "the horizon lies inside the picture"
    places = np.r_[corners, [(corners[0] + corners[2]) / 2]]
    zooms = [np.linalg.svd(_slope(H, x, y), compute_uv=False) for x, y in places]
    if not (np.max(zooms) <= MOST_ZOOM and np.min(zooms) >= 1 / MOST_ZOOM):
        return f"a frame is not made {MOST_ZOOM:g} times as large or small"
    if np.linalg.det(H) <= 0:
        return "a frame is not seen from its back"
    return None


def _slope(H: Matrix, x: float, y: float) -> Matrix:
    """How a matrix moves the surroundings of a pixel, ``(2, 2)``."""
    u, v, w = H @ (x, y, 1.0)
    return np.asarray((H[:2, :2] - np.outer((u / w, v / w), H[2, :2])) / w, float)


def _refused_displacement(plan: StackPlan, frame: FramePlan) -> str | None:
    """What is wrong with a frame's displacement, however it is cropped."""
    most = float(np.hypot(*plan.canvas))
    if frame.field is not None and np.abs(frame.field.grid).max() > most:
        return f"local_px: nothing is displaced by more than the picture's diagonal, {most:.0f} px"
    if frame.view is not None and np.abs(frame.view.travel).max() > most:
        return f"view.travel: no camera moved by more than the picture's diagonal, {most:.0f} px"
    return None


def overreach(H: Matrix, field: Field | None, crop: Rect, size: tuple[int, int]) -> float:
    """How far, in pixels, a crop reaches beyond where a frame can be sampled; at most 0 if nowhere.

    Parameters
    ----------
    H : (3, 3) ndarray
        Frame pixel to canvas pixel, without a horizon inside the picture.
    field : Field or None
        Displacement that completes it.
    crop : Rect
        On the canvas.
    size : tuple of int
        Width and height of the frame.

    Examples
    --------
    >>> moved = np.array([[1, 0, 7.5], [0, 1, 0], [0, 0, 1]])
    >>> overreach(moved, None, Rect(8, 2, 400, 300), (640, 480))  # two pixels for the kernel
    1.5
    """
    inverse = np.asarray(np.linalg.inv(H), float)
    if field is None:
        whole = np.allclose(H, np.round(H), atol=1e-12) and np.allclose(H[:2, :2], np.eye(2))
        return _beyond(inverse, crop.corners(), size, 0 if whole else REACH)
    if not np.isfinite(field.grid).all():
        return np.inf
    worst, blocks = -np.inf, _cells(field, crop)
    # Most of a picture is far inside, which a few numbers a cell tell; what is left is looked at
    # more closely, in the end pixel by pixel.
    for bounds in (_within_cells, _within_squares):
        away = _most_beyond(inverse, blocks, bounds(field, blocks), size)
        near = away > ROUNDING
        worst = max(worst, *away[~near].tolist(), -np.inf)
        blocks = _squares(blocks[near]) if bounds is _within_cells else blocks[near]
    for k in range(0, len(blocks), 1024):
        points = _pixels(blocks[k : k + 1024])
        worst = max(worst, _beyond(inverse, points + field.at(points), size))
    return worst


def _beyond(inverse: Matrix, points: Points, size: tuple[int, int], reach: float = REACH) -> float:
    """How far points of the canvas lie outside a frame less `reach`; infinite behind the camera."""
    if not np.isfinite(points).all():
        return np.inf
    if (points @ inverse[2, :2] + inverse[2, 2]).min() <= 0:
        return np.inf
    p = transform(inverse, points)
    last = np.array(size) - 1 - reach
    return float(max((reach - p).max(), (p - last).max()))


def _most_beyond(
    inverse: Matrix, blocks: Blocks, moved: tuple[Floats, Floats], size: tuple[int, int]
) -> Floats:
    """How far each block may lie outside, displaced by anything between two bounds ``(N, 2)``."""
    left, top = (blocks[:, :2] + moved[0]).T
    right, bottom = (blocks[:, 2:] + moved[1]).T
    x_last, y_last = (n - 1 - REACH for n in size)
    away = np.full(len(blocks), -np.inf)
    for x, y in ((left, top), (right, top), (right, bottom), (left, bottom)):
        ahead = inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2] > 0
        with np.errstate(all="ignore"):
            u, v = transform(inverse, np.stack([x, y], 1)).T
            for beyond in (REACH - u, u - x_last, REACH - v, v - y_last):
                np.maximum(away, beyond, out=away)  # keeps what is not a number
        away[~ahead] = np.inf
    return np.where(np.isnan(away), np.inf, away)


def _cells(field: Field, crop: Rect) -> Blocks:
    """The parts of a crop that lie in one cell of a field each."""
    across = _stretches(field, crop.x, crop.width, axis=0)
    down = _stretches(field, crop.y, crop.height, axis=1)
    x0, y0 = np.meshgrid(across[0], down[0])
    x1, y1 = np.meshgrid(across[1], down[1])
    return np.stack([x0.ravel(), y0.ravel(), x1.ravel(), y1.ravel()], 1).astype(float)


def _stretches(field: Field, first: int, count: int, axis: int) -> tuple[Indices, Indices]:
    """First and last pixel of each stretch of a crop that lies in one column or row of cells."""
    pixels = np.arange(first, first + count)
    starts = np.flatnonzero(np.diff(_cell_of(field, pixels, axis), prepend=-1))
    return pixels[starts], pixels[np.r_[starts[1:], count] - 1]


def _cell_of(field: Field, places: Floats | Indices, axis: int) -> Indices:
    """Column (axis 0) or row (axis 1) of the cells in which pixels lie."""
    cells = field.grid.shape[1 - axis] - 1
    found = (places * field.nodes[1][axis]).astype(np.int64)
    return np.asarray(np.clip(found, 0, cells - 1))


def _within_cells(field: Field, blocks: Blocks) -> tuple[Floats, Floats]:
    """Least and most displacement in blocks that lie in one cell each, from the nodes around."""
    low, high = _least(field.nodes[0], 4, 4), -_least(-field.nodes[0], 4, 4)
    cell = _cell_of(field, blocks[:, 1], 1), _cell_of(field, blocks[:, 0], 0)
    more = OVERSHOOT * (high - low)[cell]
    return low[cell] - more, high[cell] + more


def _within_squares(field: Field, blocks: Blocks) -> tuple[Floats, Floats]:
    """Least and most displacement in small blocks, from that in their middle and its slope."""
    nodes, scale = field.nodes
    middle = (blocks[:, :2] + blocks[:, 2:]) / 2
    half = (blocks[:, 2:] - blocks[:, :2]) / 2 * scale
    here = field.at(middle)
    cell = _cell_of(field, middle[:, 1], 1), _cell_of(field, middle[:, 0], 0)
    across = -_least(-np.abs(np.diff(nodes, axis=1)), 4, 3)
    down = -_least(-np.abs(np.diff(nodes, axis=0)), 3, 4)
    more = STEEPEST * (across[cell] * half[:, :1] + down[cell] * half[:, 1:])
    return here - more, here + more


def _least(nodes: Floats, rows: int, columns: int) -> Floats:
    """Least of each `rows` x `columns` neighbouring nodes, by the first of them."""
    found = cv2.erode(
        np.ascontiguousarray(nodes), np.ones((rows, columns), np.uint8), anchor=(0, 0)
    )
    return np.asarray(found[: len(nodes) - rows + 1, : nodes.shape[1] - columns + 1], float)


def _squares(blocks: Blocks) -> Blocks:
    """Cut blocks into squares of at most `BLOCK` pixels a side."""
    if not len(blocks):
        return blocks
    down, across = (
        np.arange(0, n, BLOCK) for n in (blocks[:, 2:] - blocks[:, :2]).max(0)[::-1] + 1
    )
    x, y = np.meshgrid(across, down)
    first = (blocks[:, None, :2] + np.stack([x.ravel(), y.ravel()], 1)).reshape(-1, 2)
    last = np.minimum(first + BLOCK - 1, np.repeat(blocks[:, 2:], x.size, axis=0))
    return np.asarray(np.c_[first, last][(first <= last).all(1)], float)


def _pixels(blocks: Blocks) -> Points:
    """Every pixel ``(P, 2)`` of some blocks of at most `BLOCK` pixels a side."""
    step = np.arange(BLOCK)
    x, y = (v.ravel() for v in np.meshgrid(step, step))
    every = blocks[:, None, :2] + np.stack([x, y], 1)
    inside = (every <= blocks[:, None, 2:]).all(-1)
    return np.ascontiguousarray(every[inside])
