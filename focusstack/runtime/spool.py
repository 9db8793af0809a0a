"""Arrays that wait until they are wanted again: in memory while there is room, then on disk.

Memory does not grow with what is kept of every frame.
"""

from __future__ import annotations

import io
import math
import tempfile
import threading
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from focusstack.runtime.files import output_errors

Arrays = tuple[NDArray[Any], ...]


class Spool:
    """Arrays by key.

    Use as a context manager; all vanish with it. Threads may read and write at once. What is
    kept in memory is handed out as it is, and cannot be written to.

    Parameters
    ----------
    room : int, optional
        Bytes that may be kept in memory; the rest lies in a temporary file.

    Raises
    ------
    OutputError
        If there can be none, or, from `put`, the disk has no room for it.
    """

    def __init__(self, room: int = 0) -> None:
        self._lock = threading.Lock()
        with _temporary():
            self._file = tempfile.TemporaryFile(prefix="focusstack-")  # noqa: SIM115
        self._places: dict[Hashable, list[tuple[int, tuple[int, ...], np.dtype[Any]]]] = {}
        self._end = 0
        self._room = room
        self._held: dict[Hashable, Arrays] = {}

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.clear()
        with suppress(OSError):  # of what is thrown away, nothing need reach the disk
            self._file.close()

    def put(self, key: Hashable, *arrays: NDArray[Any]) -> None:
        """Store `arrays`; what `key` stood for before is forgotten."""
        whole = tuple(_read_only(np.ascontiguousarray(array)) for array in arrays)
        size = sum(array.nbytes for array in whole)
        with self._lock:
            self._places.pop(key, None)
            self._room += sum(array.nbytes for array in self._held.pop(key, ()))
            if size <= self._room:
                self._room -= size
                self._held[key] = whole
            else:
                self._places[key] = self._written(whole)

    def _written(self, arrays: Arrays) -> list[tuple[int, tuple[int, ...], np.dtype[Any]]]:
        places, end = [], self._end
        with _temporary():
            self._file.seek(end)
            for array in arrays:
                self._file.write(array.data)
                places.append((end, array.shape, array.dtype))
                end += array.nbytes
            self._file.flush()
        self._end = end
        return places

    def get(self, key: Hashable) -> Arrays:
        """Return what was stored under `key`.

        Raises
        ------
        KeyError
            If nothing was.
        """
        with self._lock:
            held = self._held.get(key)
        if held is not None:
            return held
        found = []
        for at, shape, dtype in self._places[key]:
            array = np.empty(shape, dtype)
            with self._lock:
                self._file.seek(at)
                cast(io.BufferedReader, self._file).readinto(array.data)
            found.append(array)
        return tuple(found)

    def holds(self, key: Hashable) -> bool:
        """Whether something is stored under `key`."""
        with self._lock:
            return key in self._held or key in self._places

    def kept(self, key: Hashable, make: Callable[[], Arrays]) -> Arrays:
        """Return what was stored under `key`, or make and store it."""
        if self.holds(key):
            return self.get(key)
        made = tuple(_read_only(array) for array in make())
        self.put(key, *made)
        return made


class Apart(Spool):
    """Room of another spool for arrays whose keys are apart from all others.

    Parameters
    ----------
    spool : Spool
        Where they lie.
    name : hashable
        What sets their keys apart.
    """

    def __init__(self, spool: Spool, name: Hashable) -> None:
        self._spool, self._name = spool, name

    def put(self, key: Hashable, *arrays: NDArray[Any]) -> None:
        """Store `arrays`; what `key` stood for before is forgotten."""
        self._spool.put((self._name, key), *arrays)

    def get(self, key: Hashable) -> Arrays:
        """Return what was stored under `key`."""
        return self._spool.get((self._name, key))

    def holds(self, key: Hashable) -> bool:
        """Whether something is stored under `key`."""
        return self._spool.holds((self._name, key))

    def kept(self, key: Hashable, make: Callable[[], Arrays]) -> Arrays:
        """Return what was stored under `key`, or make and store it."""
        return self._spool.kept((self._name, key), make)


def _temporary() -> AbstractContextManager[None]:
    """Say what is the matter with the system's folder for temporary files."""
    remedy = "Free some space there, or set TMPDIR to a folder on another disk."
    return output_errors(Path(tempfile.gettempdir()), remedy)


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    """View of the array that nobody can write to by mistake."""
    view = array.view()
    view.flags.writeable = False
    return view


def as_bits(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A mask of zeros and ones in an eighth of the bytes."""
    return np.packbits(mask)


def from_bits(bits: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """The mask of `shape` again."""
    return np.unpackbits(bits, count=math.prod(shape)).reshape(shape)
