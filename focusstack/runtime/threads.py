"""Who uses the cores: frames side by side, not the libraries within one call.

Codecs and pyramids gain nothing from OpenCV's own threads, matrices of a stack's size nothing from
those of the linear algebra, and two levels of threads get in each other's way. Sums of products
would also come out differently on machines with more cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from typing import ParamSpec, Protocol, TypeVar

import cv2
from threadpoolctl import threadpool_limits

P = ParamSpec("P")
A = TypeVar("A")
B = TypeVar("B")


@contextmanager
def own_threads() -> Iterator[None]:
    """Keep OpenCV and BLAS to one thread a call, and give their settings back afterwards."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with threadpool_limits(1, "blas"):
            yield
    finally:
        cv2.setNumThreads(before)


class SideBySide(Protocol):
    """Does two things, at once if it can, and returns what both return."""

    def __call__(self, first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
        """Do `first` and `second`."""


def in_turn(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """Do two things one after the other."""
    return first(), second()


def at_once(
    pool: ThreadPoolExecutor, first: Callable[[], A], second: Callable[[], B]
) -> tuple[A, B]:
    """Do `second` in a thread of the pool while `first` is done here."""
    other = pool.submit(second)
    try:
        return first(), other.result()
    finally:
        wait([other])  # what it works on may not vanish beneath it


@contextmanager
def side_by_side(threads: int) -> Iterator[SideBySide]:
    """Do two things at once within the block, or in turn with fewer than two `threads`."""
    if threads < 2:
        yield in_turn
        return
    with ThreadPoolExecutor(1, thread_name_prefix="beside") as pool:
        yield partial(at_once, pool)


class Background:
    """A thread that does one thing at a time beside the caller; use as a context manager."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="background")
        self._last: Future[object] | None = None

    def __enter__(self) -> Background:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def run(self, action: Callable[P, object], /, *arguments: P.args, **keywords: P.kwargs) -> None:
        """Begin `action`, once the one before has ended."""
        self.wait()
        self._last = self._pool.submit(action, *arguments, **keywords)

    def wait(self) -> None:
        """Wait until nothing is being done; raise here what was raised there."""
        if self._last is not None:
            last, self._last = self._last, None
            last.result()
