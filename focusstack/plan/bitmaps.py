"""Records of report.json that hold whole pictures, packed."""

from __future__ import annotations

import base64
import zlib
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StrictStr, model_validator

from focusstack.plan.limits import MOST_PIXELS, Count, Number, Size, Steps, unpack_steps


class Packed(BaseModel):
    """A picture in report.json."""

    # What checks is built when a file is first read: a run that only writes does not wait for it.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class DepthRecord(Packed):
    """How near everything is, where parallax was found: 16-bit steps, compressed."""

    rows: Annotated[Size, Field(ge=2)]
    columns: Annotated[Size, Field(ge=2)]
    slab: Number
    """Depth between the planes of focus of one frame and the next."""
    zlib_base64: StrictStr
    """Little-endian steps of relative inverse depth, row by row."""

    @model_validator(mode="after")
    def _is_whole(self) -> DepthRecord:
        self.steps()
        return self

    def steps(self) -> Steps:
        """Unpack the steps ``(rows, columns)``; no more than their size is ever unpacked."""
        return unpack_steps(self.zlib_base64, self.rows, self.columns)


class MarksRecord(Packed):
    """Marks fixed to the sensor, such as dust: pixels of the frames that take no part."""

    count: Count
    """How many there are."""
    share: Number
    """Share of the frame that they cover."""
    width: Size
    height: Size
    zlib_base64: StrictStr
    """One bit a pixel of the frame, row by row, 1 where a mark is; compressed."""

    @model_validator(mode="after")
    def _is_whole(self) -> MarksRecord:
        self.mask()
        return self

    def mask(self) -> NDArray[np.uint8]:
        """Unpack the mask ``(height, width)``; no more than its size is ever unpacked."""
        size = self.width * self.height
        if size > MOST_PIXELS:
            raise ValueError(f"no frame has {self.width} x {self.height} pixels")
        bits = np.frombuffer(unpacked(self.zlib_base64, -(-size // 8), "mask of marks"), np.uint8)
        return np.unpackbits(bits, count=size).reshape(self.height, self.width)


def unpacked(text: str, size: int, name: str) -> bytes:
    """Unpack what must come to `size` bytes."""
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(base64.b64decode(text, validate=True), size)
    except (zlib.error, ValueError) as error:
        raise ValueError(f"the {name} is damaged") from error
    if len(found) != size or unpacker.unconsumed_tail:
        raise ValueError(f"the {name} is not of the size that it claims")
    return found
