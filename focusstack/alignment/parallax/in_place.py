"""Detail of frames in its place on the canvas, with parallax, and cells to count it by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from focusstack.alignment.tiles.measure import Round, detail_in, on_canvas
from focusstack.alignment.tiles.poses import Poses, Series
from focusstack.geometry.coordinates import at_scale
from focusstack.geometry.parallax import SceneDepth, Viewpoint
from focusstack.numeric.arrays import Floats

SHARP = Round(0.5, 0.7, 3.0, 48)
"""How detail is seen that tells how sharp a frame is: as for the focus index."""

NOISE = 2.2
"""Mean square of noise over the median of its squares; half of a picture holds little else. Normal
noise has 1 / 0.6745²."""

CELLS = 8
"""Cells of the picture along each side. Chosen: many, and each larger than a leaf."""


def seen(
    series: Series,
    poses: Poses,
    scene: SceneDepth,
    frame: int,
    view: Viewpoint | None,
    how: Round,
    *,
    in_focus: bool = False,
) -> Floats:
    """Detail ``(h, w)`` of a frame in its place, 0 where it tells nothing.

    Parameters
    ----------
    series, poses, scene
        Of the stack.
    frame, view
        Which one, and from where it was taken; None for the reference.
    how : Round
        Scale and pass band.
    in_focus : bool, optional
        As for `SceneDepth.displacement`.
    """
    detail = detail_in(series, frame, how)
    height, width = detail.luma.shape
    field = poses.field(
        frame, None if view is None else scene.displacement(view, in_focus=in_focus)
    )
    field = field and field.reduced(how.scale, width, height)
    H = at_scale(poses.matrices[frame], 1 / how.scale)
    found = on_canvas(detail, H, series.gains[frame], field)
    return np.asarray(found.luma * (found.usable > 0), float)


def cells(shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Number of the cell that each pixel lies in.

    Examples
    --------
    >>> cells((8, 16))[7, 13:].tolist()
    [62, 63, 63]
    """
    y, x = (np.arange(n) * CELLS // n for n in shape)
    return np.asarray(y[:, None] * CELLS + x)
