"""Reading the next frames while one is in use, in threads that end with the reading."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def prefetch(
    read: Callable[[int], T], indices: Iterable[int], ahead: int = 2, workers: int = 1
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
    workers : int
        Threads that read.

    Yields
    ------
    object
        Results in the order of `indices`. However the iteration ends, the threads have ended too
        once the generator is closed.
    """
    if ahead < 1 or workers < 1:
        raise ValueError("prefetch needs at least one worker and one item ahead")
    waiting: deque[Future[T]] = deque()
    source = iter(indices)
    with ThreadPoolExecutor(workers, thread_name_prefix="prefetch") as pool:
        try:
            waiting.extend(pool.submit(read, i) for i in islice(source, ahead))
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(read, i) for i in islice(source, 1))
                yield result
                del result
        finally:
            for future in waiting:
                future.cancel()
