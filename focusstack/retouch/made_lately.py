"""What was made lately and may be wanted again, up to so many bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """What was made lately, up to so many bytes; what was not used longest goes first.

    Who asks for what somebody else is just making waits for that.

    Parameters
    ----------
    most : int
        Bytes.
    size : callable
        Bytes of what is kept.

    Examples
    --------
    >>> kept = Kept[bytes](6, len)
    >>> kept.get("a", lambda: b"once"), kept.get("a", lambda: b"twice")
    (b'once', b'once')
    >>> kept.get("b", lambda: b"more"), kept.get("a", lambda: b"anew")
    (b'more', b'anew')
    """

    def __init__(self, most: int, size: Callable[[T], int]) -> None:
        self._most, self._size = most, size
        self._held: OrderedDict[Hashable, T] = OrderedDict()
        self._making: dict[Hashable, threading.Event] = {}
        self._lock = threading.Lock()
        self._bytes = 0

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under `key`, or make it."""
        while True:
            with self._lock:
                if key in self._held:
                    self._held.move_to_end(key)
                    return self._held[key]
                waiting = self._making.get(key)
                if waiting is None:
                    self._making[key] = threading.Event()
                    break
            waiting.wait()
        try:
            made = make()
            self._keep(key, made)
        finally:
            with self._lock:
                self._making.pop(key).set()
        return made

    def _keep(self, key: Hashable, made: T) -> None:
        with self._lock:
            self._held[key] = made
            self._bytes += self._size(made)
            while self._bytes > self._most and len(self._held) > 1:
                _, gone = self._held.popitem(last=False)
                self._bytes -= self._size(gone)
