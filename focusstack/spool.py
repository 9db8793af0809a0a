"""Arrays that wait on disk: memory does not grow with what is kept of every frame."""

from __future__ import annotations

import io
import tempfile
import threading
from collections.abc import Callable, Hashable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

Arrays = tuple[NDArray[Any], ...]


class Spool:
    """Arrays in a temporary file, by key.

    Use as a context manager; the file vanishes with it. Threads may read and write at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file = tempfile.TemporaryFile(prefix="focusstack-")  # noqa: SIM115
        self._places: dict[Hashable, list[tuple[int, tuple[int, ...], np.dtype[Any]]]] = {}
        self._end = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def put(self, key: Hashable, *arrays: NDArray[Any]) -> None:
        """Store `arrays`; what `key` stood for before is forgotten."""
        whole = [np.ascontiguousarray(array) for array in arrays]
        with self._lock:
            self._file.seek(self._end)
            places = []
            for array in whole:
                self._file.write(array.data)
                places.append((self._end, array.shape, array.dtype))
                self._end += array.nbytes
            self._places[key] = places

    def get(self, key: Hashable) -> Arrays:
        """Read what was stored under `key`.

        Raises
        ------
        KeyError
            If nothing was.
        """
        found = []
        for at, shape, dtype in self._places[key]:
            array = np.empty(shape, dtype)
            with self._lock:
                self._file.seek(at)
                cast(io.BufferedReader, self._file).readinto(array.data)
            found.append(array)
        return tuple(found)

    def kept(self, key: Hashable, make: Callable[[], Arrays]) -> Arrays:
        """Read what was stored under `key`, or make and store it."""
        if key not in self._places:
            made = make()
            self.put(key, *made)
            return made
        return self.get(key)
