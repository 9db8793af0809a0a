"""An open file, decoded by OpenCV."""

from __future__ import annotations

import os
from typing import BinaryIO

import cv2
import numpy as np

from focusstack.images.header import UnreadableError
from focusstack.numeric.arrays import Image


def decode_by_opencv(file: BinaryIO, flags: int) -> Image:
    """Decode an open file.

    Raises
    ------
    UnreadableError
        If it cannot be decoded.
    """
    name = _plain_name(file)
    if name is None:
        file.seek(0)
        pixels = cv2.imdecode(np.frombuffer(file.read(), np.uint8), flags)
    else:  # straight into an array, which `imdecode` makes as a copy: a quarter more time
        pixels = cv2.imread(name, flags)
    if pixels is None or not pixels.size:
        raise UnreadableError("is damaged or truncated")
    return pixels


def _plain_name(file: BinaryIO) -> str | None:
    """Name by which OpenCV opens the same file; None where it might not understand the name."""
    name = getattr(file, "name", None)
    if not isinstance(name, str) or not name.isprintable():  # as those that are not UTF-8
        return None
    return name if name.isascii() or os.name == "posix" else None
