"""Room for planes as large as a picture: in memory or, where that is short, in a file.

What lies in the file is used like any other array. The system brings pages of it into memory as
they are touched, and `Room.tidy` lets them all go as soon as the process holds more than it may:
they stay in the system's cache of the file as long as nothing else needs that memory. The bytes
that are worked out are the same either way.
"""

from __future__ import annotations

import math
import mmap
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from focusstack.runtime.files import output_errors
from focusstack.runtime.heap import APART, return_freed
from focusstack.runtime.memory import in_use

LEAST = 1 << 16
"""Arrays of fewer bytes are always in memory."""

SLACK = 24 << 20
"""Bytes that may be touched between one look at how much the process holds and the next."""


class Room:
    """Gives arrays, and keeps those in a file from filling the memory.

    Parameters
    ----------
    limit : int, optional
        Bytes that the process may hold. Without, everything is in memory.
    folder : path, optional
        Where the file is, which has no name and vanishes with the arrays; the system's folder for
        temporary files if not given.
    """

    def __init__(self, limit: int | None = None, folder: Path | None = None) -> None:
        self._limit = limit
        self._folder = Path(tempfile.gettempdir()) if folder is None else folder
        self._file: Any = None
        self._end = 0
        self._parts: WeakSet[mmap.mmap] = WeakSet()

    @property
    def in_file(self) -> bool:
        """Whether large arrays are in a file."""
        return self._limit is not None

    def zeros(self, shape: tuple[int, ...], dtype: type[np.generic]) -> NDArray[Any]:
        """Return a new array of zeros.

        Raises
        ------
        OutputError
            If the disk has no room for it.
        """
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if size < (LEAST if self.in_file else APART):
            return np.zeros(shape, dtype)
        part = self._part(size) if self.in_file else _pages(size)
        return np.frombuffer(part, dtype, math.prod(shape)).reshape(shape)

    def _part(self, size: int) -> mmap.mmap:
        """Return the next `size` bytes of the file, which the disk has set aside."""
        size = -(-size // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        with output_errors(self._folder):
            if self._file is None:
                # It ends with the last array, which is not known here.
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
            # A page without room on the disk would end the program when it is written to.
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(self._file.fileno(), self._end, size)
            else:
                self._file.truncate(self._end + size)
            part = mmap.mmap(self._file.fileno(), size, offset=self._end)
        self._end += size
        self._parts.add(part)
        return part

    def emptied(self) -> None:
        """Let all pages of the file go."""
        if hasattr(mmap, "MADV_DONTNEED"):
            for part in list(self._parts):
                part.madvise(mmap.MADV_DONTNEED)

    def vacated(self) -> None:
        """What was as large as a picture has been let go: give all of it back to the system."""
        self.emptied()
        return_freed()

    def tidy(self, coming: int = 0) -> None:
        """Let pages of the file go if the process holds too much, or will with `coming` bytes."""
        if self._limit is None or not self._parts:
            return
        held = in_use()
        if held is None or held + coming + SLACK > self._limit:
            self.emptied()


def _pages(size: int) -> mmap.mmap:
    """Return memory of its own, which is taken as it is written to and vanishes with its array.

    The heap would clear all of it at once, and keep it where something lies behind it.
    """
    if not hasattr(mmap, "MADV_HUGEPAGE"):
        return mmap.mmap(-1, size)
    part = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a system without large pages
        part.madvise(mmap.MADV_HUGEPAGE)
    return part
