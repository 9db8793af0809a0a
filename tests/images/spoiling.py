"""Files of which some bytes are spoilt, one after the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from focusstack.errors import InputError
from focusstack.images.read import read_picture


def count_spoilt(data: bytes, path: Path) -> tuple[int, int]:
    """Spoil 30 bytes of a file's data in 60 ways; count what is told of its end, and what of none.

    The second number is of files that are read, and of which some pixel is off by over 20 codes.
    """
    random, told, silent = np.random.default_rng(1), 0, 0
    path.write_bytes(data)
    sound = read_picture(path).pixels.astype(int)
    for _ in range(60):
        rotten = bytearray(data)
        at = int(random.integers(len(data) // 3, len(data) - 100))
        rotten[at : at + 30] = random.bytes(30)
        path.write_bytes(rotten)
        try:
            silent += int(np.abs(read_picture(path).pixels - sound).max() > 20)
        except InputError as error:
            told += "go on behind the last pixel" in str(error)
    return told, silent
