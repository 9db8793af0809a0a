"""The compiled loop behind `lzw`: it follows the codes of a piece of data without unpacking it.

Import this module only when such data are to be looked at: loading the compiler takes a while.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from focusstack.numeric.arrays import Image, Indices
from focusstack.runtime.compiler import compiled, read_only, writable
from focusstack.runtime.once import once

CLEAR, END, FIRST, MOST = 256, 257, 258, 4096
"""The code that empties the table, that which ends the data, the first entry, and one too many."""


def _follow(data: Image, lengths: Indices, told: Indices) -> None:
    """Add up the bytes that codes of 9 to 12 bits stand for.

    `lengths` has room for each entry of the table; `told` gets the bytes, or -1 if a code is not in
    the table, and 1 if the code that ends data was there.
    """
    for n in range(FIRST):
        lengths[n] = 1
    free, width, before, total = FIRST, 9, -1, 0
    bits, held, at = 0, 0, 0
    told[1] = 0
    while True:
        while held < width and at < data.size:
            bits = ((bits << 8) | data[at]) & 0xFFFFFF  # 12 at most are needed
            held += 8
            at += 1
        if held < width:
            break  # some programs leave out the code that ends
        held -= width
        code = (bits >> held) & ((1 << width) - 1)
        if code == END:
            told[1] = 1
            break
        if code == CLEAR:
            free, width, before = FIRST, 9, -1
            continue
        # The next free code stands for what came before and its own first byte.
        if code > free or (before < 0 and code >= CLEAR) or (code == free and free == MOST):
            told[0] = -1
            return
        if before >= 0 and free < MOST:
            lengths[free] = lengths[before] + 1
            free += 1
        total += lengths[code]
        before = code
        # Codes grow one early: a habit of the first programs that all keep.
        if free >= (1 << width) - 1 and width < 12:
            width += 1
    told[0] = total


_following = once(
    # An argument, since who compiles beforehand what all stacks need must not do so with this.
    lambda dtype: compiled(
        _follow, read_only(dtype, 1), writable(np.int64, 1), writable(np.int64, 1)
    )
)


def unpacked_size(data: Image) -> tuple[int, bool]:
    """Return how many bytes codes stand for, and whether they end as they should.

    Parameters
    ----------
    data : (N,) uint8 ndarray
        As stored, the highest bits first.

    Returns
    -------
    bytes : int
        -1 where a code stands for nothing.
    ended : bool
        Whether there is a code that ends them.
    """
    told: Any = np.zeros(2, np.int64)
    _following(np.uint8)(np.ascontiguousarray(data), np.zeros(MOST + 1, np.int64), told)
    return int(told[0]), bool(told[1])
