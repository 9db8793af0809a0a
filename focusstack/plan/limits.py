"""What a number, a matrix, a gain or a grid in report.json may be; anything else is refused."""

from __future__ import annotations

import base64
import zlib
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, Strict, StrictInt, StrictStr

from focusstack.alignment.fields.grid import NODE_PX
from focusstack.frames.proxies.proxy import PROXY_MEGAPIXELS
from focusstack.geometry.lens import STRONGEST_BEND
from focusstack.images.limits import MOST_MEGAPIXELS

SINGULAR = 1e-9
"""Determinant below which a matrix leaves nothing of a frame. Chosen, not measured: hands and
lenses keep it near 1."""

MOST_NODES = round(PROXY_MEGAPIXELS * 1e6 / 4)
"""Nodes of the largest depth map: one for every two pixels along a side of a proxy, where one in
four is made. What claims more is not unpacked, so that a small file cannot ask for much memory.
Follows from the proxies' size, not measured."""

MOST_PIXELS = round(MOST_MEGAPIXELS * 1e6)
"""Pixels of the largest frame that marks are unpacked for: as many as are read without being asked.
Not measured."""

MOST_FIELD_NODES = round(4 * PROXY_MEGAPIXELS * 1e6 / NODE_PX**2)
"""Nodes of the largest field of local displacement, or cells of a map of residuals: four times as
many as are made. Follows from the proxies' size, not measured."""

MOST = 1e9
"""Largest of all numbers that are not told otherwise: no distance in pixels, no share and no
exposure comes near it, and squares of it are still finite in float32. Chosen, not measured."""

LONGEST_SIDE = 10_000_000
"""Pixels of a side of the canvas: more than any format holds. Chosen, not measured."""

MOST_GAIN = 65536.0
"""Largest factor on light, and what one over the smallest is: sixteen stops, between the darkest
and the brightest that a sensor tells apart. Chosen, not measured."""

MOST_STOPS = 16.0
"""Stops by which exposures differ at most: as `MOST_GAIN`."""

MOST_ENTRIES = 10_000
"""Frames of a stack, pairs of them, or whatever else is listed: more than there are. Chosen, not
measured."""

Number = Annotated[float, Strict(), Field(allow_inf_nan=False, ge=-MOST, le=MOST)]
Factor = Annotated[Number, Field(ge=1 / MOST_GAIN, le=MOST_GAIN)]
Stops = Annotated[Number, Field(ge=-MOST_STOPS, le=MOST_STOPS)]
Count = Annotated[StrictInt, Field(ge=0, le=int(MOST))]
Size = Annotated[StrictInt, Field(gt=0, le=LONGEST_SIDE)]
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


def _small_enough(rows: Any) -> Any:
    """Refuse a grid that is too large before anything in it is looked at."""
    if isinstance(rows, list):
        count = sum(len(row) if isinstance(row, list) else 1 for row in rows)
        if count > MOST_FIELD_NODES:
            raise ValueError(f"no grid has {count} nodes; {MOST_FIELD_NODES} are the most")
    return rows


def _few_enough(given: Any) -> Any:
    """Refuse a list or group with too many entries before any of them is looked at."""
    if isinstance(given, (list, dict)) and len(given) > MOST_ENTRIES:
        raise ValueError(f"{len(given)} entries are more than the {MOST_ENTRIES} that there may be")
    return given


# Faults are told up to the first in each list: of a million, nobody reads the second.
First = Field(fail_fast=True)
Many = BeforeValidator(_few_enough)

Texts = Annotated[list[StrictStr], First, Many]
Matrix3 = Annotated[tuple[Row, Row, Row], AfterValidator(_invertible)]
Bend = Annotated[tuple[Number, Number], AfterValidator(_bendable)]
Gain = Annotated[list[Factor], Field(min_length=1, max_length=3), AfterValidator(_grey_or_colour)]
Nodes = Annotated[
    list[Annotated[list[tuple[Number, Number]], Field(min_length=2), First]],
    Field(min_length=2),
    First,
    AfterValidator(_rectangular),
    BeforeValidator(_small_enough),
]
Cells = Annotated[
    list[Annotated[list[Number | None], Field(min_length=1), First]],
    Field(min_length=1),
    First,
    AfterValidator(_rectangular),
    BeforeValidator(_small_enough),
]


def unpack(text: str, size: int, name: str, claim: str) -> bytes:
    """Unpack what must come to `size` bytes; no more than that is ever unpacked.

    Parameters
    ----------
    text : str
        Base64 of what zlib has packed.
    size : int
        Bytes that it claims to be.
    name, claim : str
        What it is, and what it then would be, for the words of an error.

    Raises
    ------
    ValueError
        If it is damaged, or not of that size.
    """
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(base64.b64decode(text, validate=True), size)
    except (zlib.error, ValueError) as error:
        raise ValueError(f"the {name} is damaged") from error
    if len(found) != size or unpacker.unconsumed_tail:
        raise ValueError(f"the {name} is not {claim}")
    return found
