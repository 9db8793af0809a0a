"""The depth map as report.json holds it: 16-bit steps, compressed."""

from __future__ import annotations

import base64
import binascii
import zlib

import numpy as np
from numpy.typing import NDArray

from focusstack.plan.limits import MOST_NODES


def unpack_steps(text: str, rows: int, columns: int) -> NDArray[np.int16]:
    """Unpack the steps ``(rows, columns)``; no more than their size is ever unpacked.

    Raises
    ------
    ValueError
        If the text is damaged or not of that many nodes.
    """
    size = rows * columns * 2
    if size > 2 * MOST_NODES:
        raise ValueError(f"no depth map has {rows} x {columns} nodes")
    unpacker = zlib.decompressobj()
    try:
        packed = base64.b64decode(text, validate=True)
        unpacked = unpacker.decompress(packed, size)
    except (zlib.error, binascii.Error) as error:
        raise ValueError("the depth map is damaged") from error
    if len(unpacked) != size or unpacker.unconsumed_tail:
        raise ValueError(f"the depth map is not one of {rows} x {columns} nodes")
    return np.frombuffer(unpacked, "<i2").reshape(rows, columns)
