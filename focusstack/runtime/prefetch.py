"""Reading the next frames while one is in use, in threads that end with the reading."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import Generic, Self, TypeVar, cast

T = TypeVar("T")


def prefetch(
    read: Callable[[int], T], indices: Iterable[int], ahead: int = 2, threads: int = 1
) -> Generator[T, None, None]:
    """Yield ``read(i)`` for each index in order, reading ahead in threads.

    Parameters
    ----------
    read : callable
        Called in a worker thread; what it raises is raised here in the place of its item.
    indices : iterable of int
        What to read.
    ahead : int
        Most results, finished or in the making, beside the one that has been yielded.
    threads : int
        Threads that read.

    Yields
    ------
    object
        Results in the order of `indices`. However the iteration ends, the threads have ended too
        once the generator is closed.
    """
    if ahead < 1 or threads < 1:
        raise ValueError("prefetch needs at least one worker and one item ahead")
    waiting: deque[Future[T]] = deque()
    source = iter(indices)
    with ThreadPoolExecutor(threads, thread_name_prefix="prefetch") as pool:
        try:
            waiting.extend(pool.submit(read, i) for i in islice(source, ahead))
            while waiting:
                found = [waiting.popleft().result()]
                waiting.extend(pool.submit(read, i) for i in islice(source, 1))
                yield found.pop()  # nothing of it is kept here
        finally:
            for future in waiting:
                future.cancel()


def one_ahead(items: Generator[T, None, None]) -> Generator[T, None, None]:
    """Yield what a generator yields, which makes the next item meanwhile, in a thread."""
    end = object()
    with closing(items), ThreadPoolExecutor(1, thread_name_prefix="prefetch") as pool:
        coming: Future[T | object] = pool.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, items, end)
            found = [cast(T, item)]
            del item
            yield found.pop()  # nothing of it is kept here


class Ahead(Generic[T]):
    """Reads the next of several items in a thread once it is told to; use as a context manager.

    Where an item is large, this leaves room for its successor only once it has been let go.

    Parameters
    ----------
    read : callable
        What it raises is raised by `take`.
    indices : iterable of int
        What to read, in this order.
    ahead : bool
        Whether to read in a thread at all, rather than when an item is taken.
    """

    def __init__(
        self, read: Callable[[int], T], indices: Iterable[int], ahead: bool = True
    ) -> None:
        self._read, self._left = read, deque(indices)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="prefetch") if ahead else None
        self._coming: Future[T] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def begin(self) -> None:
        """Begin to read the next item, if there is one."""
        if self._pool is not None and self._coming is None and self._left:
            self._coming = self._pool.submit(self._read, self._left.popleft())

    def take(self) -> T:
        """Return the next item; nothing of it is kept here."""
        if self._coming is None:
            return self._read(self._left.popleft())
        coming, self._coming = self._coming, None
        return coming.result()
