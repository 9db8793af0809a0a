"""Processes that work on stacks side by side, each on one at a time.

A process that dies takes nothing with it but the stack it was at. All of them end with the process
that started them, whatever ends it.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

from focusstack.runtime.cleanup import remove_all
from focusstack.shoot.workers import Workers

P = ParamSpec("P")
T = TypeVar("T")

INTERRUPTED = 130
"""Exit code of a process that is ended from outside."""


class Lanes(Workers):
    """An executor of so many processes, which outlives the death of any of them.

    Parameters
    ----------
    count : int
        Of the processes.
    """

    def __init__(self, count: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._free: list[_Lane] = []
        self._lanes: list[_Lane] = []
        self._count = count
        self._lock = threading.Lock()

    @property
    def room(self) -> int:
        """How many processes there are to be."""
        return self._count

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin a call in a process that has nothing to do.

        Raises
        ------
        RuntimeError
            If all are at work: they take no queue.
        """
        while True:
            with self._lock:
                lane = self._free.pop() if self._free else self._new()
            try:
                future = lane.pool.submit(fn, *args, **kwargs)
            except BrokenProcessPool:  # somebody ended it while it had nothing to do
                with self._lock:
                    self._lanes.remove(lane)
                lane.end()
                continue
            future.add_done_callback(partial(self._returned, lane))
            return future

    def _new(self) -> _Lane:
        if len(self._lanes) >= self._count:
            raise RuntimeError("all lanes are busy")
        lane = _Lane(self._context)
        self._lanes.append(lane)
        return lane

    def _returned(self, lane: _Lane, done: Future[Any]) -> None:
        """Take back a lane; this runs in its pool's own thread, which ends a broken pool by itself.

        From Python 3.12.1 on it holds a lock meanwhile that ending the pool from here would wait
        for, as would whoever ends a pool while holding the lock that is wanted here.
        """
        broken = not done.cancelled() and isinstance(done.exception(), BrokenProcessPool)
        with self._lock:
            if broken:
                self._lanes.remove(lane)
            else:
                self._free.append(lane)
        if broken:
            lane.close()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all processes; those at work at once, with what they have half done removed."""
        del wait, cancel_futures
        with self._lock:
            lanes = list(self._lanes)
        for lane in lanes:
            lane.end()


class _Lane:
    """A process that waits for work, and the end of a pipe by which it hears that all is over."""

    def __init__(self, context: multiprocessing.context.SpawnContext) -> None:
        self._reading, self._writing = context.Pipe(duplex=False)
        self.pool = ProcessPoolExecutor(
            1, mp_context=context, initializer=_begin, initargs=(self._reading,)
        )

    def close(self) -> None:
        """Let the process end, if it has not."""
        with suppress(OSError):
            self._writing.close()
        with suppress(OSError):
            self._reading.close()

    def end(self) -> None:
        """Let the process end, and its pool."""
        self.close()
        self.pool.shutdown(wait=False, cancel_futures=True)


def _begin(reading: Connection) -> None:
    """Make ready a process: signals are the starter's business, and libraries say nothing."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    logging.captureWarnings(capture=True)
    logging.getLogger().addHandler(logging.NullHandler())
    for library in ("tifffile", "matplotlib", "py.warnings"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    threading.Thread(target=_wait_for_end, args=(reading,), daemon=True).start()


def _wait_for_end(reading: Connection) -> None:
    """End the process once the starter is gone, or has had enough."""
    with suppress(EOFError, OSError):
        reading.recv_bytes()
    remove_all()
    os._exit(INTERRUPTED)
