"""What a number, a matrix, a gain or a grid in report.json may be; anything else is refused."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, Field, Strict, StrictInt

from focusstack.frames.proxies.proxy import PROXY_MEGAPIXELS
from focusstack.geometry.lens import STRONGEST_BEND
from focusstack.images.limits import MOST_MEGAPIXELS

SINGULAR = 1e-9
"""Determinant below which a matrix leaves nothing of a frame. Chosen, not measured: hands and
lenses keep it near 1."""

MOST_NODES = round(PROXY_MEGAPIXELS * 1e6)
"""Nodes of the largest depth map: fewer than a proxy has pixels (one in four along a side). What
claims more is not unpacked, so that a small file cannot ask for much memory. Follows from the
proxies' size, not measured."""

MOST_PIXELS = round(MOST_MEGAPIXELS * 1e6)
"""Pixels of the largest frame that marks are unpacked for: as many as are read without being asked.
Not measured."""

Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Positive = Annotated[Number, Field(gt=0)]
Size = Annotated[StrictInt, Field(gt=0)]
Row = tuple[Number, Number, Number]


def _invertible(rows: tuple[Row, Row, Row]) -> tuple[Row, Row, Row]:
    with np.errstate(over="ignore", invalid="ignore"):
        size = abs(np.linalg.det(np.array(rows)))
    if not SINGULAR <= size < np.inf:
        raise ValueError("a frame cannot be moved by a matrix that has no inverse")
    return rows


def _bendable(bend: tuple[float, float]) -> tuple[float, float]:
    if abs(bend[0]) + abs(bend[1]) > STRONGEST_BEND:
        raise ValueError(f"no lens bends by {bend[0]:g}, {bend[1]:g}")
    return bend


def _grey_or_colour(gain: list[float]) -> list[float]:
    if len(gain) not in (1, 3):
        raise ValueError(f"a gain has 1 or 3 channels, not {len(gain)}")
    return gain


def _rectangular(rows: list[list[Any]]) -> list[list[Any]]:
    if len({len(row) for row in rows}) > 1:
        raise ValueError("all rows of a grid are equally long")
    return rows


Matrix3 = Annotated[tuple[Row, Row, Row], AfterValidator(_invertible)]
Bend = Annotated[tuple[Number, Number], AfterValidator(_bendable)]
Gain = Annotated[list[Positive], Field(min_length=1, max_length=3), AfterValidator(_grey_or_colour)]
Nodes = Annotated[
    list[Annotated[list[tuple[Number, Number]], Field(min_length=2)]],
    Field(min_length=2),
    AfterValidator(_rectangular),
]
Cells = Annotated[
    list[Annotated[list[Number | None], Field(min_length=1)]],
    Field(min_length=1),
    AfterValidator(_rectangular),
]
