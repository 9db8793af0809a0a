"""Records of report.json that hold whole pictures, packed."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StrictStr, model_validator

from focusstack.plan.limits import MOST_NODES, MOST_PIXELS, Count, Number, Size, unpack


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
    near: Annotated[int, Field(ge=-1, le=1)] = 0
    """1 if the larger of two depths is the nearer one, -1 if the smaller is, 0 if unknown."""
    zlib_base64: StrictStr
    """Little-endian steps of relative inverse depth, row by row."""

    @model_validator(mode="after")
    def _is_whole(self) -> DepthRecord:
        self.steps()
        return self

    def steps(self) -> NDArray[np.int16]:
        """Unpack the steps ``(rows, columns)``; no more than their size is ever unpacked."""
        if self.rows * self.columns > MOST_NODES:
            raise ValueError(f"no depth map has {self.rows} x {self.columns} nodes")
        claim = f"one of {self.rows} x {self.columns} nodes"
        steps = unpack(self.zlib_base64, 2 * self.rows * self.columns, "depth map", claim)
        return np.frombuffer(steps, "<i2").reshape(self.rows, self.columns)


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
        claim = "of the size that it claims"
        bits = unpack(self.zlib_base64, -(-size // 8), "mask of marks", claim)
        found = np.unpackbits(np.frombuffer(bits, np.uint8), count=size)
        return found.reshape(self.height, self.width)
